import { expect, test } from 'vitest';
import type { Slice } from '#core/market/slice.ts';
import { defineStrategy } from '#core/strategy/definition.ts';
import { coinStrategy } from '#test/simulation/coin.ts';
import { feedOf, generatedEvents } from '#test/simulation/feeds.ts';
import { plainLoop } from '#test/simulation/plain-loop.ts';

const universe = ['ES', 'GC'];
const limits = { positionsMax: 2, dailyStopUsd: 1_500 };
const coin = coinStrategy('coin', universe, limits);
const options = { strategy: coin, universe, announceFromTradeDate: '2024-11-13' };
const events = await generatedEvents({ seed: 5, universe, sessions: 3 });

const lastOf = (slices: readonly Slice[]): number | undefined => slices.at(-1)?.closeTimeMs;

test('a poison slice: bars that cannot be read cost the signals of their slice, and no later slice', async () => {
  const run = await plainLoop(feedOf(events), { ...options, readsFail: () => true });
  expect((await run.ledger.load('coin'))?.lastSliceMs).toBe(lastOf(run.slices));
  expect(run.images.flatMap(({ journal }) => (journal?.change.kind === 'slice' ? [1] : []))).toHaveLength(
    run.slices.length,
  );
  expect(run.decisions.filter(({ action }) => action === 'enter')).toEqual([]);
});

test('a poison slice: a definition that throws holds, and the exits of what is open go on', async () => {
  const opens = coin.lines.map((one) => one.definition);
  let calls = 0;
  const throwing = opens.map((definition) =>
    defineStrategy({
      ...definition,
      decide(view) {
        calls += 1;
        if (view.held !== null || calls > 40) throw new Error('a bug');
        return definition.decide(view);
      },
    }),
  );
  const strategy = {
    ...coin,
    lines: coin.lines.map((one, i) => ({ ...one, definition: throwing[i] ?? one.definition })),
  };
  const run = await plainLoop(feedOf(events), { ...options, strategy });
  expect((await run.ledger.load('coin'))?.lastSliceMs).toBe(lastOf(run.slices));
  expect(run.decisions.some(({ reason }) => reason.endsWith('failed: a bug'))).toBe(true);
  const entries = run.route.orders.filter(({ kind }) => kind === 'enter').length;
  expect(entries).toBeGreaterThan(0);
  expect(run.route.orders.filter(({ kind }) => kind === 'exit')).toHaveLength(entries);
});
