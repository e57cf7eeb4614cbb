import { describe, expect, test } from 'vitest';
import { wilderAtr } from '#core/indicators/atr.ts';
import type { Side } from '#core/strategy/definition.ts';
import { ibs } from '#strategies/ibs.ts';
import { type HourlyPrices, hourlyWindow } from '#test/core/features/hourly-window.ts';

/** Parameters with the pivot gate off, unless a test turns it on. */
const paramsOf = (changed = {}) => ibs.params.parse({ pivot: null, ...changed });
const at = (hour: number, minute = 0) => ({ date: '2024-11-12', weekday: 2, minuteOfDay: hour * 60 + minute });

/** The opinion on a window of bars, at 09:00 and flat unless said otherwise. */
function decide(bars: readonly HourlyPrices[], { params = {}, held = null as Side | null, label = at(9) } = {}) {
  return ibs.decide({ window: hourlyWindow(bars), label, held, params: paramsOf(params) });
}
/** A bar from 100 to 110 that closes at a fraction of its range. */
const closingAt = (strength: number): HourlyPrices => [110, 100, 100 + 10 * strength];
const weak = closingAt(0.1);

describe('the entry', () => {
  test.each([
    [0, 'enter'],
    [0.2, 'enter'],
    [0.2000001, 'hold'],
    [0.9, 'hold'],
  ])('at an internal bar strength of %s is: %s', (strength, kind) => {
    expect(decide([closingAt(strength)])).toMatchObject({ kind });
  });

  test('is long, and says what it saw', () => {
    expect(decide([weak])).toMatchObject({ kind: 'enter', side: 'long', evidence: { ibs: 0.1 } });
  });

  test('is not made on a bar without a range, nor on one without a price', () => {
    expect(decide([[100, 100, 100]])).toMatchObject({ kind: 'hold', evidence: { ibs: 0.5 } });
    expect(decide([[Number.NaN, 100, 100]])).toMatchObject({
      kind: 'hold',
      reason: 'ibs missing',
      evidence: { ibs: null },
    });
  });

  test.each([
    [at(0), true],
    [at(14), true],
    [at(14, 59), true],
    [at(15), false],
    [at(15, 30), false],
    [at(16), false],
    [at(16, 59), false],
    [at(17), true],
    [at(23), true],
  ])('of a bar that opened at %j may be made: %s', (label, may) => {
    const signal = decide([weak], { label });
    expect(signal).toMatchObject(may ? { kind: 'enter' } : { kind: 'hold', reason: 'outside entry windows' });
  });

  test('reads its own windows', () => {
    const params = { entryWindows: [{ from: '08:30', to: '09:30' }] };
    expect(decide([weak], { params, label: at(9) }).kind).toBe('enter');
    expect(decide([weak], { params, label: at(9, 30) }).kind).toBe('hold');
    expect(decide([weak], { params, label: at(8, 29) }).kind).toBe('hold');
  });
});

describe('the pivot gate', () => {
  const pivot = { left: 2, right: 2, lookback: 12 };
  /** Twelve bars from 95 to 105; some are replaced. */
  const range = (replaced: Readonly<Record<number, HourlyPrices>>): HourlyPrices[] =>
    Array.from({ length: 12 }, (_, i) => replaced[i] ?? [105, 95, 100]);
  const top: HourlyPrices = [120, 95, 100];
  const bottom: HourlyPrices = [105, 80, 100];
  const weakAt = (close: number): HourlyPrices => [close + 10, close, close];
  const gate = (replaced: Readonly<Record<number, HourlyPrices>>) => decide(range(replaced), { params: { pivot } });

  test('lets in a close between the last pivot low and high, both included', () => {
    for (const close of [80, 81, 100, 119.75, 120]) {
      expect(gate({ 3: top, 6: bottom, 11: weakAt(close) }), String(close)).toMatchObject({
        kind: 'enter',
        evidence: { pivotHigh: 120, pivotLow: 80 },
      });
    }
  });

  test('keeps out a close beyond them', () => {
    for (const close of [79.75, 120.25]) {
      expect(gate({ 3: top, 6: bottom, 11: weakAt(close) })).toMatchObject({
        kind: 'hold',
        reason: 'outside pivot range',
      });
    }
  });

  test('is shut until both pivots are confirmed', () => {
    const missing = { kind: 'hold', reason: 'pivot missing' };
    expect(gate({ 11: weakAt(100) })).toMatchObject({ ...missing, evidence: { pivotHigh: null, pivotLow: null } });
    expect(gate({ 3: top, 11: weakAt(100) })).toMatchObject({
      ...missing,
      evidence: { pivotHigh: 120, pivotLow: null },
    });
    expect(gate({ 3: top, 10: bottom, 11: weakAt(100) })).toMatchObject(missing);
    expect(gate({ 3: top, 9: bottom, 11: weakAt(100) })).toMatchObject({ kind: 'enter' });
  });

  test('takes the newest pivot, not the highest', () => {
    const later: HourlyPrices = [110, 95, 100];
    expect(gate({ 3: top, 5: bottom, 8: later, 11: weakAt(115) })).toMatchObject({
      reason: 'outside pivot range',
      evidence: { pivotHigh: 110 },
    });
  });

  test('wants a pivot to be above every bar on its left, and not below one on its right', () => {
    // The first bar is too early to be a pivot, and it spoils the one that only equals it.
    expect(gate({ 1: top, 3: top, 6: bottom, 11: weakAt(100) })).toMatchObject({ reason: 'pivot missing' });
    expect(gate({ 3: top, 5: top, 6: bottom, 11: weakAt(100) })).toMatchObject({ evidence: { pivotHigh: 120 } });
  });

  test('does not see bars before its lookback, although another rule needs more', () => {
    const older = Array.from({ length: 28 }, (_, i): HourlyPrices => (i === 10 ? top : [105, 95, 100]));
    const stop = { kind: 'atr', length: 4, multiple: 2 };
    const signal = decide([...older, ...range({ 6: bottom, 11: weakAt(100) })], { params: { pivot, stop } });
    expect(signal).toMatchObject({ reason: 'pivot missing', evidence: { pivotHigh: null, pivotLow: 80 } });
  });
});

describe('the exit plan', () => {
  const planOf = (params: object, bars: readonly HourlyPrices[] = [weak]) => {
    const signal = decide(bars, { params });
    return signal.kind === 'enter' ? signal.plan : signal.reason;
  };

  test('is by default one per cent each way, half as much again at the broker, eight bars and 15:00', () => {
    expect(planOf({})).toEqual({
      stop: { kind: 'fraction', value: 0.01 },
      target: { kind: 'fraction', value: 0.01 },
      brokerStop: { kind: 'fraction', value: 0.015 },
      barStopBars: 8,
      autoCloseMinute: 900,
    });
  });

  test('keeps a stop at the broker even where the strategy has none', () => {
    expect(planOf({ stop: null, target: null, barStopBars: null, autoClose: null, brokerStopMultiple: 2 })).toEqual({
      stop: null,
      target: null,
      brokerStop: { kind: 'fraction', value: 0.02 },
      barStopBars: null,
      autoCloseMinute: null,
    });
  });

  test('is fixed in price units where it follows the average true range', () => {
    const bars = Array.from({ length: 40 }, (_, i): HourlyPrices => [105 + (i % 5), 95 - (i % 3), 96]);
    const atr = wilderAtr(hourlyWindow(bars), 4) ?? Number.NaN;
    const params = { stop: { kind: 'atr', length: 4, multiple: 2 }, target: { kind: 'atr', length: 4, multiple: 0.5 } };
    expect(planOf(params, bars)).toMatchObject({
      stop: { kind: 'distance', value: 2 * atr },
      target: { kind: 'distance', value: 0.5 * atr },
      brokerStop: { kind: 'distance', value: 3 * atr },
    });
  });

  test('is no plan without the range that it needs', () => {
    const stop = { kind: 'atr', length: 4, multiple: 2 };
    expect(
      planOf(
        { stop },
        Array.from({ length: 4 }, () => weak),
      ),
    ).toBe('atr missing');
    const still = { enterIbs: { low: 0, high: 1 }, stop };
    expect(
      planOf(
        still,
        Array.from({ length: 40 }, (): HourlyPrices => [100, 100, 100]),
      ),
    ).toBe('atr missing');
  });
});

describe('the exit', () => {
  test.each([
    [0.8, 'exit'],
    [1, 'exit'],
    [0.7999999, 'hold'],
    [0.1, 'hold'],
  ])('at an internal bar strength of %s is: %s', (strength, kind) => {
    expect(decide([closingAt(strength)], { held: 'long' })).toMatchObject({ kind });
  });

  test('asks for neither hour nor pivots', () => {
    const params = { pivot: { left: 2, right: 2, lookback: 12 } };
    expect(decide([closingAt(0.9)], { held: 'long', label: at(15), params })).toEqual({
      kind: 'exit',
      reason: 'ibs',
      evidence: { ibs: 0.9 },
    });
  });
});

describe('the parameters', () => {
  test('ask for as many bars as the pivots and the slowest average need', () => {
    const lookback = (params: object) => ibs.lookback(ibs.params.parse(params));
    expect(lookback({})).toBe(48);
    expect(lookback({ pivot: null })).toBe(1);
    expect(lookback({ target: { kind: 'atr', length: 14, multiple: 1 } })).toBe(140);
    expect(lookback({ pivot: { lookback: 200 }, stop: { kind: 'atr', length: 14, multiple: 1 } })).toBe(200);
  });

  test('say how long before the automatic close nothing is entered', () => {
    expect(ibs.noEntryBeforeCloseMin(ibs.params.parse({}))).toBe(30);
    expect(ibs.noEntryBeforeCloseMin(ibs.params.parse({ noEntryBeforeCloseMin: 5 }))).toBe(5);
  });

  test.each([
    ['an unknown key', { enterIbsHigh: 0.3 }, /enterIbsHigh/],
    ['a strength beyond one', { enterIbs: { high: 1.5 } }, /enterIbs/],
    ['a range upside down', { exitIbs: { low: 0.9, high: 0.8 } }, /low must not be above high/],
    ['a time that no clock shows', { autoClose: '25:00' }, /HH:MM/],
    ['a window upside down', { entryWindows: [{ from: '10:00', to: '09:00' }] }, /from must be before to/],
    ['no window', { entryWindows: [] }, /entryWindows/],
    ['pivots longer than what is looked at', { pivot: { left: 5, right: 5, lookback: 10 } }, /above left \+ right/],
    ['a stop of no kind', { stop: { percent: 1 } }, /stop/],
    ['a stop at the broker that is nearer', { brokerStopMultiple: 0.9 }, /brokerStopMultiple/],
    ['an entry right before the close', { noEntryBeforeCloseMin: 0 }, /noEntryBeforeCloseMin/],
  ])('with %s are refused', (_, params, expected) => {
    expect(() => ibs.params.parse(params)).toThrow(expected);
  });
});
