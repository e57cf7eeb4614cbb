import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Backoff } from '../../../../adapters/databento/live/backoff.ts';

describe('delays between connections', () => {
  test('grow from within a second to within a minute, anywhere below their bound', () => {
    const most = new Backoff(() => 0.999_999);
    const bounds = Array.from({ length: 9 }, () => Math.round(most.afterFailure(1e9)));
    expect(bounds).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
    const half = new Backoff(() => 0.5);
    expect([half.afterFailure(1e9), half.afterFailure(1e9)]).toEqual([500, 1_000]);
  });

  test('begin anew after a good connection', () => {
    const backoff = new Backoff(() => 0.5);
    backoff.afterFailure(1e9);
    backoff.afterFailure(1e9);
    backoff.reset();
    expect(backoff.afterFailure(1e9)).toBe(500);
  });

  test('are half a minute to a minute when there are too many connections', () => {
    expect(new Backoff(() => 0).afterLimit(1e9)).toBe(30_000);
    expect(new Backoff(() => 0.999_999).afterLimit(1e9)).toBeCloseTo(60_000, 0);
  });

  test('never allow more than five connections within any second', () => {
    const steps = fc.array(
      fc.record({ random: fc.double({ min: 0, max: 0.001, noNaN: true }), lastedMs: fc.nat(300) }),
      {
        minLength: 10,
      },
    );
    fc.assert(
      fc.property(steps, (some) => {
        let random = 0;
        const backoff = new Backoff(() => random);
        let nowMs = 0;
        const connects = some.map((step) => {
          backoff.connecting(nowMs);
          const at = nowMs;
          random = step.random;
          nowMs += step.lastedMs;
          backoff.reset();
          nowMs += backoff.afterFailure(nowMs);
          return at;
        });
        for (const at of connects) {
          expect(connects.filter((other) => other >= at && other < at + 1_000).length).toBeLessThanOrEqual(5);
        }
      }),
    );
  });
});
