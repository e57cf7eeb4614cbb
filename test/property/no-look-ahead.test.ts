import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { MinuteBar } from '#core/market/bar.ts';
import type { FeedEvent } from '#core/market/feed.ts';
import { MINUTE_MS } from '#core/market/timeframe.ts';
import { ibs } from '#strategies/ibs.ts';
import { coinStrategy } from '#test/simulation/coin.ts';
import { fakeModel } from '#test/simulation/fake-model.ts';
import { changedAfter, feedOf, generatedEvents, hasRecordedBars, recordedEvents } from '#test/simulation/feeds.ts';
import { type PlainOptions, type PlainRun, plainLoop } from '#test/simulation/plain-loop.ts';

const RUNS = 2;
const limits = { positionsMax: 1, dailyStopUsd: 1_500 };

/** Everything decided, ordered and booked by slices that close at or before an instant. */
function upTo({ decisions, route, images }: PlainRun, timeMs: number): unknown {
  return {
    decisions: decisions.filter(({ closeTimeMs }) => closeTimeMs <= timeMs),
    orders: route.orders.filter(({ decisionTimeMs }) => decisionTimeMs <= timeMs),
    images: images.filter(({ lastSliceMs }) => (lastSliceMs ?? 0) <= timeMs),
  };
}

/** Runs the events, and again with other bars after a random instant of the stretch that is announced. */
async function expectBlindness(events: readonly FeedEvent[], options: PlainOptions, fromMs: number): Promise<void> {
  const run = await plainLoop(feedOf(events), options);
  const lastMs = run.slices.at(-1)?.closeTimeMs ?? fromMs;
  const instants = fc.integer({ min: 0, max: Math.floor((lastMs - fromMs) / MINUTE_MS) });
  const property = fc.asyncProperty(instants, fc.double({ min: 0.5, max: 2, noNaN: true }), async (minute, factor) => {
    const timeMs = fromMs + minute * MINUTE_MS;
    const other = await plainLoop(feedOf(changedAfter(events, timeMs, (bar) => scaled(bar, factor))), options);
    expect(upTo(other, timeMs)).toEqual(upTo(run, timeMs));
  });
  await fc.assert(property, { numRuns: RUNS, seed: 2, examples: [[0, 2]] });
  // The change is seen as soon as it may be, so that the comparison above means something.
  const other = await plainLoop(feedOf(changedAfter(events, fromMs, (bar) => scaled(bar, 2))), options);
  expect(upTo(other, lastMs)).not.toEqual(upTo(run, lastMs));
}

function scaled(bar: MinuteBar, factor: number): MinuteBar {
  const { open, high, low, close } = bar;
  return { ...bar, open: open * factor, high: high * factor, low: low * factor, close: close * factor };
}

describe('no look-ahead: changing any bar after t changes no decision, intent or aggregate at or before t', () => {
  test('on generated bars, with a model', async () => {
    const universe = ['ES'];
    const strategy = { ...coinStrategy('coin', universe, limits), veto: 'required' as const };
    const options = { strategy, universe, models: { ES: fakeModel }, announceFromTradeDate: '2024-11-13' };
    const events = await generatedEvents({ seed: 3, universe, sessions: 3 });
    await expectBlindness(events, options, Date.parse('2024-11-12T23:00Z'));
  });

  test.skipIf(!hasRecordedBars)('on recorded ES bars (needs ../shared/data, else skipped)', async () => {
    const params = ibs.params.parse({ pivot: null });
    const line = { root: 'ES', tradedRoot: 'ES', size: { contracts: 1 }, definition: ibs, params };
    const options = { strategy: { ...coinStrategy('ibs-es', [], limits), lines: [line] }, universe: ['ES'] };
    const events = await recordedEvents(Date.parse('2013-10-08T20:15Z'));
    await expectBlindness(events, options, Date.parse('2013-10-07T22:00Z'));
  });
});
