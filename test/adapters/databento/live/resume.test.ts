import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Schema } from '../../../../adapters/databento/dbn/enums.ts';
import type { DbnRecord } from '../../../../adapters/databento/dbn/record.ts';
import { Resume } from '../../../../adapters/databento/live/resume.ts';
import { type Cut, deliveredThrough, type SentRecord, sessionStartNs, withView } from './replaying-gateway.ts';
import { bar, DATASET, MINUTE_NS, START_NS, trade } from './scripted-gateway.ts';

const SECOND_NS = 1_000_000_000n;
const HOUR_NS = 60n * MINUTE_NS;

/** Cuts in the order of time. */
const cuts = fc
  .array(fc.record({ available: fc.nat(120), sent: fc.nat(150) }), { maxLength: 6 })
  .map((some): Cut[] => some.sort((a, b) => a.available - b.available));

/** Trades that arrive up to eight seconds after their time, so that they are out of order, many of the same time. */
const trades = fc
  .array(fc.record({ stepMs: fc.nat(3_000), delayS: fc.nat(8), instrumentId: fc.integer({ min: 1, max: 3 }) }), {
    maxLength: 120,
  })
  .map((steps) => {
    let arrivalNs = START_NS;
    return steps.map(({ stepMs, delayS, instrumentId }, sequence): SentRecord => {
      arrivalNs += BigInt(stepMs) * 1_000_000n;
      const indexNs = (arrivalNs / SECOND_NS) * SECOND_NS - BigInt(delayS) * SECOND_NS;
      return { schema: 'trades', record: trade(indexNs, { instrumentId, sequence }), indexNs, arrivalNs };
    });
  });

/** One-minute bars, most of them sent at the end of their minute, some up to half an hour late. */
const bars = fc
  .uniqueArray(
    fc.record({
      minute: fc.nat(60),
      instrumentId: fc.integer({ min: 1, max: 3 }),
      lateMinutes: fc.oneof(fc.constant(0), fc.nat(30)),
    }),
    { maxLength: 120, selector: ({ minute, instrumentId }) => `${minute}:${instrumentId}` },
  )
  .map((some) =>
    some
      .map(({ minute, instrumentId, lateMinutes }): SentRecord => {
        const record = bar(minute, instrumentId);
        const arrivalNs = record.ts_event + BigInt(1 + lateMinutes) * MINUTE_NS;
        return { schema: 'ohlcv-1m', record, indexNs: record.ts_event, arrivalNs };
      })
      .sort((a, b) => Number(a.arrivalNs - b.arrivalNs)),
  );

const byArrival = (...streams: readonly (readonly SentRecord[])[]): SentRecord[] =>
  streams.flat().sort((a, b) => Number(a.arrivalNs - b.arrivalNs));

function instrumentOf({ record, schema }: SentRecord): string {
  return `${schema}:${record.instrument_id}`;
}

/** Each instrument's records in their order. */
function byInstrument(records: readonly SentRecord[]): ReadonlyMap<string, readonly SentRecord[]> {
  return Map.groupBy(records, instrumentOf);
}

describe('resuming over any cuts', () => {
  test('every trade and bar is delivered once, and in order for its instrument', () => {
    fc.assert(
      fc.property(trades, bars, cuts, (someTrades, someBars, someCuts) => {
        const all = byArrival(someTrades, someBars);
        const resume = new Resume(DATASET);
        const subscriptions = [
          { id: 1, schema: 'ohlcv-1m' as Schema },
          { id: 2, schema: 'trades' as Schema },
        ];
        const start = START_NS - HOUR_NS;
        for (const one of subscriptions) resume.add({ ...one, start, snapshot: false });
        const delivered = deliveredThrough(all, someCuts, resume, subscriptions);
        expect(byInstrument(delivered)).toEqual(byInstrument(all));
      }),
    );
  });

  test('live subscriptions get everything that happens after their beginning', () => {
    fc.assert(
      fc.property(trades, cuts, (all, someCuts) => {
        const resume = new Resume(DATASET);
        resume.add({ id: 1, schema: 'trades', start: null, snapshot: false });
        const delivered = deliveredThrough(all, someCuts, resume, [{ id: 1, schema: 'trades' }]);
        const sinceNs = sessionStartNs(all, Math.min(all.length, someCuts[0]?.available ?? all.length));
        const onlyLater = (records: readonly SentRecord[]): SentRecord[] =>
          records.filter(({ indexNs }) => indexNs >= sinceNs);
        expect(byInstrument(onlyLater(delivered))).toEqual(byInstrument(onlyLater(all)));
        expect(new Set(delivered).size).toBe(delivered.length);
      }),
    );
  });

  test('a replay that begins anywhere before, even at the quietest instrument, brings nothing twice', () => {
    fc.assert(
      fc.property(trades, fc.nat(120), fc.nat(120), (all, cutAt, startAt) => {
        const resume = new Resume(DATASET);
        resume.add({ id: 1, schema: 'trades', start: START_NS - HOUR_NS, snapshot: false });
        resume.begin(resume.plan(START_NS), START_NS);
        const first = all.slice(0, cutAt);
        for (const { record } of first) expect(withView(record, (view) => resume.accept(view))).toBe(true);
        resume.end(0);
        const earlyNs = all[Math.min(startAt, first.length - 1)]?.indexNs ?? START_NS;
        const asked = resume.plan(START_NS + HOUR_NS).starts.get(1)!;
        const fromNs = asked < earlyNs ? asked : earlyNs;
        resume.begin({ starts: new Map([[1, fromNs]]), gaps: [] }, START_NS);
        const replay = all.filter(({ indexNs }) => indexNs >= fromNs);
        const delivered = replay.filter(({ record }) => withView(record, (view) => resume.accept(view)));
        expect(delivered).toEqual(all.slice(cutAt));
      }),
    );
  });
});

describe('what a session has to ask for', () => {
  const streaming = (resume: Resume, nowNs = START_NS): Resume => {
    resume.begin(resume.plan(nowNs), nowNs);
    return resume;
  };
  const take = (resume: Resume, ...records: readonly DbnRecord[]): boolean[] =>
    records.map((record) => withView(record, (view) => resume.accept(view)));
  const startOf = (resume: Resume, nowNs: bigint): bigint | null => resume.plan(nowNs).starts.get(1) ?? null;

  test('the start that was asked for, until a session has begun', () => {
    const resume = new Resume(DATASET);
    resume.add({ id: 1, schema: 'ohlcv-1m', start: 0n, snapshot: false });
    expect(startOf(resume, START_NS)).toBe(0n);
    expect(startOf(streaming(resume), START_NS)).toBe(0n);
  });

  test('an hour of one-minute bars before the last marker', () => {
    const resume = new Resume(DATASET);
    resume.add({ id: 1, schema: 'ohlcv-1m', start: START_NS, snapshot: false });
    streaming(resume);
    take(resume, bar(0), bar(100));
    expect(resume.acceptMarker('ohlcv-1m', START_NS + 103n * MINUTE_NS)).toBe(true);
    resume.end(0);
    expect(startOf(resume, START_NS + 110n * MINUTE_NS)).toBe(START_NS + 43n * MINUTE_NS);
  });

  test('the bar of the minute in which a live subscription began', () => {
    const resume = new Resume(DATASET);
    resume.add({ id: 1, schema: 'ohlcv-1m', start: null, snapshot: false });
    const sinceNs = START_NS + 20n * SECOND_NS;
    resume.begin(resume.plan(sinceNs), sinceNs);
    resume.end(0);
    expect(startOf(resume, sinceNs + HOUR_NS)).toBe(START_NS);
  });

  test('not what another schema has reached while the replay is going on', () => {
    const resume = new Resume(DATASET);
    resume.add({ id: 1, schema: 'trades', start: START_NS, snapshot: false });
    resume.add({ id: 2, schema: 'ohlcv-1m', start: null, snapshot: false });
    streaming(resume, START_NS + 10n * HOUR_NS);
    take(resume, trade(START_NS + MINUTE_NS), bar(600));
    resume.end(0);
    expect(startOf(resume, START_NS + 10n * HOUR_NS)).toBe(START_NS + MINUTE_NS - 10n * SECOND_NS);
  });

  test('with two subscriptions of a schema, all of it again until both replays are over', () => {
    const resume = new Resume(DATASET);
    resume.add({ id: 1, schema: 'trades', start: START_NS, snapshot: false });
    resume.add({ id: 2, schema: 'trades', start: START_NS, snapshot: false });
    streaming(resume, START_NS + HOUR_NS);
    take(resume, trade(START_NS + HOUR_NS));
    resume.replayCompleted('trades', 0);
    resume.end(0);
    expect(startOf(resume, START_NS + HOUR_NS)).toBe(START_NS);
    streaming(resume, START_NS + HOUR_NS);
    resume.replayCompleted('trades', 1);
    resume.replayCompleted('trades', 2);
    resume.end(2);
    expect(startOf(resume, START_NS + HOUR_NS)).toBe(START_NS + HOUR_NS - 10n * SECOND_NS);
  });

  test('nothing from long before when a quiet subscription was live all the time', () => {
    const resume = new Resume(DATASET);
    resume.add({ id: 1, schema: 'trades', start: null, snapshot: false });
    streaming(resume);
    take(resume, trade(START_NS));
    const nowNs = START_NS + 50n * HOUR_NS;
    resume.heard(nowNs, true);
    resume.end(0);
    expect(resume.plan(nowNs + MINUTE_NS)).toEqual({ starts: new Map([[1, nowNs - 10n * SECOND_NS]]), gaps: [] });
  });

  test('what came last, when a warning or an error overtook the records after it', () => {
    const resume = new Resume(DATASET);
    resume.add({ id: 1, schema: 'trades', start: null, snapshot: false });
    streaming(resume);
    take(resume, trade(START_NS));
    resume.heard(START_NS + HOUR_NS, false);
    resume.end(0);
    expect(startOf(resume, START_NS + 2n * HOUR_NS)).toBe(START_NS);
  });

  test('at most a day, and what is older is told as a gap, once', () => {
    const resume = new Resume(DATASET);
    resume.add({ id: 1, schema: 'ohlcv-1m', start: START_NS, snapshot: false });
    streaming(resume);
    take(resume, bar(0));
    resume.end(0);
    const nowNs = START_NS + 30n * HOUR_NS;
    const fromNs = START_NS + MINUTE_NS;
    // Five minutes less than a day, as the gateway may look at it a little later.
    const toNs = START_NS + 6n * HOUR_NS + 5n * MINUTE_NS;
    expect(resume.plan(nowNs)).toEqual({
      starts: new Map([[1, toNs]]),
      gaps: [{ schema: 'ohlcv-1m', fromNs, toNs }],
    });
    expect(resume.plan(nowNs).gaps).toEqual([]);
  });

  test('the trading week of definitions on Globex', () => {
    const resume = new Resume(DATASET);
    resume.add({ id: 1, schema: 'definition', start: START_NS, snapshot: false });
    streaming(resume).end(0);
    expect(resume.plan(START_NS + 100n * HOUR_NS)).toEqual({ starts: new Map([[1, START_NS]]), gaps: [] });
  });

  test('a later start when the gateway has no longer what was asked for, and the rest as a gap', () => {
    const resume = new Resume(DATASET);
    resume.add({ id: 1, schema: 'trades', start: START_NS, snapshot: false });
    const nowNs = START_NS + HOUR_NS;
    const gaps: unknown[] = [];
    for (let refusals = 0; refusals < 4; refusals++) {
      const plan = resume.plan(nowNs);
      resume.begin(plan, nowNs);
      resume.end(0);
      gaps.push(...resume.giveUp(plan, null, nowNs));
    }
    const minutesLater = (minutes: bigint): bigint => START_NS + minutes * MINUTE_NS;
    expect(gaps).toEqual([
      { schema: 'trades', fromNs: START_NS, toNs: minutesLater(15n) },
      { schema: 'trades', fromNs: minutesLater(15n), toNs: minutesLater(45n) },
      { schema: 'trades', fromNs: minutesLater(45n), toNs: nowNs },
    ]);
    expect(startOf(resume, nowNs)).toBe(nowNs);
  });

  test('something later also of a gateway whose time is ahead of our clock', () => {
    const resume = new Resume(DATASET);
    resume.add({ id: 1, schema: 'trades', start: START_NS, snapshot: false });
    const plan = resume.plan(START_NS - HOUR_NS);
    resume.begin(plan, START_NS);
    resume.heard(START_NS + HOUR_NS, true);
    resume.end(0);
    resume.giveUp(plan, 'trades', START_NS - HOUR_NS);
    expect(startOf(resume, START_NS - HOUR_NS)).toBe(START_NS + 15n * MINUTE_NS);
  });

  test('a snapshot again, and a gap until then, as a snapshot says nothing of what happened', () => {
    const resume = new Resume(DATASET);
    resume.add({ id: 1, schema: 'mbo', start: null, snapshot: true });
    streaming(resume).end(0);
    const nowNs = START_NS + HOUR_NS;
    expect(resume.plan(nowNs)).toEqual({
      starts: new Map([[1, null]]),
      gaps: [{ schema: 'mbo', fromNs: START_NS, toNs: nowNs }],
    });
  });

  test('nothing for a subscription that was removed', () => {
    const resume = new Resume(DATASET);
    resume.add({ id: 1, schema: 'mbo', start: null, snapshot: false });
    resume.remove(1);
    expect(resume.plan(START_NS).starts.size).toBe(0);
  });
});
