import { describe, expect, test } from 'vitest';
import { internalBarStrength } from '#core/indicators/ibs.ts';
import { csvVectors, referenceVectors, vectorsPresent } from './reference-vectors.ts';

describe('internal bar strength', () => {
  test.each([
    ['close at the low', { high: 12, low: 10, close: 10 }, 0],
    ['close at the high', { high: 12, low: 10, close: 12 }, 1],
    ['close a quarter up', { high: 14, low: 10, close: 11 }, 0.25],
    ['no range', { high: 10, low: 10, close: 10 }, 0.5],
    ['high below low', { high: 9, low: 10, close: 9.5 }, 0.5],
    ['close below the low', { high: 12, low: 10, close: 9 }, 0],
    ['close above the high', { high: 12, low: 10, close: 13 }, 1],
    ['negative prices', { high: -10, low: -14, close: -13 }, 0.25],
  ])('%s', (_, bar, expected) => {
    expect(internalBarStrength(bar)).toBe(expected);
  });

  test.each(['high', 'low', 'close'])('is unknown when the %s is not finite', (price) => {
    for (const broken of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      expect(internalBarStrength({ high: 12, low: 10, close: 11, [price]: broken })).toBeNull();
    }
  });

  test.skipIf(!vectorsPresent)('equals the reference system and Lean', () => {
    const { bars, expected } = referenceVectors();
    for (const [i, { ibs }] of expected) {
      expect(internalBarStrength({ high: bars.high[i]!, low: bars.low[i]!, close: bars.close[i]! })).toBeCloseTo(
        ibs!,
        6,
      );
    }
    const lean = csvVectors('lean_spy_with_ibs.csv', 'IBS');
    expect(lean.expected.length).toBeGreaterThan(100);
    for (const [i, value] of lean.expected.entries()) {
      const bar = { high: lean.bars.high[i]!, low: lean.bars.low[i]!, close: lean.bars.close[i]! };
      expect(internalBarStrength(bar)).toBeCloseTo(value, 6);
    }
  });
});
