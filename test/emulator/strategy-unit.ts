import { fileURLToPath } from 'node:url';
import { CreateTableCommand } from '@aws-sdk/client-dynamodb';
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueUrlCommand,
  type Message,
  ReceiveMessageCommand,
} from '@aws-sdk/client-sqs';
import { dynamoBarHistory } from '#adapters/dynamodb/bar-history.ts';
import { dynamoLedger } from '#adapters/dynamodb/ledger.ts';
import { dynamoSliceLog } from '#adapters/dynamodb/slice-log.ts';
import { encodeSlice, type Slice } from '#core/market/slice.ts';
import type { BarHistory, Ledger, SliceLog } from '#core/ports.ts';
import { createClients } from '#local/emulators/clients.ts';
import { startDynamoDb } from '#local/emulators/dynamodb.ts';
import { awsEnvironment } from '#local/emulators/emulators.ts';
import { startSecrets } from '#local/emulators/secrets.ts';
import { startSqs } from '#local/emulators/sqs.ts';
import { startSsm } from '#local/emulators/ssm.ts';
import { createLocalFunction, type LocalFunction } from '#local/local-function.ts';
import { kinesisEvent } from '#local/pump/kinesis-event.ts';
import { sqsEvent } from '#local/pump/sqs-event.ts';
import { type Sandbox, startSandbox } from '#local/sandbox/server.ts';
import type { Invocation } from '#local/worker-host.ts';
import { type InterceptingProxy, startProxy } from './intercepting-proxy.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const MODES = { global: '/rooney/dev/mode/global', own: '/rooney/dev/mode/ibs-es' };
/** How long a message stays hidden from the next receive, seconds: an hour's wait for a test made short. */
const VISIBILITY_S = 1;

/** One strategy's two functions, each in a worker thread, on emulators whose wires can be cut. */
export interface UnitUnderTest {
  readonly ledger: Ledger;
  readonly history: BarHistory;
  readonly sliceLog: SliceLog;
  readonly sandbox: Sandbox;
  readonly strategy: LocalFunction;
  readonly execution: LocalFunction;
  /** The wire from the functions to DynamoDB and to SQS. */
  readonly wires: { readonly dynamodb: InterceptingProxy; readonly sqs: InterceptingProxy };
  /** Called with every request that the sandbox has acted on, before it is answered. */
  onSignal: () => void;
  /** Delivers slices to the strategy function as one Kinesis batch. */
  deliver(...slices: Slice[]): Promise<Invocation>;
  /** Messages that the queue would hand out now; they stay hidden for a second. */
  receive(): Promise<Message[]>;
  /** Hands one message to the execution function and deletes it when the function says so. */
  execute(message: Message, nowMs: number): Promise<Invocation>;
  setMode(scope: keyof typeof MODES, mode: string): void;
  stop(): Promise<void>;
}

/** Starts strategy `ibs-es` of the dev configuration, in mode RUN, with nothing in its tables. */
export async function startUnit(): Promise<UnitUnderTest> {
  const [dynamodb, sqs, ssm, secrets] = await Promise.all([
    startDynamoDb(),
    startSqs(),
    startSsm(() => 1_000),
    startSecrets(() => 1_000),
  ]);
  const unit: { onSignal: () => void } = { onSignal: () => undefined };
  const sandbox = await startSandbox({ port: 0, clock: { now: () => 0 }, onReceived: () => unit.onSignal() });
  secrets.put('webhook', sandbox.url);
  for (const name of Object.values(MODES)) ssm.put({ name, type: 'String', value: 'RUN', allowedPattern: null });
  const wires = { dynamodb: await startProxy(dynamodb.endpoint), sqs: await startProxy(sqs.endpoint) };
  const endpoints = {
    kinesis: '',
    dynamodb: dynamodb.endpoint,
    sqs: sqs.endpoint,
    ssm: ssm.endpoint,
    secretsManager: secrets.endpoint,
  };
  const clients = createClients(endpoints);
  for (const TableName of ['bars', 'ledger'])
    await clients.dynamodb.send(new CreateTableCommand({ TableName, ...keys }));
  const QueueName = 'intents.fifo';
  const Attributes = { FifoQueue: 'true', VisibilityTimeout: String(VISIBILITY_S) };
  await clients.sqs.send(new CreateQueueCommand({ QueueName, Attributes }));
  const { QueueUrl } = await clients.sqs.send(new GetQueueUrlCommand({ QueueName }));
  const aws = awsEnvironment({ ...endpoints, dynamodb: wires.dynamodb.endpoint, sqs: wires.sqs.endpoint });
  // The SDK sends to the host of the queue's address, so the address has to lead over the wire.
  const queueUrl = `${wires.sqs.endpoint}${new URL(QueueUrl ?? '').pathname}`;
  const shared = {
    ...aws,
    ENVIRONMENT: 'dev',
    STRATEGY_ID: 'ibs-es',
    LEDGER_TABLE: 'ledger',
    INTENT_QUEUE_URL: queueUrl,
  };
  const strategy = localFunction('strategy', {
    ...shared,
    CONFIG_FILE: `${root}config/dev.yml`,
    MODELS_DIR: `${root}models`,
    BAR_TABLE: 'bars',
    GLOBAL_MODE_PARAMETER: MODES.global,
    STRATEGY_MODE_PARAMETER: MODES.own,
  });
  const execution = localFunction('execution', { ...shared, ROUTE: 'sandbox', WEBHOOK_SECRET_NAME: 'webhook' });
  const bars = { client: clients.dynamodb, tableName: 'bars' };
  const sliceLog = dynamoSliceLog(bars);
  let sequence = 0;

  return Object.assign(unit, {
    ledger: dynamoLedger({ client: clients.dynamodb, tableName: 'ledger' }),
    history: dynamoBarHistory({ ...bars, sliceLog }),
    sliceLog,
    sandbox,
    strategy,
    execution,
    wires,
    deliver(...slices: Slice[]) {
      const batch = slices.map((slice) => ({
        sequenceNumber: String(++sequence),
        partitionKey: 'slices',
        content: Buffer.from(encodeSlice(slice)).toString('base64'),
        arrivedMs: slice.closeTimeMs,
      }));
      const source = { eventSourceArn: 'arn:stream', streamArn: 'arn:stream', shardId: 'shardId-000000000000' };
      return strategy.invoke(kinesisEvent(batch, source), slices.at(-1)?.closeTimeMs ?? 0);
    },
    async receive() {
      const { Messages } = await clients.sqs.send(
        new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, MessageSystemAttributeNames: ['All'] }),
      );
      return Messages ?? [];
    },
    async execute(message: Message, nowMs: number) {
      const invocation = await execution.invoke(sqsEvent([message], 'arn:queue'), nowMs);
      const { ReceiptHandle } = message;
      const done = { status: 'returned', payload: { batchItemFailures: [] } };
      if (JSON.stringify(invocation) === JSON.stringify(done)) {
        await clients.sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
      }
      return invocation;
    },
    setMode: (scope: keyof typeof MODES, mode: string) => void ssm.setValue(MODES[scope], mode),
    async stop() {
      await Promise.all([strategy.terminate(), execution.terminate()]);
      clients.destroy();
      await Promise.all([wires.dynamodb, wires.sqs, dynamodb, sqs, ssm, secrets].map((one) => one.stop()));
      await sandbox.close();
    },
  });
}

const keys = {
  BillingMode: 'PAY_PER_REQUEST' as const,
  KeySchema: [
    { AttributeName: 'pk', KeyType: 'HASH' as const },
    { AttributeName: 'sk', KeyType: 'RANGE' as const },
  ],
  AttributeDefinitions: [
    { AttributeName: 'pk', AttributeType: 'S' as const },
    { AttributeName: 'sk', AttributeType: 'S' as const },
  ],
};

function localFunction(name: 'strategy' | 'execution', environment: Record<string, string>): LocalFunction {
  const entry = `functions/${name}/handler.ts`;
  const spec = {
    name,
    arn: `arn:${name}`,
    entry,
    timeoutMs: 20_000,
    memoryMb: 512,
    environment,
    reservedConcurrency: null,
  };
  return createLocalFunction({ spec, rootFolder: root, environment, onOutput: () => undefined });
}
