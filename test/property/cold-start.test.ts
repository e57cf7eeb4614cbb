import fc from 'fast-check';
import { expect, test } from 'vitest';
import { coinStrategy } from '#test/simulation/coin.ts';
import { fakeModel } from '#test/simulation/fake-model.ts';
import { feedOf, generatedEvents } from '#test/simulation/feeds.ts';
import { plainLoop } from '#test/simulation/plain-loop.ts';

const RUNS = 3;

test('start date does not matter: a cold start anywhere gives the decisions of a trader that never stopped', async () => {
  const universe = ['ES', 'GC'];
  const strategy = {
    ...coinStrategy('coin', universe, { positionsMax: 2, dailyStopUsd: 1_500 }),
    veto: 'required' as const,
  };
  const models = { ES: fakeModel, GC: fakeModel };
  const options = { strategy, universe, models, announceFromTradeDate: '2024-11-13' };
  const events = await generatedEvents({ seed: 5, universe, sessions: 3 });
  const run = await plainLoop(feedOf(events), options);
  expect(run.route.orders.length).toBeGreaterThan(10);
  const property = fc.asyncProperty(fc.integer({ min: 1, max: 40 }), async (every) => {
    let count = 0;
    const restartsAt = (): boolean => {
      count += 1;
      return count % every === 0;
    };
    const restarted = await plainLoop(feedOf(events), { ...options, restartsAt });
    expect(restarted.decisions).toEqual(run.decisions);
    expect(restarted.images).toEqual(run.images);
  });
  await fc.assert(property, { numRuns: RUNS, seed: 3, examples: [[1]] });
});
