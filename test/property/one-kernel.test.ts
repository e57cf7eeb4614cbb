import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ibs } from '#strategies/ibs.ts';
import { coinStrategy } from '#test/simulation/coin.ts';
import { fakeModel } from '#test/simulation/fake-model.ts';
import { feedOf, generatedEvents, hasRecordedBars, recordedEvents } from '#test/simulation/feeds.ts';
import { plainLoop } from '#test/simulation/plain-loop.ts';
import { firstDifference, replayed } from '#test/simulation/replayed.ts';

const RUNS = 2;
const limits = { positionsMax: 1, dailyStopUsd: 1_500 };

describe('one kernel: replaying the recorded inputs gives every aggregate and decision bit for bit', () => {
  test('of generated sessions, with a model', async () => {
    const seeds = fc.integer({ min: 1, max: 1_000 });
    const property = fc.asyncProperty(seeds, async (seed) => {
      const universe = ['ES', 'GC'];
      const strategy = { ...coinStrategy('coin', universe, limits), veto: 'required' as const };
      const models = { ES: fakeModel, GC: fakeModel };
      const options = { strategy, universe, models, announceFromTradeDate: '2024-11-13' };
      const run = await plainLoop(feedOf(await generatedEvents({ seed, universe, sessions: 3 })), options);
      expect(new Set(run.decisions.map(({ action }) => action))).toEqual(
        new Set(['enter', 'exit', 'hold', 'refused', 'vetoed']),
      );
      expect(firstDifference(run.images, await replayed({ ...run, strategy }))).toBeNull();
    });
    await fc.assert(property, { numRuns: RUNS, seed: 1 });
  });

  test.skipIf(!hasRecordedBars)('of recorded ES sessions (needs ../shared/data, else skipped)', async () => {
    const untilMs = Date.parse('2013-10-09T20:15Z');
    const line = { root: 'ES', tradedRoot: 'ES', size: { contracts: 1 }, definition: ibs, params: params() };
    const options = { strategy: { ...coinStrategy('ibs-es', [], limits), lines: [line] }, universe: ['ES'] };
    const run = await plainLoop(feedOf(await recordedEvents(untilMs)), options);
    expect(run.route.orders.length).toBeGreaterThan(3);
    expect(firstDifference(run.images, await replayed({ ...run, ...options }))).toBeNull();
  });
});

function params(): unknown {
  return ibs.params.parse({ pivot: null, barStopBars: 3, exitIbs: { low: 0.6 } });
}
