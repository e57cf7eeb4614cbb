import type { FaultRates } from '#adapters/databento/gateway/faults.ts';
import { makeRandom, type Random } from '#adapters/databento/gateway/random.ts';

/** What is done to the client of one seed. */
export interface SoakPlan {
  readonly seed: number;
  readonly random: Random;
  /** Of the gateway's own faults; strikes by the minute of market time, the others by the record. */
  readonly rates: FaultRates;
  /** Share of the bars that the data itself has late. */
  readonly lateShare: number;
  readonly version: 1 | 2 | 3;
  readonly tsOut: boolean;
  readonly compression: 'none' | 'zstd';
  readonly chunkBytes: number | null;
  /** Subscriptions among which the parents are divided. */
  readonly subscriptions: 1 | 2;
  readonly api: 'events' | 'run';
  /** Bars between control lines, on average. */
  readonly barsPerControlLine: number;
  /** Whether every event of our feed can be told as it is in the data: nothing late, and no marker missing. */
  readonly isExact: boolean;
}

/** Most that is drawn of each rate. */
const ratesMax = {
  eof: 0.002,
  reset: 0.002,
  hang: 0.0006,
  'internal-error': 0.001,
  slow: 0.003,
  unknown: 0.02,
  duplicate: 0.05,
  'missing-marker': 0.02,
  late: 0.004,
} as const;
const LATE_SHARE_MAX = 0.01;

/**
 * Draws the plan of a seed. Of four seeds one is exact; of the others, one has bars that are late in the data, one bars
 * that the gateway holds back, and one neither, but an old version, or markers that are missing.
 */
export function soakPlan(seed: number): SoakPlan {
  const random = makeRandom(seed, 'soak');
  const kind = seed % 4;
  const rates = Object.fromEntries(
    Object.entries(ratesMax).map(([fault, most]) => [fault, most * random.uniform()]),
  ) as Record<keyof typeof ratesMax, number>;
  if (kind !== 2) rates.late = 0;
  if (kind === 0) rates['missing-marker'] = 0;
  return {
    seed,
    random,
    rates,
    lateShare: kind === 1 ? LATE_SHARE_MAX * random.uniform() : 0,
    version: kind === 3 ? ([1, 2, 3] as const)[random.below(3)]! : random.below(3) === 0 ? 2 : 3,
    tsOut: random.below(3) === 0,
    compression: random.below(4) === 0 ? 'zstd' : 'none',
    chunkBytes: random.below(4) === 0 ? 1000 + random.below(5000) : null,
    subscriptions: random.below(2) === 0 ? 1 : 2,
    api: random.below(2) === 0 ? 'events' : 'run',
    barsPerControlLine: 2_000 + random.below(4_000),
    isExact: kind === 0,
  };
}

/** Errors after which the client goes on; other codes end it, refuse its subscription or give up data, as they should. */
const errors = [3, 4, 6, 7, 99];

/** A line of control at some moment; `symbols` are those that exist. */
export function controlLine({ random, isExact }: SoakPlan, symbols: readonly string[]): string {
  const symbol = symbols[random.below(symbols.length)]!;
  const lines = ['eof', 'reset', 'slow', 'unknown', `error ${errors[random.below(errors.length)]!}`, `remap ${symbol}`];
  if (!isExact) lines.push(random.below(2) === 0 ? 'markers on' : 'markers off');
  return lines[random.below(lines.length)]!;
}
