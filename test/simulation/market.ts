import { makeRandom } from '#adapters/generator/random.ts';
import type { Bar, Ohlcv } from '#core/market/bar.ts';
import { instrumentOf, roundToTick } from '#core/market/instrument.ts';
import type { Slice } from '#core/market/slice.ts';
import { MINUTE_MS } from '#core/market/timeframe.ts';

/** Minutes between signal bars. Shorter than their name says, so that a short run has many entries. */
export const SIGNAL_MINUTES = 3;

/** What the slices of a simulated stretch are like. */
export interface MarketOptions {
  readonly seed: number;
  /** Lead contract by root. */
  readonly leads: Readonly<Record<string, string>>;
  readonly startMs: number;
  readonly minutes: number;
  /** Probability that minutes are missing from here on; a hole is up to ten minutes long. */
  readonly gapChance: number;
}

/** Slices of a restless market, minute by minute, within one session. */
export function marketSlices({ seed, leads, startMs, minutes, gapChance }: MarketOptions): Slice[] {
  const random = makeRandom(seed, 'market');
  const prices = new Map(Object.keys(leads).map((root) => [root, 1_000]));
  const slices: Slice[] = [];
  let previousCloseTimeMs: number | null = null;
  let missing = 0;
  for (let minute = 1; minute <= minutes; minute++) {
    const closeTimeMs = startMs + minute * MINUTE_MS;
    const bars: Bar[] = [];
    for (const [root, contract] of Object.entries(leads)) {
      const bar = nextMinute(root, prices, () => random.normal());
      const series = { root, contract, closeTimeMs, revision: 0, grade: 'proved' } as const;
      if (random.uniform() < 0.9) bars.push({ ...series, ...bar, timeframe: '1m', openTimeMs: closeTimeMs - MINUTE_MS });
      if (minute % SIGNAL_MINUTES !== 0) continue;
      bars.push({ ...series, ...bar, timeframe: '15m', openTimeMs: closeTimeMs - SIGNAL_MINUTES * MINUTE_MS });
    }
    if (missing > 0 || (minute < minutes && random.uniform() < gapChance)) {
      missing = missing === 0 ? 1 + Math.floor(9 * random.uniform()) : missing - 1;
      if (missing > 0 && minute < minutes) continue;
    }
    const fromMs = previousCloseTimeMs ?? startMs;
    const gapMinutes = (closeTimeMs - fromMs) / MINUTE_MS;
    const gap = gapMinutes > 1 ? { fromMs, toMs: closeTimeMs, minutes: gapMinutes } : null;
    slices.push({
      schemaVersion: 1,
      closeTimeMs,
      previousCloseTimeMs,
      gap,
      grade: gap === null ? 'proved' : 'holed',
      bars: gap === null ? bars : [],
      leads,
      source: 'simulation',
    });
    previousCloseTimeMs = closeTimeMs;
  }
  return slices;
}

function nextMinute(root: string, prices: Map<string, number>, normal: () => number): Ohlcv {
  const instrument = instrumentOf(root);
  const open = prices.get(root) ?? 1_000;
  const close = roundToTick(instrument, open * (1 + 0.0015 * normal()), 'nearest');
  const high = Math.max(open, close) + instrument.tickSize;
  const low = Math.min(open, close) - instrument.tickSize;
  prices.set(root, close);
  return { open, high, low, close, volume: 100 };
}
