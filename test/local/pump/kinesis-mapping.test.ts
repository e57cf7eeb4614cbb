import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { KinesisMapping, type KinesisMappingPorts } from '#local/pump/kinesis-mapping.ts';
import { ReadLimit } from '#local/pump/read-limit.ts';
import type { MappingSpec } from '#local/template.ts';
import { type EmulatedPump, mappingOf, type ScriptedFunction, startEmulatedPump, until } from '../emulated-pump.ts';

let pump: EmulatedPump;
const mappings: KinesisMapping[] = [];
beforeAll(async () => {
  pump = await startEmulatedPump();
});
afterEach(async () => {
  await Promise.all(mappings.splice(0).map((mapping) => mapping.stop()));
});
afterAll(() => pump.stop());

const arnOf = (stream: string): string => `arn:aws:kinesis:us-east-1:000000000000:stream/${stream}`;

async function start(
  stream: string,
  created: ScriptedFunction,
  spec: Partial<MappingSpec>,
  ports: Partial<KinesisMappingPorts> = {},
): Promise<KinesisMapping> {
  const mapping = await KinesisMapping.start(mappingOf({ eventSourceArn: arnOf(stream), ...spec }), {
    clients: pump.clients,
    functionArn: created.arn,
    invoke: (event) => created.invoke(event, 0),
    readLimitOf: () => null,
    onProgress: () => undefined,
    onError: (error) => {
      throw error;
    },
    retryDelayMs: () => 1,
    ...ports,
  });
  mappings.push(mapping);
  return mapping;
}

/** Puts the words, runs the mapping until everything is behind its checkpoint, and returns the batches that were seen. */
async function batchesOf(words: readonly string[], spec: Partial<MappingSpec>, change = {}): Promise<string[]> {
  const stream = await pump.newStream();
  for (const word of words) await pump.put(stream, word);
  const created = pump.scripted(change);
  const mapping = await start(stream, created, spec);
  await until('everything is done with', () => mapping.isIdle);
  return created.seen.map((invocation) => invocation.words.join(' '));
}

describe('a stream mapping: which batches a function sees', () => {
  const cases: readonly [string, readonly string[], Partial<MappingSpec>, readonly string[]][] = [
    ['oldest first, cut at the batch size', ['ok1', 'ok2', 'ok3'], { batchSize: 2 }, ['ok1 ok2', 'ok3']],
    ['no list is success', ['return:{"batchItemFailures":null}'], {}, ['return:{"batchItemFailures":null}']],
    ['null is success', ['return:null'], {}, ['return:null']],
    ['an empty object is success', ['return:{}'], {}, ['return:{}']],
    ['an empty list is success', ['return:{"batchItemFailures":[]}'], {}, ['return:{"batchItemFailures":[]}']],
    ['an empty string is success', ['return:""'], {}, ['return:""']],
    [
      'the rest is tried again from the record that was named, with a fresh count',
      ['ok1', 'ok2', 'fail'],
      { retriesMax: 1 },
      ['ok1 ok2 fail', 'fail', 'fail'],
    ],
    [
      'a throw tries all again, and exhaustion drops the good with the bad',
      ['ok1', 'throw', 'ok2'],
      { retriesMax: 1 },
      ['ok1 throw ok2', 'ok1 throw ok2'],
    ],
    [
      'bisect narrows a throw down to the record, and the rest is delivered',
      ['ok1', 'throw', 'ok2', 'ok3'],
      { retriesMax: 1, bisect: true },
      ['ok1 throw ok2 ok3', 'ok1 throw', 'ok1', 'throw', 'throw', 'ok2 ok3'],
    ],
    [
      'bisect and a partial response cut at the record that was named',
      ['ok1', 'fail', 'ok2'],
      { retriesMax: 0, bisect: true },
      ['ok1 fail ok2', 'fail ok2', 'fail', 'ok2'],
    ],
    [
      'without reporting, the body is ignored',
      ['ok1', 'fail', 'ok2'],
      { reportBatchItemFailures: false },
      ['ok1 fail ok2'],
    ],
    [
      'the next batch follows a discarded one',
      ['fail', 'ok1', 'ok2'],
      { retriesMax: 0, batchSize: 2 },
      ['fail ok1', 'ok2'],
    ],
  ];
  test.each(cases)('%s', async (_name, words, spec, expected) => {
    expect(await batchesOf(words, spec)).toEqual(expected);
  });

  test.each([
    ['a throw', 'throw'],
    ['an identifier that is not in the batch', 'return:{"batchItemFailures":[{"itemIdentifier":"1"}]}'],
    ['no identifier', 'return:{"batchItemFailures":[{"itemIdentifier":null}]}'],
    ['an empty identifier', 'return:{"batchItemFailures":[{"itemIdentifier":""}]}'],
    ['another key', 'return:{"failures":[]}'],
  ])('%s fails the whole batch: N retries are N + 1 invocations', async (_name, word) => {
    expect(await batchesOf([word], { retriesMax: 2 })).toEqual([word, word, word]);
  });

  test('the recorded case: six records, size three, last one poison, three retries', async () => {
    const words = ['ok1', 'ok2', 'ok3', 'ok4', 'ok5', 'fail'];
    const stream = await pump.newStream();
    const queue = await pump.newQueue({}, false);
    for (const word of words) await pump.put(stream, word);
    const created = pump.scripted();
    const spec = { batchSize: 3, retriesMax: 3, onFailureArn: `arn:aws:sqs:us-east-1:000000000000:${queue}` };
    const mapping = await start(stream, created, spec);
    await until('everything is done with', () => mapping.isIdle);
    const deliveries = created.seen.filter((invocation) => invocation.words.includes('fail'));
    expect(deliveries.map((invocation) => invocation.words.length)).toEqual([3, 1, 1, 1, 1]);
    const [message] = await pump.messages(queue);
    expect(JSON.parse(message?.body ?? '{}').requestContext.approximateInvokeCount).toBe(4);
  });
});

describe('a stream mapping: events and discards', () => {
  test('hands over records as AWS documents them, through the consumer when there is one', async () => {
    const stream = await pump.newStream();
    const sequenceNumber = await pump.put(stream, 'ok');
    const created = pump.scripted();
    const consumer = `${arnOf(stream)}/consumer/c:1`;
    const mapping = await start(stream, created, { eventSourceArn: consumer });
    await until('everything is done with', () => mapping.isIdle);
    const [record] = created.seen[0]?.event.Records ?? [];
    expect(record).toEqual({
      kinesis: {
        kinesisSchemaVersion: '1.0',
        partitionKey: 'slices',
        sequenceNumber,
        data: Buffer.from('ok').toString('base64'),
        approximateArrivalTimestamp: expect.closeTo(Date.now() / 1000, -2),
      },
      eventSource: 'aws:kinesis',
      eventVersion: '1.0',
      eventID: `shardId-000000000000:${sequenceNumber}`,
      eventName: 'aws:kinesis:record',
      invokeIdentityArn: 'arn:aws:iam::000000000000:role/local',
      awsRegion: 'us-east-1',
      eventSourceARN: consumer,
    });
  });

  test.each([
    ['a throw', 'throw', 'Unhandled'],
    ['a partial response', 'fail', null],
  ])('tells the on-failure queue about %s, without the records', async (_name, word, functionError) => {
    const stream = await pump.newStream();
    const queue = await pump.newQueue({}, false);
    const sequenceNumber = await pump.put(stream, word);
    const created = pump.scripted();
    const onFailureArn = `arn:aws:sqs:us-east-1:000000000000:${queue}`;
    const mapping = await start(stream, created, { retriesMax: 0, onFailureArn });
    await until('everything is done with', () => mapping.isIdle);
    const [message] = await pump.messages(queue);
    const iso = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(JSON.parse(message?.body ?? '{}')).toEqual({
      requestContext: {
        requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
        functionArn: `${created.arn}:$LATEST`,
        condition: 'RetryAttemptsExhausted',
        approximateInvokeCount: 1,
      },
      responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError },
      version: '1.0',
      timestamp: iso,
      KinesisBatchInfo: {
        shardId: 'shardId-000000000000',
        startSequenceNumber: sequenceNumber,
        endSequenceNumber: sequenceNumber,
        approximateArrivalOfFirstRecord: iso,
        approximateArrivalOfLastRecord: iso,
        batchSize: 1,
        streamArn: arnOf(stream),
      },
    });
  });

  test('a throttled function loses nothing to its retries, only to age, and nothing is said about a response', async () => {
    const stream = await pump.newStream();
    const queue = await pump.newQueue({}, false);
    await pump.put(stream, 'ok too old');
    const created = pump.scripted();
    created.setConcurrency(0);
    const onFailureArn = `arn:aws:sqs:us-east-1:000000000000:${queue}`;
    const spec = { retriesMax: 1, recordAgeMaxMs: 400, onFailureArn };
    const mapping = await start(stream, created, spec, { retryDelayMs: () => 10 });
    await until('the record is given up', async () => (await pump.messages(queue)).length === 1);
    const body = JSON.parse((await pump.messages(queue))[0]?.body ?? '{}');
    expect(body.requestContext).toMatchObject({ condition: 'RecordAgeExceeded', approximateInvokeCount: 1 });
    expect(body).not.toHaveProperty('responseContext');
    created.setConcurrency(1);
    await pump.put(stream, 'ok fresh');
    mapping.wake();
    await until('the fresh record is seen', () => created.seen.length === 1);
    expect(created.seen[0]?.words).toEqual(['ok fresh']);
  });
});

describe('a stream mapping: delivery', () => {
  test('a put that is announced is delivered at once; a poison record blocks its own mapping only', async () => {
    const stream = await pump.newStream();
    const [poisoned, healthy] = [pump.scripted(), pump.scripted({ environment: { MODE: 'plain' } })];
    const blocked = await start(stream, poisoned, {});
    const free = await start(stream, healthy, { reportBatchItemFailures: false });
    await pump.put(stream, 'fail');
    for (const mapping of [blocked, free]) mapping.wake();
    await until('the healthy mapping is past it', () => free.isIdle);
    await until('the poison was tried often', () => poisoned.seen.length > 5);
    expect(blocked.isIdle).toBe(false);
    expect(healthy.seen.map((invocation) => invocation.words)).toEqual([['fail']]);
  });

  test('a whole batch can come twice, and a put whose reply was lost comes with two sequence numbers', async () => {
    const stream = await pump.newStream();
    await pump.put(stream, 'ok once');
    await pump.put(stream, 'ok once');
    const created = pump.scripted();
    const mapping = await start(stream, created, {}, { redeliver: () => true });
    await until('everything is done with', () => mapping.isIdle);
    expect(created.seen.map((invocation) => invocation.words)).toEqual([
      ['ok once', 'ok once'],
      ['ok once', 'ok once'],
    ]);
    // biome-ignore lint/suspicious/noExplicitAny: the event is as AWS documents it.
    const numbers = created.seen.map(({ event }) => event.Records.map((record: any) => record.kinesis.sequenceNumber));
    expect(numbers[0]).toEqual(numbers[1]);
    expect(new Set(numbers[0]).size).toBe(2);
  });

  test('a crash in the middle of a batch delivers the batch again', async () => {
    const stream = await pump.newStream();
    await pump.put(stream, 'hang');
    const created = pump.scripted({ timeoutMs: 1000 });
    await start(stream, created, { retriesMax: -1 });
    await until('the batch has begun', () => created.seen.length === 1);
    await created.terminate();
    await until('it has begun again', () => created.seen.length === 2);
    expect(created.seen.map(({ invocations }) => invocations)).toEqual([1, 1]);
    await created.terminate();
  });

  test('eighteen standard consumers of one shard share five reads a second, a woken one does not wait', async () => {
    let nowMs = 0;
    const limit = new ReadLimit(() => nowMs);
    const admitted = (): number => Array.from({ length: 18 }, () => limit.admit()).filter(Boolean).length;
    const perSecond = [0, 500, 1000, 1500, 2000].map((timeMs) => {
      nowMs = timeMs;
      return admitted();
    });
    expect(perSecond).toEqual([5, 0, 5, 0, 5]);

    const stream = await pump.newStream();
    const created = pump.scripted();
    const empty = new ReadLimit(() => 0);
    while (empty.admit());
    const starved = await start(stream, created, {}, { readLimitOf: () => empty });
    const woken = pump.scripted();
    const fast = await start(stream, woken, {});
    await pump.put(stream, 'ok');
    for (const mapping of [starved, fast]) mapping.wake();
    await until('the woken one is past it', () => fast.isIdle && woken.seen.length === 1);
    expect(created.seen).toEqual([]);
  });
});
