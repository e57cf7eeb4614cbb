import { contractError } from '../errors.ts';
import { internalBarStrength } from '../indicators/ibs.ts';
import { wilderRsi } from '../indicators/rsi.ts';
import { meanTrueRange, trueRange } from '../indicators/true-range.ts';
import type { Timeframe } from '../market/timeframe.ts';
import { lastBars, type Window } from '../market/window.ts';

/** A number that a model reads, defined once for training and for trading. */
export interface Feature {
  readonly id: string;
  /** Raised whenever the formula or its lookback changes; a model is bound to the version it was trained on. */
  readonly version: number;
  readonly unit: 'fraction' | 'percent' | 'ratio';
  readonly timeframe: Timeframe;
  /** Bars that the value depends on, at least 1; older bars of a longer window change nothing. */
  readonly lookback: number;
  /** One sentence; part of the registry text. */
  readonly formula: string;
  /** The value at the window's last bar; null when bars are missing or the value is not finite. */
  compute(window: Window): number | null;
}

/** Every feature there is. */
export const features: readonly Feature[] = [
  feature({
    id: 'ibs-1h',
    version: 1,
    unit: 'fraction',
    timeframe: '1h',
    lookback: 1,
    formula: '(close - low) / (high - low) of the last bar, 0.5 when it has no range',
    compute: ({ high, low, close }) => internalBarStrength({ high: high[0]!, low: low[0]!, close: close[0]! }),
  }),
  feature({
    id: 'rsi-2-1h',
    version: 1,
    unit: 'percent',
    timeframe: '1h',
    lookback: 22,
    formula: 'Wilder RSI of 2 over 22 closes, seeded by the mean of the first 2 changes, 50 when no close moves',
    compute: ({ close }) => wilderRsi(close, 2),
  }),
  feature({
    id: 'true-range-ratio-20-1h',
    version: 1,
    unit: 'ratio',
    timeframe: '1h',
    lookback: 21,
    formula: 'true range of the last bar over the simple mean of the last 20 true ranges, none when that mean is zero',
    compute: (window) => {
      const mean = meanTrueRange(window, 20);
      return mean === null ? null : trueRange(window, window.length - 1) / mean;
    },
  }),
];

const byId: ReadonlyMap<string, Feature> = new Map(features.map((one) => [one.id, one]));

/** The feature of an id. Throws a contract error that lists the known ids. */
export function featureOf(id: string): Feature {
  const found = byId.get(id);
  if (found === undefined) throw contractError(`unknown feature '${id}': known are ${[...byId.keys()].join(', ')}`);
  return found;
}

/**
 * The canonical text of the named formulas, one line each in the given order.
 *
 * Its sha256 is the registry hash in a model's manifest: any change of a formula, a version or the order changes it.
 */
export function registryText(ids: readonly string[]): string {
  return ids
    .map(featureOf)
    .map(({ id, version, unit, timeframe, lookback, formula }) =>
      JSON.stringify([id, version, unit, timeframe, lookback, formula]),
    )
    .join('\n');
}

/** The most bars of each timeframe that one of the named features needs. */
export function featureLookbacks(ids: readonly string[]): FeatureLookbacks {
  const lookbacks: Partial<Record<Timeframe, number>> = {};
  for (const { timeframe, lookback } of ids.map(featureOf)) {
    lookbacks[timeframe] = Math.max(lookback, lookbacks[timeframe] ?? 0);
  }
  return lookbacks;
}

/** Bars by timeframe; a timeframe that nothing needs is absent. */
export type FeatureLookbacks = Readonly<Partial<Record<Timeframe, number>>>;

/** The windows of one contract that end at the bar which is judged, by timeframe. */
export type FeatureWindows = Readonly<Partial<Record<Timeframe, Window>>>;

/** The values of the named features in the given order; NaN at, and the id of, each one that could not be computed. */
export interface FeatureRow {
  readonly values: readonly number[];
  readonly missing: readonly string[];
}

/** Computes the named features; a missing window, a short one and a value that is not finite all end up in `missing`. */
export function featureRow(ids: readonly string[], windows: FeatureWindows): FeatureRow {
  const values = ids.map((id) => {
    const { timeframe, compute } = featureOf(id);
    const window = windows[timeframe];
    return (window && compute(window)) ?? Number.NaN;
  });
  return { values, missing: ids.filter((_, i) => Number.isNaN(values[i])) };
}

/** Makes the lookback true: the formula sees exactly that many bars, and its value is finite or null. */
function feature(declared: Feature): Feature {
  const compute = (window: Window): number | null => {
    if (window.length < declared.lookback) return null;
    const value = declared.compute(lastBars(window, declared.lookback));
    return value !== null && Number.isFinite(value) ? value : null;
  };
  return { ...declared, compute };
}
