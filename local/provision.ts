import { CreateTableCommand } from '@aws-sdk/client-dynamodb';
import { CreateStreamCommand, waitUntilStreamExists } from '@aws-sdk/client-kinesis';
import { CreateQueueCommand } from '@aws-sdk/client-sqs';
import { contractError } from '#core/errors.ts';
import type { LocalClients } from './emulators/clients.ts';
import type { SsmStandIn } from './emulators/ssm.ts';
import type { LocalStack, ParameterSpec, QueueSpec, StreamSpec, TableSpec } from './template.ts';

/** Creates everything the template names in empty emulators: tables, queues, streams and parameters. */
export async function provision(stack: LocalStack, clients: LocalClients, ssm: SsmStandIn): Promise<void> {
  for (const parameter of stack.parameters) createParameter(parameter, ssm);
  await Promise.all([
    ...stack.tables.map((table) => createTable(table, clients)),
    ...stack.streams.map((stream) => createStream(stream, clients)),
    createQueues(stack.queues, clients),
  ]);
}

function createParameter({ name, Type, Value, AllowedPattern }: ParameterSpec, ssm: SsmStandIn): void {
  ssm.put({ name, type: Type, value: Value, allowedPattern: AllowedPattern ?? null });
}

async function createTable({ name, ...table }: TableSpec, { dynamodb }: LocalClients): Promise<void> {
  await dynamodb.send(new CreateTableCommand({ TableName: name, BillingMode: 'PAY_PER_REQUEST', ...table }));
}

async function createStream({ name, shardCount }: StreamSpec, { kinesis }: LocalClients): Promise<void> {
  await kinesis.send(new CreateStreamCommand({ StreamName: name, ShardCount: shardCount }));
  await waitUntilStreamExists(
    { client: kinesis, maxWaitTime: 10, minDelay: 0.02, maxDelay: 0.1 },
    { StreamName: name },
  );
}

/** A queue whose dead-letter queue is not there is refused, as by AWS, so the targets come first. */
async function createQueues(queues: readonly QueueSpec[], { sqs }: LocalClients): Promise<void> {
  const targets = new Set(queues.map(({ RedrivePolicy }) => RedrivePolicy?.deadLetterTargetArn));
  const missing = [...targets].find((arn) => arn !== undefined && !queues.some((queue) => queue.arn === arn));
  if (missing) throw contractError(`template: ${missing} is a dead-letter queue that the template does not define`);
  const create = ({ name, arn, ...attributes }: QueueSpec): Promise<unknown> =>
    sqs.send(new CreateQueueCommand({ QueueName: name, Attributes: asText(attributes) }));
  await Promise.all(queues.filter(({ arn }) => targets.has(arn)).map(create));
  await Promise.all(queues.filter(({ arn }) => !targets.has(arn)).map(create));
}

function asText(attributes: object): Record<string, string> {
  const entries = Object.entries(attributes).filter(([, value]) => value !== undefined);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, typeof value === 'object' ? JSON.stringify(value) : String(value)]),
  );
}
