import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KinesisClient } from '@aws-sdk/client-kinesis';
import { SQSClient } from '@aws-sdk/client-sqs';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { type AwsEndpoints, LOCAL_REGION } from './emulators.ts';

/** SDK clients of the supervisor itself, which must never look at the environment of the person at the keyboard. */
export interface LocalClients {
  readonly kinesis: KinesisClient;
  readonly dynamodb: DynamoDBClient;
  readonly sqs: SQSClient;
  destroy(): void;
}

/** Clients for the emulators; Kinesis over HTTP/1.1, because the emulator answers the SDK's HTTP/2 unreliably. */
export function createClients(endpoints: AwsEndpoints): LocalClients {
  const settings = { region: LOCAL_REGION, credentials: { accessKeyId: 'local', secretAccessKey: 'local' } };
  const kinesis = new KinesisClient({
    ...settings,
    endpoint: endpoints.kinesis,
    requestHandler: new NodeHttpHandler({ connectionTimeout: 2000 }),
  });
  const dynamodb = new DynamoDBClient({ ...settings, endpoint: endpoints.dynamodb });
  const sqs = new SQSClient({ ...settings, endpoint: endpoints.sqs, requestHandler: new NodeHttpHandler({}) });
  return {
    kinesis,
    dynamodb,
    sqs,
    destroy() {
      for (const client of [kinesis, dynamodb, sqs]) client.destroy();
    },
  };
}
