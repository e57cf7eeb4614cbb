import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import { SSMClient } from '@aws-sdk/client-ssm';
import { NodeHttpHandler } from '@smithy/node-http-handler';

/** Connection settings that keep a function inside its own timeout: nothing here waits without end. */
const limits = {
  maxAttempts: 3,
  requestHandler: new NodeHttpHandler({ connectionTimeout: 500, requestTimeout: 2_000, throwOnRequestTimeout: true }),
};

/** A client for SQS; the endpoint comes from the SDK's own environment variables. */
export function sqsClient(): SQSClient {
  return new SQSClient(limits);
}

/** A client for SSM parameters. */
export function ssmClient(): SSMClient {
  return new SSMClient(limits);
}

/** A client for Secrets Manager. */
export function secretsClient(): SecretsManagerClient {
  return new SecretsManagerClient(limits);
}
