import { describe, expect, test } from 'vitest';
import { meanTrueRange, trueRange } from '#core/indicators/true-range.ts';
import { csvVectors, head, skenderVectors, vectorsPresent } from './reference-vectors.ts';

// True ranges from the second bar on: 3 (gap up from 11), 6 (gap down from 14), 2 (inside).
const bars = {
  high: Float64Array.of(12, 14, 10, 10),
  low: Float64Array.of(10, 12, 8, 8),
  close: Float64Array.of(11, 14, 9, 9),
};

describe('true range', () => {
  test('includes the gap from the close before', () => {
    expect([1, 2, 3].map((i) => trueRange(bars, i))).toEqual([3, 6, 2]);
  });

  test('is not a number for the first bar', () => {
    expect(trueRange(bars, 0)).toBeNaN();
  });

  test.skipIf(!vectorsPresent).each([
    ['Lean', () => csvVectors('lean_spy_tr.txt', 'TR')],
    ['Stock.Indicators', () => skenderVectors('tr.standard.json', 'tr')],
  ] as const)('equals %s', (_, load) => {
    const { bars, expected } = load();
    let compared = 0;
    for (const [i, value] of expected.entries()) {
      if (Number.isNaN(value)) continue;
      expect(trueRange(bars, i)).toBeCloseTo(value, 9);
      compared++;
    }
    expect(compared).toBeGreaterThan(100);
  });
});

describe('mean true range', () => {
  test('is the simple mean of the last true ranges', () => {
    expect(meanTrueRange(bars, 2)).toBe(4);
    expect(meanTrueRange(bars, 3)).toBeCloseTo(11 / 3, 12);
  });

  test('needs one bar more than its length', () => {
    expect(meanTrueRange(bars, 4)).toBeNull();
  });

  test.each(['high', 'low', 'close'] as const)('is unknown when a %s that it reads is not finite', (name) => {
    for (const broken of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      expect(meanTrueRange({ ...bars, [name]: bars[name].with(2, broken) }, 2)).toBeNull();
    }
  });

  test.skipIf(!vectorsPresent)('equals the simple average true range of Lean', () => {
    const { bars, expected } = csvVectors('lean_spy_atr.txt', 'Average True Range 14');
    let compared = 0;
    for (const [last, value] of expected.entries()) {
      if (Number.isNaN(value)) continue;
      expect(meanTrueRange(head(bars, last + 1), 14)).toBeCloseTo(value, 4);
      compared++;
    }
    expect(compared).toBeGreaterThan(100);
  });
});
