import { devNull } from 'node:os';
import { type DynamoDbEmulator, startDynamoDb } from './dynamodb.ts';
import { type KinesisEmulator, startKinesis } from './kinesis.ts';
import { type SecretsStandIn, startSecrets } from './secrets.ts';
import { type SqsEmulator, startSqs } from './sqs.ts';
import { type SsmStandIn, startSsm } from './ssm.ts';

/** Account number of everything local. */
export const LOCAL_ACCOUNT = '000000000000';
/** Region of everything local. */
export const LOCAL_REGION = 'us-east-1';

/** Addresses of the five services the system uses. */
export interface AwsEndpoints {
  readonly kinesis: string;
  readonly dynamodb: string;
  readonly sqs: string;
  readonly ssm: string;
  readonly secretsManager: string;
}

/** The five services, running on this machine with nothing in them. */
export interface Emulators {
  readonly endpoints: AwsEndpoints;
  readonly kinesis: KinesisEmulator;
  readonly dynamodb: DynamoDbEmulator;
  readonly sqs: SqsEmulator;
  readonly ssm: SsmStandIn;
  readonly secrets: SecretsStandIn;
  stop(): Promise<void>;
}

/** Starts all five at once; when one fails, the others are stopped again. `clock` dates parameters and secrets. */
export async function startEmulators(clock: () => number = Date.now): Promise<Emulators> {
  const starting = [startKinesis(), startDynamoDb(), startSqs(), startSsm(clock), startSecrets(clock)] as const;
  const started = await Promise.allSettled(starting);
  const failed = started.find((result) => result.status === 'rejected');
  if (failed) {
    await Promise.all(started.map((result) => (result.status === 'fulfilled' ? result.value.stop() : undefined)));
    throw failed.reason;
  }
  const [kinesis, dynamodb, sqs, ssm, secrets] = await Promise.all(starting);
  return {
    endpoints: {
      kinesis: kinesis.endpoint,
      dynamodb: dynamodb.endpoint,
      sqs: sqs.endpoint,
      ssm: ssm.endpoint,
      secretsManager: secrets.endpoint,
    },
    kinesis,
    dynamodb,
    sqs,
    ssm,
    secrets,
    async stop() {
      await Promise.all([kinesis, dynamodb, sqs, ssm, secrets].map((service) => service.stop()));
    },
  };
}

/** What the SDK's own settings look like to a process or thread that must reach the emulators and nothing else. */
export function awsEnvironment(endpoints: AwsEndpoints): Record<string, string> {
  return {
    AWS_REGION: LOCAL_REGION,
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    // The files of the person at the keyboard could name real endpoints or profiles.
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_ENDPOINT_URL_KINESIS: endpoints.kinesis,
    AWS_ENDPOINT_URL_DYNAMODB: endpoints.dynamodb,
    AWS_ENDPOINT_URL_SQS: endpoints.sqs,
    AWS_ENDPOINT_URL_SSM: endpoints.ssm,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: endpoints.secretsManager,
  };
}
