import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FeedEvent } from '#core/market/feed.ts';
import { mergeSpans } from '#core/market/session-spans.ts';
import { MINUTE_MS } from '#core/market/timeframe.ts';
import { coin, coinStrategy } from '#test/simulation/coin.ts';
import { feedOf, generatedEvents, withGap } from '#test/simulation/feeds.ts';
import { type PlainRun, plainLoop } from '#test/simulation/plain-loop.ts';

const RUNS = 7;
const SIGNAL_BAR_MS = 15 * MINUTE_MS;
const OPEN_MS = Date.parse('2024-11-11T23:00Z');
/** Ten minutes before the session closes. */
const LAST_EXIT_MS = Date.parse('2024-11-12T21:50Z');
const universe = ['ES'];
const options = {
  strategy: coinStrategy('coin', universe, { positionsMax: 1, dailyStopUsd: 1_000_000 }),
  universe,
  announceFromTradeDate: '2024-11-12',
};

interface Hole {
  readonly minute: number;
  readonly minutes: number;
}

const holes: fc.Arbitrary<Hole[]> = fc.array(
  fc.record({ minute: fc.integer({ min: 1, max: 1_370 }), minutes: fc.integer({ min: 1, max: 180 }) }),
  { minLength: 2, maxLength: 6 },
);

function gapsOf({ slices }: PlainRun): { fromMs: number; toMs: number }[] {
  return slices.flatMap(({ gap }) => gap ?? []);
}

describe('a hole', () => {
  test('vetoes entries, never exits', async () => {
    const told = await Promise.all([11, 12, 13].map((seed) => generatedEvents({ seed, universe, sessions: 2 })));
    const seen = { refused: 0, late: 0, autoClosed: 0 };
    const property = fc.asyncProperty(fc.constantFrom(...told), holes, async (events, found) => {
      const spans = found.map(({ minute, minutes }) => ({
        fromMs: OPEN_MS + minute * MINUTE_MS,
        toMs: OPEN_MS + (minute + minutes) * MINUTE_MS,
      }));
      const holed = mergeSpans(spans).reduce((kept, { fromMs, toMs }) => withGap(kept, fromMs, toMs), events);
      const run = await plainLoop(feedOf(holed), options);
      const gaps = gapsOf(run);
      for (const { action, closeTimeMs, reason } of run.decisions) {
        const windowMs = closeTimeMs - coin.lookback({}) * SIGNAL_BAR_MS;
        const touches = gaps.some(({ fromMs, toMs }) => fromMs < closeTimeMs && toMs > windowMs);
        if (action === 'enter') expect(touches, `entered at ${closeTimeMs} on a hole`).toBe(false);
        if (reason.startsWith('certificate')) seen.refused += 1;
      }
      seen.late += lateExits(run);
      seen.autoClosed += run.decisions.filter(({ reason }) => reason === 'auto-close').length;
      expectNoExitIsOverdue(run);
    });
    const overTheClose = told.map((events) => [events, [{ minute: 1_368, minutes: 5 }]] as [FeedEvent[], Hole[]]);
    await fc.assert(property, { numRuns: RUNS, seed: 4, examples: overTheClose });
    expect(seen.autoClosed).toBeGreaterThan(0);
    expect(seen.refused).toBeGreaterThan(2);
    expect(seen.late).toBeGreaterThan(2);
  });
});

/** Exits whose instant passed while nothing could be seen, and which went out on the gap slice itself. */
function lateExits({ decisions, slices }: PlainRun): number {
  const gapCloses = new Set(slices.filter(({ gap }) => gap !== null).map(({ closeTimeMs }) => closeTimeMs));
  return decisions.filter(({ action, closeTimeMs }) => action === 'exit' && gapCloses.has(closeTimeMs)).length;
}

/** After every slice, no lane holds a position whose stop, target, bar stop or automatic close has come. */
function expectNoExitIsOverdue({ images }: PlainRun): void {
  for (const { journal, lanes, lastSliceMs } of images) {
    if (journal?.change.kind !== 'slice') continue;
    const nowMs = lastSliceMs ?? 0;
    for (const { state, position } of Object.values(lanes)) {
      if (state !== 'OPEN' || position === null) continue;
      const { side, mark, signalPrice, plan } = position;
      const entry = position.fillPrice ?? signalPrice;
      const gained = (side === 'long' ? mark - entry : entry - mark) / entry;
      expect(gained, `at ${nowMs}`).toBeGreaterThan(-plan.stop!.value);
      expect(gained, `at ${nowMs}`).toBeLessThan(plan.target!.value);
      expect(nowMs).toBeLessThan(LAST_EXIT_MS);
      const fillBucket = Math.floor((position.filledAtMs ?? nowMs) / SIGNAL_BAR_MS);
      expect(nowMs).toBeLessThan((fillBucket + 1 + plan.barStopBars!) * SIGNAL_BAR_MS);
    }
  }
}
