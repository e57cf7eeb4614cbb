import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { NodeHttpHandler } from '@smithy/node-http-handler';

const CONNECTION_TIMEOUT_MS = 300;
const REQUEST_TIMEOUT_MS = 2_000;
const ATTEMPTS_MAX = 4;

/**
 * A DynamoDB client that gives up: without these limits the SDK waits for a dead socket for ever. Region, credentials and
 * endpoint come from the environment, as the SDK reads it, unless given.
 */
export function dynamoClient(overrides: DynamoDBClientConfig = {}): DynamoDBClient {
  return new DynamoDBClient({
    maxAttempts: ATTEMPTS_MAX,
    requestHandler: new NodeHttpHandler({
      connectionTimeout: CONNECTION_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      throwOnRequestTimeout: true,
    }),
    ...overrides,
  });
}
