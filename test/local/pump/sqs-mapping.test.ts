import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { SqsMapping } from '#local/pump/sqs-mapping.ts';
import type { MappingSpec } from '#local/template.ts';
import { type EmulatedPump, mappingOf, type ScriptedFunction, startEmulatedPump, until } from '../emulated-pump.ts';

let pump: EmulatedPump;
const mappings: SqsMapping[] = [];
beforeAll(async () => {
  pump = await startEmulatedPump();
});
afterEach(async () => {
  vi.useRealTimers();
  await Promise.all(mappings.splice(0).map((mapping) => mapping.stop()));
});
afterAll(() => pump.stop());

const arnOf = (queue: string): string => `arn:aws:sqs:us-east-1:000000000000:${queue}`;

function start(queue: string, created: ScriptedFunction, spec: Partial<MappingSpec> = {}, concurrency = 1): SqsMapping {
  const mapping = new SqsMapping(mappingOf({ eventSourceArn: arnOf(queue), batchSize: 10, ...spec }), {
    clients: pump.clients,
    invoke: (event) => created.invoke(event, 0),
    concurrency,
    onProgress: () => undefined,
    onError: (error) => {
      throw error;
    },
  });
  mappings.push(mapping);
  return mapping;
}

async function left(queue: string): Promise<number> {
  const depth = (await pump.emulators.sqs.depths()).get(queue);
  return (depth?.visible ?? 0) + (depth?.inFlight ?? 0) + (depth?.delayed ?? 0);
}

const words = (created: ScriptedFunction): string[] => created.seen.map((invocation) => invocation.words.join(' '));

describe('a queue mapping', () => {
  test('hands over messages as AWS documents them and deletes them on success', async () => {
    const queue = await pump.newQueue();
    const messageId = await pump.send(queue, 'ok', 'ibs:ES', 'dedup-1');
    const created = pump.scripted();
    start(queue, created);
    await until('the queue is empty', async () => (await left(queue)) === 0);
    const [record] = created.seen[0]?.event.Records ?? [];
    const digits = expect.stringMatching(/^\d{13}$/);
    expect(record).toEqual({
      messageId,
      receiptHandle: expect.any(String),
      body: 'ok',
      attributes: {
        ApproximateReceiveCount: '1',
        SentTimestamp: digits,
        SenderId: expect.any(String),
        ApproximateFirstReceiveTimestamp: digits,
        SequenceNumber: expect.stringMatching(/^\d{20}$/),
        MessageGroupId: 'ibs:ES',
        MessageDeduplicationId: 'dedup-1',
      },
      messageAttributes: {},
      md5OfBody: expect.stringMatching(/^[0-9a-f]{32}$/),
      eventSource: 'aws:sqs',
      eventSourceARN: arnOf(queue),
      awsRegion: 'us-east-1',
    });
  });

  test.each([
    ['throw', 'a throw'],
    ['fail', 'a message that is named'],
    ['return:{"foo":[]}', 'another key'],
    ['return:{"batchItemFailures":[{"itemIdentifier":"unknown"}]}', 'an unknown identifier'],
  ])('leaves the message alone after %s', async (word) => {
    const queue = await pump.newQueue();
    await pump.send(queue, word);
    const created = pump.scripted();
    start(queue, created);
    await until('it was tried', () => created.seen.length === 1);
    await pump.send(queue, 'ok', 'another group');
    await until('another group goes on', () => created.seen.length === 2);
    await until('only the failed one is left', async () => (await left(queue)) === 1);
    expect((await pump.emulators.sqs.depths()).get(queue)?.inFlight).toBe(1);
  });

  test('ignores the body when the mapping does not report failures', async () => {
    const queue = await pump.newQueue();
    await pump.send(queue, 'fail');
    const created = pump.scripted();
    start(queue, created, { reportBatchItemFailures: false });
    await until('the queue is empty', async () => created.seen.length === 1 && (await left(queue)) === 0);
  });

  test('a failed head holds its group for the whole visibility timeout; its count is a string', async () => {
    const queue = await pump.newQueue({ VisibilityTimeout: '1' });
    await pump.send(queue, 'throw head', 'a');
    await pump.send(queue, 'ok follower', 'a');
    await pump.send(queue, 'ok other', 'b');
    const created = pump.scripted();
    const mapping = start(queue, created, { batchSize: 1 });
    await until('head and other group were tried', () => created.seen.length === 2);
    expect(words(created)).toEqual(['throw head', 'ok other']);
    await until('the head came back', () => created.seen.length === 3);
    expect(created.seen[2]?.event.Records[0]).toMatchObject({
      body: 'throw head',
      attributes: { ApproximateReceiveCount: '2' },
    });
    await mapping.stop();
    expect(words(created)).not.toContain('ok follower');
  });

  test('an equal id within five minutes is accepted and not delivered, even after the first was deleted', async () => {
    const queue = await pump.newQueue();
    const created = pump.scripted();
    const sentMs = Date.now();
    const sendAt = (afterMs: number): Promise<string> => {
      vi.useFakeTimers({ now: sentMs + afterMs, toFake: ['Date'] });
      return pump.send(queue, 'ok', 'g', 'same-id');
    };
    await sendAt(0);
    start(queue, created);
    await until('the first is gone', async () => created.seen.length === 1 && (await left(queue)) === 0);
    await sendAt(4 * 60_000 + 59_000);
    expect(await left(queue)).toBe(0);
    await sendAt(5 * 60_000 + 1000);
    await until('the late one was delivered', () => created.seen.length === 2);
  });

  test('a message received too often moves away at its next receive, and the next of its group overtakes it', async () => {
    const dead = await pump.newQueue();
    const redrive = JSON.stringify({ deadLetterTargetArn: arnOf(dead), maxReceiveCount: 2 });
    const queue = await pump.newQueue({ VisibilityTimeout: '1', RedrivePolicy: redrive });
    const poison = await pump.send(queue, 'throw', 'a');
    await pump.send(queue, 'ok behind', 'a');
    const created = pump.scripted();
    start(queue, created, { batchSize: 1 });
    await until('the queue is empty', async () => (await left(queue)) === 0);
    expect(words(created)).toEqual(['throw', 'throw', 'ok behind']);
    expect((await pump.messages(dead)).map(({ messageId, body }) => ({ messageId, body }))).toEqual([
      { messageId: poison, body: 'throw' },
    ]);
  });

  test('groups are worked on at once when more environments are allowed, one batch of a group at a time', async () => {
    const queue = await pump.newQueue();
    const created = pump.scripted({ timeoutMs: 400, reservedConcurrency: 2 });
    for (const word of ['hang first', 'ok second']) await pump.send(queue, word, 'a');
    await pump.send(queue, 'ok other', 'b');
    start(queue, created, { batchSize: 1 }, 2);
    await until('the other group is through', () => words(created).includes('ok other'));
    expect(words(created)).not.toContain('ok second');
  });
});
