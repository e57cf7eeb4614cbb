import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TickTrail } from '../../../../adapters/databento/live/tick-trail.ts';

describe('the trail of an instrument', () => {
  const add = (trail: TickTrail, ns: number): void => trail.add(Math.floor(ns / 2 ** 32), ns % 2 ** 32);
  const takeDue = (trail: TickTrail, ns: number): boolean => trail.takeDue(Math.floor(ns / 2 ** 32), ns % 2 ** 32);

  test('knows each delivered record of a replay, whatever it remembers of them', () => {
    const times = fc.array(fc.nat(100), { maxLength: 200 });
    fc.assert(
      fc.property(times, fc.integer({ min: 1, max: 20 }), fc.nat(200), (some, runsMax, retention) => {
        // In order, so that nothing new is older than what is forgotten.
        const delivered = some.sort((a, b) => a - b).map((time) => time * 1e9);
        const trail = new TickTrail(BigInt(retention) * 1_000_000_000n, runsMax);
        for (const ns of delivered) add(trail, ns);
        trail.beginReplay();
        for (const ns of delivered) expect(takeDue(trail, ns)).toBe(true);
        const newest = delivered.at(-1);
        if (newest !== undefined) expect(takeDue(trail, newest)).toBe(false);
        expect(takeDue(trail, 101e9)).toBe(false);
      }),
    );
  });

  test('remembers no more than it may, and takes what is older for delivered', () => {
    const trail = new TickTrail(1_000n, 2);
    for (const ns of [10, 20, 30]) add(trail, ns);
    trail.beginReplay();
    expect([5, 10, 15, 20, 30].map((ns) => takeDue(trail, ns))).toEqual([true, true, false, true, true]);
  });

  test('knows nothing when no replay is going on', () => {
    const trail = new TickTrail(10n);
    add(trail, 5);
    expect(takeDue(trail, 5)).toBe(false);
    trail.beginReplay();
    trail.endReplay();
    expect(takeDue(trail, 5)).toBe(false);
  });
});
