import { CreateStreamCommand, PutRecordCommand, waitUntilStreamExists } from '@aws-sdk/client-kinesis';
import { CreateQueueCommand, ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { createClients, type LocalClients } from '#local/emulators/clients.ts';
import { awsEnvironment, type Emulators, startEmulators } from '#local/emulators/emulators.ts';
import { createLocalFunction, type LocalFunction } from '#local/local-function.ts';
import type { FunctionSpec, MappingSpec } from '#local/template.ts';

/** What the scripted function prints for each invocation. */
export interface SeenInvocation {
  readonly words: readonly string[];
  readonly invocations: number;
  readonly started: number;
  readonly now: number;
  // biome-ignore lint/suspicious/noExplicitAny: events are compared field by field with what AWS documents.
  readonly event: any;
  readonly environment: Readonly<Record<string, string>>;
}

/** The scripted function in a worker of its own, and everything it was given. */
export interface ScriptedFunction extends LocalFunction {
  readonly seen: SeenInvocation[];
}

/** Emulators with the few verbs that tests of the pump need. */
export interface EmulatedPump {
  readonly emulators: Emulators;
  readonly clients: LocalClients;
  newStream(): Promise<string>;
  put(stream: string, word: string): Promise<string>;
  newQueue(attributes?: Record<string, string>, fifo?: boolean): Promise<string>;
  send(queue: string, body: string, group?: string, deduplicationId?: string): Promise<string>;
  messages(queue: string): Promise<{ body: string; messageId: string; attributes: Record<string, string> }[]>;
  scripted(change?: Partial<FunctionSpec>): ScriptedFunction;
  stop(): Promise<void>;
}

let names = 0;

/** Starts the emulators; stop them when the tests are over. */
export async function startEmulatedPump(): Promise<EmulatedPump> {
  const emulators = await startEmulators();
  const clients = createClients(emulators.endpoints);
  const functions: LocalFunction[] = [];
  return {
    emulators,
    clients,
    async newStream() {
      names += 1;
      const StreamName = `stream-${names}`;
      await clients.kinesis.send(new CreateStreamCommand({ StreamName, ShardCount: 1 }));
      await waitUntilStreamExists(
        { client: clients.kinesis, maxWaitTime: 10, minDelay: 0.02, maxDelay: 0.1 },
        { StreamName },
      );
      return StreamName;
    },
    async put(stream, word) {
      const { SequenceNumber = '' } = await clients.kinesis.send(
        new PutRecordCommand({ StreamName: stream, PartitionKey: 'slices', Data: Buffer.from(word) }),
      );
      return SequenceNumber;
    },
    async newQueue(attributes = {}, fifo = true) {
      names += 1;
      const QueueName = fifo ? `queue-${names}.fifo` : `queue-${names}`;
      await clients.sqs.send(
        new CreateQueueCommand({ QueueName, Attributes: { ...(fifo && { FifoQueue: 'true' }), ...attributes } }),
      );
      return QueueName;
    },
    async send(queue, body, group = 'g', deduplicationId = body) {
      const { MessageId = '' } = await clients.sqs.send(
        new SendMessageCommand({
          QueueUrl: queue,
          MessageBody: body,
          MessageGroupId: group,
          MessageDeduplicationId: deduplicationId,
        }),
      );
      return MessageId;
    },
    async messages(queue) {
      const { Messages = [] } = await clients.sqs.send(
        new ReceiveMessageCommand({
          QueueUrl: queue,
          MaxNumberOfMessages: 10,
          VisibilityTimeout: 0,
          MessageSystemAttributeNames: ['All'],
        }),
      );
      return Messages.map(({ Body = '', MessageId = '', Attributes = {} }) => ({
        body: Body,
        messageId: MessageId,
        attributes: Attributes,
      }));
    },
    scripted(change = {}) {
      const created = scriptedFunction(awsEnvironment(emulators.endpoints), change);
      functions.push(created);
      return created;
    },
    async stop() {
      await Promise.all(functions.map((created) => created.terminate()));
      clients.destroy();
      await emulators.stop();
    },
  };
}

/** The scripted function without any emulator behind it. */
export function scriptedFunction(
  environment: Readonly<Record<string, string>>,
  change: Partial<FunctionSpec> = {},
): ScriptedFunction {
  const spec: FunctionSpec = {
    name: 'scripted',
    arn: 'arn:aws:lambda:us-east-1:000000000000:function:scripted',
    entry: 'test/local/fixtures/scripted/handler.ts',
    timeoutMs: 5000,
    memoryMb: 256,
    environment: {},
    reservedConcurrency: null,
    ...change,
  };
  const seen: SeenInvocation[] = [];
  const created = createLocalFunction({
    spec,
    rootFolder: process.cwd(),
    environment: { ...environment, ...spec.environment },
    onOutput: (text) => {
      for (const line of text.split('\n'))
        if (line.startsWith('{"words"')) seen.push(JSON.parse(line) as SeenInvocation);
    },
  });
  return { ...created, seen };
}

/** A mapping with Lambda's own defaults for everything that is not said. */
export function mappingOf(change: Partial<MappingSpec>): MappingSpec {
  return {
    id: 'mapping',
    functionName: 'scripted',
    eventSourceArn: '',
    enabled: true,
    batchSize: 100,
    reportBatchItemFailures: true,
    startingPosition: 'TRIM_HORIZON',
    bisect: false,
    retriesMax: -1,
    recordAgeMaxMs: -1,
    onFailureArn: null,
    concurrencyMax: null,
    ...change,
  };
}

/** Waits until something is true, looking every few milliseconds; rejects after 15 s, naming it. */
export async function until(what: string, isTrue: () => boolean | Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + 15_000;
  while (!(await isTrue())) {
    if (performance.now() > deadlineMs) throw new Error(`waited 15 s in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
