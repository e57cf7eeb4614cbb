import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Slice } from '#core/market/slice.ts';
import { hasRealBars, realWeek } from './real-week.ts';
import { startUnit, type UnitUnderTest } from './strategy-unit.ts';

const TRADE_DATE = '2013-10-11';
/** An hour that ends low: strategy `ibs-es` enters at its close. */
const ENTRY_MS = Date.UTC(2013, 9, 11, 5);
const EXIT_MS = Date.UTC(2013, 9, 11, 6);
const ENTRY_ID = `ibs-es:ES:${ENTRY_MS}:enter`;

let unit: UnitUnderTest;
let slices: Slice[];

/** The slices after one instant up to another. */
const between = (afterMs: number, toMs: number): Slice[] =>
  slices.filter(({ closeTimeMs }) => closeTimeMs > afterMs && closeTimeMs <= toMs);
const laneState = async () => (await unit.ledger.load('ibs-es'))?.lanes.ES?.state;
const outboxIds = async () => (await unit.ledger.load('ibs-es'))?.outbox.map(({ id }) => id);
const entriesPosted = () => unit.sandbox.received().filter(({ payload }) => actionOf(payload) === 'buy').length;
const actionOf = (payload: unknown) => (payload as { action?: string } | null)?.action;
const aSecondLater = () => new Promise((resolve) => setTimeout(resolve, 1_200));

describe.skipIf(!hasRealBars)('a worker that is terminated', () => {
  beforeEach(async () => {
    unit = await startUnit();
    const week = await realWeek(TRADE_DATE, EXIT_MS);
    slices = week.slices;
    for (const { sessions, gap } of week.history) {
      await unit.history.writeSessions(sessions);
      if (gap !== null) await unit.sliceLog.putGap(gap);
    }
    for (const slice of slices) await unit.history.write(slice.bars, slice.closeTimeMs);
    await unit.deliver(...between(ENTRY_MS - 3 * 60_000, ENTRY_MS - 60_000));
  });
  afterEach(() => unit.stop());

  const entrySlice = () => between(ENTRY_MS - 60_000, ENTRY_MS)[0]!;

  test('between commit and publish loses no committed intent and publishes it once', async () => {
    unit.wires.sqs.intercept = async (operation) => {
      if (operation !== 'SendMessage') return 'pass';
      unit.wires.sqs.intercept = () => 'pass';
      await unit.strategy.terminate();
      return 'cut-request';
    };
    expect((await unit.deliver(entrySlice())).status).toBe('failed');
    expect(await outboxIds()).toEqual([ENTRY_ID]);
    expect(await unit.receive()).toEqual([]);

    expect((await unit.deliver(entrySlice())).status).toBe('returned');
    expect((await unit.receive()).map(({ Attributes }) => Attributes?.MessageDeduplicationId)).toEqual([ENTRY_ID]);
    await aSecondLater();
    await unit.deliver(entrySlice());
    expect(await unit.receive()).toHaveLength(1);
    expect((await unit.ledger.load('ibs-es'))?.lanes.ES).toMatchObject({ state: 'RESERVED', refused: 0 });
  });

  test('after its commit but before it hears of it decides the same slice only once', async () => {
    unit.wires.dynamodb.intercept = (operation, body) => {
      if (operation !== 'UpdateItem' || !body.includes(ENTRY_ID)) return 'pass';
      unit.wires.dynamodb.intercept = () => 'pass';
      return 'cut-reply';
    };
    expect((await unit.deliver(entrySlice())).status).toBe('returned');
    const held = await unit.ledger.load('ibs-es');
    const journal = await unit.ledger.journal('ibs-es');
    expect(held?.seq).toBe(journal.length + 1);
    expect(await unit.receive()).toHaveLength(1);
    expect(held?.outbox).toHaveLength(1);
  });

  test('between claim and POST posts nothing, and the entry is unknown', async () => {
    await unit.deliver(entrySlice());
    const [message] = await unit.receive();
    unit.wires.dynamodb.intercept = (operation) => {
      if (operation !== 'UpdateItem') return 'pass';
      unit.wires.dynamodb.intercept = () => 'pass';
      return () => unit.execution.terminate();
    };
    expect((await unit.execute(message!, ENTRY_MS)).status).toBe('failed');
    expect(await laneState()).toBe('ENTERING');

    await redeliver();
    expect(entriesPosted()).toBe(0);
    expect(await laneState()).toBe('UNKNOWN');
    await exitsAtItsHour(0);
  });

  test('between POST and settle posts no entry twice, and the exit of the unknown entry goes out', async () => {
    await unit.deliver(entrySlice());
    const [message] = await unit.receive();
    unit.onSignal = () => {
      unit.onSignal = () => undefined;
      void unit.execution.terminate();
    };
    expect((await unit.execute(message!, ENTRY_MS)).status).toBe('failed');
    expect(entriesPosted()).toBe(1);

    await redeliver();
    expect(entriesPosted()).toBe(1);
    expect(await laneState()).toBe('UNKNOWN');
    await exitsAtItsHour(1);
  });

  test('a delivery of the same intent after everything is settled posts nothing', async () => {
    await unit.deliver(entrySlice());
    const [message] = await unit.receive();
    await unit.execute(message!, ENTRY_MS);
    expect(await laneState()).toBe('OPEN');
    await unit.execute(message!, ENTRY_MS);
    expect(entriesPosted()).toBe(1);
    expect(await laneState()).toBe('OPEN');
  });

  test('a mode that turned while the intent was in the queue is seen by the claim', async () => {
    await unit.deliver(entrySlice());
    const [message] = await unit.receive();
    unit.setMode('own', 'REDUCE_ONLY');
    await unit.deliver(...between(ENTRY_MS, ENTRY_MS + 60_000));
    await unit.execute(message!, ENTRY_MS + 60_000);
    expect(unit.sandbox.received()).toEqual([]);
    expect(await laneState()).toBe('FLAT');
    expect((await unit.ledger.rows('ibs-es', 'DROP')).map(({ body }) => body.reason)).toEqual(['expired']);
  });

  /** The queue shows the message again once its visibility timeout has passed. */
  async function redeliver(): Promise<void> {
    await aSecondLater();
    const [again] = await unit.receive();
    expect(again?.Attributes?.MessageDeduplicationId).toBe(ENTRY_ID);
    expect((await unit.execute(again!, ENTRY_MS)).status).toBe('returned');
  }

  /** An hour later the strategy wants out; the exit is posted like any other, whatever became of the entry. */
  async function exitsAtItsHour(entries: number): Promise<void> {
    await unit.deliver(...between(ENTRY_MS, EXIT_MS));
    const [exit] = await unit.receive();
    await unit.execute(exit!, EXIT_MS);
    expect(unit.sandbox.received().map(({ payload }) => actionOf(payload))).toEqual([
      ...Array(entries).fill('buy'),
      'exit',
    ]);
    expect(await laneState()).toBe('FLAT');
    expect(unit.sandbox.positions()).toEqual([]);
  }
});
