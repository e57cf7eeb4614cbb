import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  type Message,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { type FauxqsServer, startFauxqs } from 'fauxqs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { memoryIntentQueue } from '#adapters/memory/intent-queue.ts';
import { sqsIntentQueue } from '#adapters/sqs/intent-queue.ts';
import type { Intent } from '#core/trading/intent.ts';
import { decodeIntent } from '#core/trading/intent-message.ts';
import { localSettings } from './dynamodb/emulated-table.ts';
import { anIntent, intentQueueContract } from './intent-queue-contract.ts';

intentQueueContract('memory', async () => {
  let nowMs = 0;
  const queue = memoryIntentQueue({ now: () => nowMs });
  return {
    queue,
    async drain() {
      const taken: Intent[] = [];
      for (let intent = queue.take(); intent !== undefined; intent = queue.take()) taken.push(intent);
      return taken;
    },
    pass(timeMs) {
      nowMs += timeMs;
    },
  };
});

describe('over an emulator in this process', () => {
  let server: FauxqsServer;
  let client: SQSClient;
  let count = 0;
  beforeAll(async () => {
    server = await startFauxqs({ port: 0, host: '127.0.0.1', logger: false });
    client = new SQSClient({ endpoint: `http://127.0.0.1:${server.port}`, ...localSettings });
  });
  afterAll(async () => {
    client.destroy();
    await server.stop();
  });
  // Only the date is faked: five minutes pass for the emulator, and its sockets go on as ever.
  beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }));
  afterEach(() => void vi.useRealTimers());

  function makeQueue(): { queueUrl: string; receive: () => Promise<Message | undefined> } {
    count += 1;
    const { queueUrl } = server.createQueue(`intents-${count}.fifo`, { attributes: { FifoQueue: 'true' } });
    const receive = async (): Promise<Message | undefined> =>
      (await client.send(new ReceiveMessageCommand({ QueueUrl: queueUrl, WaitTimeSeconds: 0 }))).Messages?.[0];
    return { queueUrl, receive };
  }

  intentQueueContract('SQS', async () => {
    const { queueUrl, receive } = makeQueue();
    return {
      queue: sqsIntentQueue({ client, queueUrl }),
      async drain() {
        const taken: Intent[] = [];
        for (let message = await receive(); message !== undefined; message = await receive()) {
          taken.push(decodeIntent(message.Body ?? '', 'the emulator'));
          await client.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle: message.ReceiptHandle }));
        }
        return taken;
      },
      pass: (timeMs) => void vi.setSystemTime(Date.now() + timeMs),
    };
  });

  test('a message under way holds up its own lane and no other, and comes again before what follows it', async () => {
    const { queueUrl, receive } = makeQueue();
    const exit = anIntent({ id: 'ibs:ES:1:exit:1', kind: 'exit', expiresAtMs: null });
    const other = anIntent({ id: 'ibs:NQ:1:exit:1', root: 'NQ', kind: 'exit', expiresAtMs: null });
    await sqsIntentQueue({ client, queueUrl }).publish([anIntent(), exit, other]);
    const idOf = (message: Message | undefined): string => decodeIntent(message?.Body ?? '', 'the emulator').id;
    const entryMessage = await receive();
    expect(idOf(entryMessage)).toBe(anIntent().id);
    expect(idOf(await receive())).toBe(other.id);
    expect(await receive()).toBeUndefined();
    const { ReceiptHandle } = entryMessage ?? {};
    await client.send(new ChangeMessageVisibilityCommand({ QueueUrl: queueUrl, ReceiptHandle, VisibilityTimeout: 0 }));
    expect(idOf(await receive())).toBe(anIntent().id);
  });
});
