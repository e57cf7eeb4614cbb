import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Slice } from '#core/market/slice.ts';
import { MINUTE_MS } from '#core/market/timeframe.ts';
import { type Observed, observe } from '#core/trading/fills.ts';
import { type Closing, flatLane, type Lane } from '#core/trading/lane.ts';
import type { Position } from '#core/trading/position.ts';
import { aPosition } from './positions.ts';
import { aSlice, calendar, chicago, gapSlice, minute } from './slices.ts';

const rules = { strategyId: 'ibs-es', calendar, slippageTicks: 2 };
const noon = chicago('2024-11-12 12:00');
const pending = { fillPrice: null, filledAtMs: null, acceptedAtMs: noon } as const;

const open = (changed: Partial<Position> = {}): Lane => ({
  ...flatLane('ES'),
  state: 'OPEN',
  epoch: 3,
  position: aPosition(changed),
});
const closing = (changed: Partial<Position> = {}, more: Partial<Closing> = {}): Lane => ({
  ...flatLane('ES'),
  epoch: 3,
  closing: { position: aPosition(changed), epoch: 3, reason: 'ibs', acceptedAtMs: noon, exitPrice: null, ...more },
});
const shown = (lane: Lane, ...slices: Slice[]): Observed =>
  slices.reduce<Observed>((seen, slice) => observe(seen.lane, slice, rules), { lane, trade: null });
const position = (lane: Lane, ...slices: Slice[]): Position | null => shown(lane, ...slices).lane.position;
const trade = (lane: Lane, ...slices: Slice[]) => shown(lane, ...slices).trade;
/** The slice of one minute bar. */
const at = (closeTimeMs: number, changed: Parameters<typeof minute>[1] = {}): Slice =>
  aSlice(closeTimeMs, { bars: [minute(closeTimeMs, changed)] });

describe('the model fill of an entry', () => {
  test('is the open of the first minute after the acceptance, worsened by slippage', () => {
    const slice = at(noon + MINUTE_MS, { open: 101, close: 105 });
    expect(position(open(pending), slice)).toMatchObject({ fillPrice: 101.5, filledAtMs: noon, mark: 105 });
    expect(position(open({ ...pending, side: 'short' }), slice)).toMatchObject({ fillPrice: 100.5, filledAtMs: noon });
  });

  test('stays when later minutes come', () => {
    const slices = [at(noon + MINUTE_MS, { open: 101 }), at(noon + 2 * MINUTE_MS, { open: 102 })];
    expect(position(open(pending), ...slices)).toMatchObject({ fillPrice: 101.5, filledAtMs: noon, mark: 102 });
  });

  test('waits for a minute of its own contract that closes after the acceptance', () => {
    const tooEarly = at(noon, { open: 99 });
    const anotherContract = at(noon + MINUTE_MS, { contract: 'ESH2025', open: 300 });
    const anHour = at(noon + MINUTE_MS, { timeframe: '1h', open: 300 });
    const waiting = open({ ...pending, mark: 98 });
    for (const slice of [anotherContract, anHour, aSlice(noon + MINUTE_MS)]) {
      expect(position(waiting, tooEarly, slice)).toMatchObject({ fillPrice: null, filledAtMs: null, mark: 99 });
    }
  });

  test('of a minute without a bar is the open of the next one that has', () => {
    const slices = [aSlice(noon + MINUTE_MS), at(noon + 2 * MINUTE_MS, { open: 103 })];
    expect(position(open(pending), ...slices)).toMatchObject({ fillPrice: 103.5, filledAtMs: noon + MINUTE_MS });
  });

  test('counts the minute in which the acceptance fell', () => {
    const slice = at(noon + MINUTE_MS, { open: 101 });
    expect(position(open({ ...pending, acceptedAtMs: noon + 20_000 }), slice)).toMatchObject({ fillPrice: 101.5 });
  });

  test('does not exist before the route accepted', () => {
    const entering = { ...open({ ...pending, acceptedAtMs: null }), state: 'ENTERING' } as const;
    expect(position(entering, at(noon + MINUTE_MS, { close: 104 }))).toMatchObject({ fillPrice: null, mark: 104 });
  });

  test('is the last close when a gap comes first, even though bars follow', () => {
    const lane = open({ ...pending, mark: 97 });
    const slices = [gapSlice(noon, noon + 40 * MINUTE_MS), at(noon + 41 * MINUTE_MS, { open: 120 })];
    expect(position(lane, ...slices)).toMatchObject({ fillPrice: 97.5, filledAtMs: noon, mark: 120 });
    const short = open({ ...pending, side: 'short', mark: 97 });
    expect(position(short, ...slices)).toMatchObject({ fillPrice: 96.5, filledAtMs: noon });
  });

  test('does not mind a gap that was over before the acceptance', () => {
    const lane = open({ ...pending, acceptedAtMs: noon + 40 * MINUTE_MS + 5_000 });
    const slices = [gapSlice(noon, noon + 40 * MINUTE_MS), at(noon + 41 * MINUTE_MS, { open: 101 })];
    expect(position(lane, ...slices)?.fillPrice).toBe(101.5);
  });

  test('is the last close when the session ends first', () => {
    const acceptedAtMs = chicago('2024-11-12 15:58');
    const lane = open({ ...pending, acceptedAtMs, mark: 97 });
    expect(position(lane, aSlice(chicago('2024-11-12 15:59')))?.fillPrice).toBeNull();
    const ended = [aSlice(chicago('2024-11-12 15:59')), aSlice(chicago('2024-11-12 16:00'))];
    expect(position(lane, ...ended)).toMatchObject({ fillPrice: 97.5, filledAtMs: acceptedAtMs });
  });

  test('is the open of the last minute of the session when it printed', () => {
    const lane = open({ ...pending, acceptedAtMs: chicago('2024-11-12 15:59'), mark: 97 });
    expect(position(lane, at(chicago('2024-11-12 16:00'), { open: 101 }))?.fillPrice).toBe(101.5);
  });

  test('waits through a halt inside the session', () => {
    const lane = open({ ...pending, acceptedAtMs: chicago('2019-03-05 15:14'), mark: 97 });
    const halted = [aSlice(chicago('2019-03-05 15:15')), aSlice(chicago('2019-03-05 15:16'))];
    expect(position(lane, ...halted)?.fillPrice).toBeNull();
    const reopened = at(chicago('2019-03-05 15:31'), { open: 101 });
    expect(position(lane, ...halted, reopened)?.fillPrice).toBe(101.5);
  });

  test('is never a late print of a minute that was over', () => {
    const late = at(noon + MINUTE_MS, { open: 120, revision: 1 });
    expect(position(open(pending), late)?.fillPrice).toBeNull();
  });
});

describe('the model exit', () => {
  test('sells a long below and buys a short above the next open, and makes a trade with costs', () => {
    const slice = at(noon + MINUTE_MS, { open: 103 });
    const { lane, trade } = shown(closing(), slice);
    expect(lane.closing).toBeNull();
    expect(trade).toEqual({
      id: 'ibs-es:ES:3',
      strategyId: 'ibs-es',
      root: 'ES',
      contract: 'ESZ2024',
      side: 'long',
      quantity: 2,
      entryTimeMs: chicago('2024-11-12 00:00'),
      entryPrice: 100,
      exitTimeMs: noon,
      exitPrice: 102.5,
      exitReason: 'ibs',
      tradeDate: '2024-11-12',
      grossUsd: 250,
      commissionUsd: 10.76,
      netUsd: 239.24,
      assumed: false,
    });
    const short = shown(closing({ side: 'short' }), slice).trade;
    expect(short).toMatchObject({ side: 'short', exitPrice: 103.5, grossUsd: -350 });
  });

  test('is paid for by the instrument that was traded', () => {
    const micro = closing({ tradedRoot: 'MES', contract: 'MESZ2024', quantity: 3 });
    const slice = at(noon + MINUTE_MS, { root: 'MES', contract: 'MESZ2024', open: 103 });
    expect(trade(micro, slice)).toMatchObject({
      root: 'ES',
      contract: 'MESZ2024',
      grossUsd: 37.5,
      commissionUsd: 4.32,
    });
  });

  test('waits for the price, and for the entry to have one', () => {
    const lane = closing(pending, { acceptedAtMs: noon + MINUTE_MS });
    const entered = at(noon + MINUTE_MS, { open: 100 });
    expect(shown(lane, entered)).toMatchObject({ trade: null, lane: { closing: { position: { fillPrice: 100.5 } } } });
    const left = at(noon + 2 * MINUTE_MS, { open: 102 });
    expect(trade(lane, entered, left)).toMatchObject({ entryPrice: 100.5, exitPrice: 101.5 });
  });

  test('and the entry may share one minute', () => {
    const slice = at(noon + MINUTE_MS, { open: 102 });
    expect(trade(closing(pending), slice)).toMatchObject({ entryPrice: 102.5, exitPrice: 101.5 });
  });

  test('that is known at once is not slipped again, and still waits for the entry', () => {
    expect(trade(closing({}, { exitPrice: 98 }), aSlice(noon + MINUTE_MS))).toMatchObject({ exitPrice: 98 });
    const unfilled = closing(pending, { exitPrice: 98 });
    expect(trade(unfilled, aSlice(noon + MINUTE_MS))).toBeNull();
    const filled = [aSlice(noon + MINUTE_MS), at(noon + 2 * MINUTE_MS, { open: 99 })];
    expect(trade(unfilled, ...filled)).toMatchObject({ entryPrice: 99.5, exitPrice: 98 });
  });

  test('is the last close before the acceptance when a gap or the end of the session comes first', () => {
    expect(trade(closing({ mark: 99 }), gapSlice(noon, noon + 30 * MINUTE_MS))?.exitPrice).toBe(98.5);
    const late = { acceptedAtMs: chicago('2024-11-12 15:59') };
    expect(trade(closing({ mark: 99 }, late), aSlice(chicago('2024-11-12 16:00')))?.exitPrice).toBe(98.5);
  });

  test('of an acceptance that overtook the slices still reads the closes before it', () => {
    const lane = closing({ mark: 99 }, { acceptedAtMs: noon + 65_000 });
    const slices = [at(noon + MINUTE_MS, { close: 95 }), gapSlice(noon + MINUTE_MS, noon + 30 * MINUTE_MS)];
    expect(trade(lane, ...slices)?.exitPrice).toBe(94.5);
  });

  test('is booked on the trade date in which it was accepted', () => {
    const evening = chicago('2024-11-12 17:05');
    expect(trade(closing({}, { acceptedAtMs: evening }), at(evening + MINUTE_MS))?.tradeDate).toBe('2024-11-13');
    const last = chicago('2024-11-12 15:59');
    expect(trade(closing({}, { acceptedAtMs: last }), at(last + MINUTE_MS))?.tradeDate).toBe('2024-11-12');
  });
});

describe('the stop at the broker', () => {
  const stopped = (slice: Slice, changed: Partial<Position> = {}) => position(open(changed), slice)?.brokerExitPrice;

  test('is touched by a minute that trades at it, and fills there worsened by slippage', () => {
    expect(stopped(at(noon, { open: 100, low: 98.5 }))).toBe(98);
    expect(stopped(at(noon, { open: 100, low: 98.75 }))).toBeNull();
  });

  test('fills at the open of a minute that jumped over it', () => {
    expect(stopped(at(noon, { open: 95, close: 99 }))).toBe(94.5);
  });

  test('of a short mirrors', () => {
    const short = { side: 'short', brokerStopPrice: 101.5 } as const;
    expect(stopped(at(noon, { open: 100, high: 101.5 }), short)).toBe(102);
    expect(stopped(at(noon, { open: 100, high: 101.25, low: 90 }), short)).toBeNull();
    expect(stopped(at(noon, { open: 104, close: 100 }), short)).toBe(104.5);
  });

  test('may be touched in the very minute of the fill, and not before it', () => {
    expect(stopped(at(noon + MINUTE_MS, { open: 100, low: 97 }), pending)).toBe(98);
    expect(stopped(at(noon, { open: 100, low: 97 }), pending)).toBeNull();
  });

  test('keeps the price of the first touch', () => {
    const slices = [at(noon, { open: 100, low: 98 }), at(noon + MINUTE_MS, { open: 90 })];
    expect(position(open(), ...slices)).toMatchObject({ brokerExitPrice: 98, mark: 90 });
  });

  test('is not touched by another contract, nor by a position without one', () => {
    expect(stopped(at(noon, { contract: 'ESH2025', open: 90 }))).toBeNull();
    expect(stopped(at(noon, { open: 90 }), { brokerStopPrice: null })).toBeNull();
  });

  test('is touched by a print that became known late', () => {
    const late = minute(chicago('2024-11-12 16:00'), { revision: 1, low: 98 });
    const slice = aSlice(chicago('2024-11-12 17:01'), { bars: [late, minute(chicago('2024-11-12 17:01'))] });
    expect(position(open(), slice)).toMatchObject({ brokerExitPrice: 98, mark: 100 });
    const filledLater = open({ ...pending, acceptedAtMs: chicago('2024-11-12 17:00') });
    expect(position(filledLater, slice)).toMatchObject({ fillPrice: 100.5, brokerExitPrice: null });
  });
});

test('no model fill is ever better than the price it is taken from', () => {
  const price = fc.integer({ min: 200, max: 800 }).map((quarters) => quarters / 4);
  fc.assert(
    fc.property(price, price, fc.constantFrom('long', 'short'), fc.nat(8), (from, to, side, slippageTicks) => {
      const observed = (lane: Lane, open: number) =>
        observe(lane, at(noon + MINUTE_MS, { open }), { ...rules, slippageTicks });
      const entry =
        observed(open({ ...pending, side, brokerStopPrice: null }), from).lane.position?.fillPrice ?? Number.NaN;
      const exit = observed(closing({ side }), to).trade?.exitPrice ?? Number.NaN;
      const worse = side === 'long' ? entry - from + (to - exit) : from - entry + (exit - to);
      expect(worse).toBe(2 * slippageTicks * 0.25);
    }),
  );
});
