import { afterAll, beforeAll, expect, test } from 'vitest';
import { encodeSlice, type Slice } from '#core/market/slice.ts';
import type { Intent } from '#core/trading/intent.ts';
import { encodeIntent } from '#core/trading/intent-message.ts';
import { kinesisEvent } from '#local/pump/kinesis-event.ts';
import { sqsEvent } from '#local/pump/sqs-event.ts';
import { startUnit, type UnitUnderTest } from './strategy-unit.ts';

const FIRST_MS = Date.UTC(2024, 10, 12, 15);

let unit: UnitUnderTest;

beforeAll(async () => {
  unit = await startUnit();
});
afterAll(() => unit.stop());

function emptySlice(closeTimeMs: number, previousCloseTimeMs: number | null): Slice {
  const nothing = { gap: null, grade: 'presumed', bars: [], leads: {}, source: 'test' } as const;
  return { schemaVersion: 1, closeTimeMs, previousCloseTimeMs, ...nothing };
}

test('a slice that cannot be read is reported by its sequence number, and none behind it is taken', async () => {
  const texts = [
    encodeSlice(emptySlice(FIRST_MS, null)),
    'no slice',
    encodeSlice(emptySlice(FIRST_MS + 60_000, FIRST_MS)),
  ];
  const records = texts.map((text, index) => ({
    sequenceNumber: `4960${index}`,
    partitionKey: 'slices',
    content: Buffer.from(text).toString('base64'),
    arrivedMs: FIRST_MS,
  }));
  const source = { eventSourceArn: 'arn:stream', streamArn: 'arn:stream', shardId: 'shardId-000000000000' };
  const invocation = await unit.strategy.invoke(kinesisEvent(records, source), FIRST_MS);
  expect(invocation).toEqual({ status: 'returned', payload: { batchItemFailures: [{ itemIdentifier: '49601' }] } });
  expect((await unit.ledger.load('ibs-es'))?.lastSliceMs).toBe(FIRST_MS);
});

/** An intent that no outbox holds any more: whoever takes it is done with it. */
const finished: Intent = {
  schemaVersion: 1,
  id: 'ibs-es:ES:1:exit:1',
  strategyId: 'ibs-es',
  root: 'ES',
  tradedRoot: 'ES',
  contract: 'ESZ2024',
  kind: 'exit',
  side: 'long',
  quantity: 1,
  signalPrice: 6_000,
  brokerStopPrice: null,
  decisionTimeMs: FIRST_MS,
  expiresAtMs: null,
  epoch: 1,
  origin: 'slice',
  reason: 'stop',
};

test('an intent that cannot be read is reported together with every one behind it', async () => {
  const messages = ['a', 'b', 'c'].map((id) => ({
    MessageId: id,
    ReceiptHandle: id,
    Body: id === 'b' ? 'no intent' : encodeIntent(finished),
    Attributes: { MessageGroupId: 'ibs-es:ES' },
  }));
  const invocation = await unit.execution.invoke(sqsEvent(messages, 'arn:queue'), FIRST_MS);
  const payload = { batchItemFailures: ['b', 'c'].map((itemIdentifier) => ({ itemIdentifier })) };
  expect(invocation).toEqual({ status: 'returned', payload });
  expect(unit.sandbox.received()).toEqual([]);
});
