import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { IntervalSet } from '../../../../adapters/databento/live/interval-set.ts';

describe('the set of intervals', () => {
  test('is a set, as far back as it reaches', () => {
    const minute = 60_000_000_000n;
    fc.assert(
      fc.property(fc.array(fc.nat(1_500), { maxLength: 300 }), (minutes) => {
        const set = new IntervalSet(minute, 1_500n * minute);
        const seen = new Set<number>();
        for (const one of minutes) {
          expect(set.add(BigInt(one + 30_000_000) * minute)).toBe(!seen.has(one));
          seen.add(one);
        }
      }),
    );
  });
});
