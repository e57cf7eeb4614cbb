import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Slice } from '#core/market/slice.ts';
import { MINUTE_MS } from '#core/market/timeframe.ts';
import type { Window } from '#core/market/window.ts';
import { makeWindowCache } from '#core/market/window-cache.ts';
import { coinStrategy } from '#test/simulation/coin.ts';
import { fakeModel } from '#test/simulation/fake-model.ts';
import { feedOf, generatedEvents } from '#test/simulation/feeds.ts';
import { plainLoop } from '#test/simulation/plain-loop.ts';

const RUNS = 3;
const universe = ['ES', 'GC'];
const limits = { positionsMax: 2, dailyStopUsd: 1_500 };
const strategy = { ...coinStrategy('coin', universe, limits), veto: 'required' as const };
const models = { ES: fakeModel, GC: fakeModel };
const options = { strategy, universe, models, announceFromTradeDate: '2024-11-13' };

/** True every so many times. */
function everyNth(n: number): () => boolean {
  let count = 0;
  return () => {
    count += 1;
    return count % n === 0;
  };
}

test('start date does not matter: a cold start anywhere gives the decisions of a trader that never stopped', async () => {
  const events = await generatedEvents({ seed: 5, universe, sessions: 3 });
  const run = await plainLoop(feedOf(events), options);
  expect(run.route.orders.length).toBeGreaterThan(10);
  const property = fc.asyncProperty(fc.integer({ min: 1, max: 40 }), async (every) => {
    const restarted = await plainLoop(feedOf(events), { ...options, restartsAt: everyNth(every) });
    expect(restarted.decisions).toEqual(run.decisions);
    expect(restarted.images).toEqual(run.images);
  });
  await fc.assert(property, { numRuns: RUNS, seed: 3, examples: [[1]] });
});

test('start date does not matter: where the stream lost slices, they are taken from the log, by a trader that went on as by one that just started', async () => {
  const events = await generatedEvents({ seed: 6, universe, sessions: 3 });
  const everyFourthQuarterHour = ({ closeTimeMs }: Slice): boolean => (closeTimeMs / (15 * MINUTE_MS)) % 4 === 1;
  const losing = { ...options, loses: everyFourthQuarterHour };
  const run = await plainLoop(feedOf(events), losing);
  const restarted = await plainLoop(feedOf(events), { ...losing, restartsAt: () => true });
  expect(run.route.orders.length).toBeGreaterThan(10);
  expect(run.decisions).toEqual(restarted.decisions);
  expect(run.images).toEqual(restarted.images);
  const journal = run.images.flatMap(({ journal: row }) =>
    row?.change.kind === 'slice' ? [row.change.closeTimeMs] : [],
  );
  const lastTaken = run.slices.findLast((slice) => !everyFourthQuarterHour(slice))?.closeTimeMs ?? 0;
  const upToLastTaken = run.slices.map(({ closeTimeMs }) => closeTimeMs).filter((timeMs) => timeMs <= lastTaken);
  expect(journal).toEqual(upToLastTaken);
});

test('start date does not matter: a read that outlasts its slice leaves nothing behind', async () => {
  const slow = Promise.withResolvers<Window>();
  const windowOf = (asOfMs: number): Window => ({ ...emptyWindow, asOfMs });
  let reads = 0;
  const cache = makeWindowCache({
    window: (_request, asOfMs) => {
      reads += 1;
      return reads === 1 ? slow.promise : Promise.resolve(windowOf(asOfMs));
    },
  });
  const request = { root: 'ES', contract: 'ESZ2024', timeframe: '1h', lookback: 3 } as const;
  cache.follow(aSlice(60_000, null));
  const late = cache.window(request);
  cache.follow(aSlice(120_000, 60_000));
  expect((await cache.window(request)).asOfMs).toBe(120_000);
  slow.resolve(windowOf(60_000));
  await late;
  expect((await cache.window(request)).asOfMs).toBe(120_000);
});

const none = new Float64Array();
const emptyWindow: Window = {
  root: 'ES',
  contract: 'ESZ2024',
  timeframe: '1h',
  asOfMs: 0,
  length: 0,
  openTimeMs: none,
  closeTimeMs: none,
  open: none,
  high: none,
  low: none,
  close: none,
  volume: none,
  grade: [],
  gaps: [],
};

function aSlice(closeTimeMs: number, previousCloseTimeMs: number | null): Slice {
  const nothing = { gap: null, grade: 'proved', bars: [], leads: {}, source: 'test' } as const;
  return { schemaVersion: 1, closeTimeMs, previousCloseTimeMs, ...nothing };
}
