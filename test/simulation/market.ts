import { makeRandom, type Random } from '#adapters/generator/random.ts';
import type { Bar, Ohlcv } from '#core/market/bar.ts';
import { nextInSessionMinute } from '#core/market/buckets.ts';
import { cmeCalendar } from '#core/market/cme-hours.ts';
import { instrumentOf, roundToTick } from '#core/market/instrument.ts';
import type { Slice } from '#core/market/slice.ts';
import { MINUTE_MS } from '#core/market/timeframe.ts';

/** Minutes between signal bars. Shorter than their name says, so that a short run has many entries. */
export const SIGNAL_MINUTES = 3;

/** What the slices of a simulated stretch are like. */
export interface MarketOptions {
  readonly seed: number;
  /** Contracts with the price each starts at, dollars per unit; all of them print. */
  readonly contracts: readonly { readonly root: string; readonly contract: string; readonly price: number }[];
  /** Lead contract by root in the n-th minute. */
  readonly leads: (minute: number) => Readonly<Record<string, string>>;
  readonly startMs: number;
  /** Minutes in session; closed time is stepped over. */
  readonly minutes: number;
  /** Probability that minutes are missing from here on; a hole is up to ten minutes long. */
  readonly gapChance: number;
}

/** Slices of a restless market, minute by minute of its session. */
export function marketSlices({ seed, contracts, leads, startMs, minutes, gapChance }: MarketOptions): Slice[] {
  const random = makeRandom(seed, 'market');
  const paths = contracts.map((one) => ({ ...one, random: makeRandom(seed, one.contract) }));
  const slices: Slice[] = [];
  const calendar = cmeCalendar();
  const groups = new Set(contracts.map(({ root }) => instrumentOf(root).group));
  let missing = 0;
  let missingInARow = 0;
  let closeTimeMs = startMs;
  for (let minute = 1; minute <= minutes; minute++) {
    closeTimeMs = nextInSessionMinute(calendar, groups, closeTimeMs);
    const bars = paths.flatMap((path) => {
      const { root, contract } = path;
      const series = { root, contract, closeTimeMs, revision: 0, grade: 'proved' } as const;
      const ohlcv = nextMinute(path);
      const bar = (timeframe: '1m' | '15m', length: number): Bar => {
        return { ...series, ...ohlcv, timeframe, openTimeMs: closeTimeMs - length * MINUTE_MS };
      };
      const signal = minute % SIGNAL_MINUTES === 0 ? [bar('15m', SIGNAL_MINUTES)] : [];
      return path.random.uniform() < 0.9 ? [bar('1m', 1), ...signal] : signal;
    });
    if (missing === 0 && random.uniform() < gapChance) missing = 1 + Math.floor(9 * random.uniform());
    missingInARow = missing === 0 ? 0 : missingInARow + 1;
    if (missing > 1 && minute < minutes) {
      missing -= 1;
      continue;
    }
    const previousCloseTimeMs = slices.at(-1)?.closeTimeMs ?? null;
    const fromMs = previousCloseTimeMs ?? startMs;
    const gap = { fromMs, toMs: closeTimeMs, minutes: missingInARow };
    const known =
      missing === 0 ? { gap: null, grade: 'proved' as const, bars } : { gap, grade: 'holed' as const, bars: [] };
    const chain = { schemaVersion: 1, closeTimeMs, previousCloseTimeMs } as const;
    slices.push({ ...chain, ...known, leads: leads(minute), source: 'simulation' });
    missing = 0;
  }
  return slices;
}

function nextMinute(path: { readonly root: string; price: number; readonly random: Random }): Ohlcv {
  const instrument = instrumentOf(path.root);
  const open = path.price;
  const close = roundToTick(instrument, open * (1 + 0.0015 * path.random.normal()), 'nearest');
  const high = Math.max(open, close) + instrument.tickSize;
  const low = Math.min(open, close) - instrument.tickSize;
  path.price = close;
  return { open, high, low, close, volume: 100 };
}
