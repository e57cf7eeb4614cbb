import { describe, expect, test } from 'vitest';
import { wilderRsi } from '#core/indicators/rsi.ts';
import { csvVectors, head, referenceVectors, skenderVectors, vectorsPresent } from './reference-vectors.ts';

const closes = (...values: number[]) => Float64Array.from(values);

describe('Wilder RSI', () => {
  test('gains alone give 100, losses alone 0, a flat column 50', () => {
    expect(wilderRsi(closes(1, 2, 3, 4), 2)).toBe(100);
    expect(wilderRsi(closes(4, 3, 2, 1), 2)).toBe(0);
    expect(wilderRsi(closes(4, 4, 4, 4), 2)).toBe(50);
  });

  test('is seeded by the simple mean of the first changes and smoothed after them', () => {
    // Changes +1, -3 seed gain 0.5 and loss 1.5; +2 makes gain 1.25 and loss 0.75.
    expect(wilderRsi(closes(10, 11, 8), 2)).toBeCloseTo(25, 12);
    expect(wilderRsi(closes(10, 11, 8, 10), 2)).toBeCloseTo(62.5, 12);
  });

  test('needs one close more than its length', () => {
    expect(wilderRsi(closes(1, 2), 2)).toBeNull();
    expect(wilderRsi(closes(), 2)).toBeNull();
    expect(wilderRsi(closes(1, 2, 3), 2)).not.toBeNull();
  });

  test('is unknown when a close is not finite, wherever it stands', () => {
    for (const broken of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      for (let at = 0; at < 6; at++) {
        const column = closes(10, 11, 8, 10, 9, 12);
        column[at] = broken;
        expect(wilderRsi(column, 2)).toBeNull();
      }
    }
  });

  // The reference divides the average gain by the average loss of one bar earlier, all other libraries do not. After a
  // gain the average loss only decays by (n - 1) / n, so its ratio is that much smaller than ours; elsewhere no ratio follows.
  test.skipIf(!vectorsPresent)('equals the reference system up to its late average loss', () => {
    const ratio = (rsi: number) => rsi / (100 - rsi);
    const { bars, expected } = referenceVectors();
    const rises = expected.filter(([last]) => bars.close[last]! >= bars.close[last - 1]!);
    expect(rises.length).toBeGreaterThanOrEqual(3);
    for (const [last, values] of rises) {
      for (const n of [2, 5, 14]) {
        const ours = ratio(wilderRsi(head(bars, last + 1).close, n)!);
        const late = (ours * (n - 1)) / n;
        expect(100 - 100 / (1 + late)).toBeCloseTo(values[`rsi${n}`]!, 6);
      }
    }
  });

  test.skipIf(!vectorsPresent).each([
    ['Lean', () => csvVectors('lean_spy_with_indicators.txt', 'RSI 14 Wilder'), 4],
    ['Stock.Indicators', () => skenderVectors('rsi.standard.json', 'rsi'), 9],
  ] as const)('equals %s', (_, load, digits) => {
    const { bars, expected } = load();
    let compared = 0;
    for (const [last, value] of expected.entries()) {
      if (Number.isNaN(value)) continue;
      expect(wilderRsi(head(bars, last + 1).close, 14)).toBeCloseTo(value, digits);
      compared++;
    }
    expect(compared).toBeGreaterThan(100);
  });
});
