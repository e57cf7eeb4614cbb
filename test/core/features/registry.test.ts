import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { featureLookbacks, featureOf, featureRow, features, registryText } from '#core/features/registry.ts';
import { anyHours, type HourlyPrices, hourlyWindow } from './hourly-window.ts';

const ids = features.map(({ id }) => id);
/** Steady rises of one point with a range of two, then one hour of range four that closes at its low. */
const rises: readonly HourlyPrices[] = Array.from({ length: 29 }, (_, i) => [1001 + i, 999 + i, 1000 + i] as const);
const dip: HourlyPrices = [1030, 1026, 1026];
const week = hourlyWindow([...rises, dip]);

describe('features', () => {
  test('are the numbers that a hand calculation gives', () => {
    expect(featureOf('ibs-1h').compute(week)).toBe(0);
    // Nineteen true ranges of 2 and the last of 4: the mean is 2.1.
    expect(featureOf('true-range-ratio-20-1h').compute(week)).toBeCloseTo(4 / 2.1, 12);
    // Average gain 1 and loss 0 before the dip of 2 points: 0.5 against 1.
    expect(featureOf('rsi-2-1h').compute(week)).toBeCloseTo(100 / 3, 9);
  });

  test.each(features)('$id depends on exactly its declared lookback', ({ compute, lookback }) => {
    fc.assert(
      fc.property(
        anyHours({ minLength: lookback, maxLength: lookback + 30 }),
        anyHours({ minLength: 0, maxLength: 30 }),
        (hours, older) => {
          const needed = hours.slice(-lookback);
          const value = compute(hourlyWindow(needed));
          expect(compute(hourlyWindow(hours))).toBe(value);
          expect(compute(hourlyWindow([...older, ...needed]))).toBe(value);
          expect(compute(hourlyWindow(needed.slice(1)))).toBeNull();
        },
      ),
    );
  });

  test.each(features)('$id really reads its oldest bar', ({ compute, lookback }) => {
    const hours = [...rises, dip].slice(-lookback);
    const [high, low] = hours[0]!;
    const moved: HourlyPrices = [high + 7, low - 7, low - 5];
    expect(compute(hourlyWindow([moved, ...hours.slice(1)]))).not.toBe(compute(hourlyWindow(hours)));
  });

  test.each(features)('$id is unknown when a price in its last bars is not finite', ({ compute }) => {
    for (const broken of [Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(compute(hourlyWindow([...rises, [broken, broken, broken]]))).toBeNull();
    }
  });

  test('a market without any range has no true range ratio', () => {
    const flat = hourlyWindow(Array.from({ length: 30 }, () => [1000, 1000, 1000] as const));
    expect(featureRow(ids, { '1h': flat })).toEqual({
      values: [0.5, 50, Number.NaN],
      missing: ['true-range-ratio-20-1h'],
    });
  });
});

describe('feature row', () => {
  test('follows the order of the ids', () => {
    const row = featureRow(ids, { '1h': week });
    const turned = featureRow(ids.toReversed(), { '1h': week });
    expect(row.missing).toEqual([]);
    expect(turned.values).toEqual(row.values.toReversed());
  });

  test('names what a short window leaves out', () => {
    const { values, missing } = featureRow(ids, { '1h': hourlyWindow([...rises.slice(0, 20), dip]) });
    expect(missing).toEqual(['rsi-2-1h']);
    expect(values[ids.indexOf('rsi-2-1h')]).toBeNaN();
  });

  test('names everything when the window is missing', () => {
    expect(featureRow(ids, {}).missing).toEqual(ids);
  });

  test('refuses an unknown id', () => {
    expect(() => featureRow(['vix-1d'], {})).toThrow(/unknown feature 'vix-1d': known are ibs-1h/);
  });
});

describe('registry', () => {
  test('ids are unique and every lookback is at least one bar', () => {
    expect(new Set(ids).size).toBe(ids.length);
    for (const { lookback } of features) expect(lookback).toBeGreaterThanOrEqual(1);
  });

  test('the needed history is the longest lookback of each timeframe', () => {
    expect(featureLookbacks(ids)).toEqual({ '1h': 22 });
    expect(featureLookbacks(['ibs-1h'])).toEqual({ '1h': 1 });
    expect(featureLookbacks([])).toEqual({});
  });

  test('the text names the formulas in order', () => {
    expect(registryText(['ibs-1h'])).toBe(
      '["ibs-1h",1,"fraction","1h",1,"(close - low) / (high - low) of the last bar, 0.5 when it has no range"]',
    );
    expect(registryText(ids).split('\n')).toHaveLength(ids.length);
    expect(registryText(ids.toReversed())).not.toBe(registryText(ids));
  });
});
