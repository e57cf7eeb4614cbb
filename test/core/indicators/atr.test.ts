import { describe, expect, test } from 'vitest';
import { wilderAtr } from '#core/indicators/atr.ts';
import { head, referenceVectors, skenderVectors, vectorsPresent } from './reference-vectors.ts';

// True ranges from the second bar on: 3, 6, 2; the first bar's own range of 50 must never count.
const bars = {
  high: Float64Array.of(60, 14, 10, 10),
  low: Float64Array.of(10, 12, 8, 8),
  close: Float64Array.of(11, 14, 9, 9),
};
const cut = (length: number) => ({
  high: bars.high.subarray(0, length),
  low: bars.low.subarray(0, length),
  close: bars.close.subarray(0, length),
});

describe('Wilder ATR', () => {
  test('starts as the mean of the true ranges after the first bar and is smoothed after them', () => {
    expect(wilderAtr(cut(3), 2)).toBeCloseTo(4.5, 12);
    expect(wilderAtr(cut(4), 2)).toBeCloseTo(3.25, 12);
  });

  test('needs one bar more than its length', () => {
    expect(wilderAtr(cut(2), 2)).toBeNull();
  });

  test.each(['high', 'low', 'close'] as const)('is unknown when a %s is not finite', (name) => {
    for (const broken of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      expect(wilderAtr({ ...bars, [name]: bars[name].with(2, broken) }, 2)).toBeNull();
    }
  });

  test.skipIf(!vectorsPresent)('equals the reference system from the first bar on', () => {
    const { bars, expected } = referenceVectors();
    for (const [last, values] of expected) {
      for (const n of [5, 14]) expect(wilderAtr(head(bars, last + 1), n)).toBeCloseTo(values[`atr${n}_wilder`]!, 6);
    }
  });

  test.skipIf(!vectorsPresent)('equals Stock.Indicators', () => {
    const { bars, expected } = skenderVectors('atr.standard.json', 'atr');
    let compared = 0;
    for (const [last, value] of expected.entries()) {
      if (Number.isNaN(value)) continue;
      expect(wilderAtr(head(bars, last + 1), 14)).toBeCloseTo(value, 9);
      compared++;
    }
    expect(compared).toBeGreaterThan(100);
  });
});
