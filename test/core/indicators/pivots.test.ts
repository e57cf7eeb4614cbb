import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { pivots } from '#core/indicators/pivots.ts';

const reach = { left: 2, right: 2 };
const highs = (...high: number[]) => ({ high: Float64Array.from(high), low: new Float64Array(high.length) });
const lows = (...low: number[]) => ({ high: new Float64Array(low.length).fill(99), low: Float64Array.from(low) });

describe('pivots', () => {
  test('a high is confirmed when the bars to its right have closed', () => {
    expect(pivots(highs(1, 2, 5, 3), reach).high.last).toBeNull();
    expect(pivots(highs(1, 2, 5, 3, 4), reach).high.last).toBe(5);
    expect(pivots(lows(9, 8, 5, 7), reach).low.last).toBeNull();
    expect(pivots(lows(9, 8, 5, 7, 6), reach).low.last).toBe(5);
  });

  test('the left side must be strictly beaten, the right side only matched', () => {
    expect(pivots(highs(1, 5, 5, 3, 4), reach).high.last).toBeNull();
    expect(pivots(highs(1, 2, 5, 5, 4), reach).high.last).toBe(5);
    expect(pivots(lows(9, 5, 5, 7, 6), reach).low.last).toBeNull();
    expect(pivots(lows(9, 8, 5, 5, 6), reach).low.last).toBe(5);
  });

  test('last and previous are the two newest', () => {
    expect(pivots(highs(0, 0, 7, 0, 0, 9, 0, 0, 8, 0, 0), reach).high).toEqual({ last: 8, previous: 9 });
    expect(pivots(lows(9, 9, 3, 9, 9, 1, 9, 9, 2, 9, 9), reach).low).toEqual({ last: 2, previous: 1 });
  });

  test('the sides may differ in length', () => {
    const { high } = pivots(highs(4, 1, 2, 3), { left: 1, right: 2 });
    expect(high.last).toBeNull();
    expect(pivots(highs(1, 4, 2, 3), { left: 1, right: 2 }).high.last).toBe(4);
  });

  test('a price that is not finite makes every pivot unknown', () => {
    const bars = highs(1, 2, 5, 3, 4);
    const unknown = { last: null, previous: null };
    for (const broken of [Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(pivots({ ...bars, low: bars.low.with(0, broken) }, reach)).toEqual({ high: unknown, low: unknown });
    }
  });

  test('lows are the highs of the mirrored market', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 40 }), (prices) => {
        const column = Float64Array.from(prices);
        const mirrored = column.map((price) => -price);
        const { high } = pivots({ high: column, low: column }, reach);
        const { low } = pivots({ high: mirrored, low: mirrored }, reach);
        const negated = (price: number | null) => (price === null ? null : -price);
        expect({ last: negated(low.last), previous: negated(low.previous) }).toEqual(high);
      }),
    );
  });
});
