import type { Window } from '../market/window.ts';

/** Price columns of one series, equally long, oldest first; a `Window` is one. */
export type PriceColumns = Pick<Window, 'high' | 'low' | 'close'>;

/**
 * The range of a bar with the gap from the close before it: `max(high, previous close) - min(low, previous close)`.
 *
 * In price units. NaN for the first bar, which has no close before it, and when one of the three prices is not finite.
 * Formula: Wilder, "New Concepts in Technical Trading Systems" (1978).
 */
export function trueRange({ high, low, close }: PriceColumns, index: number): number {
  const previousClose = close[index - 1] ?? Number.NaN;
  const top = high[index]!;
  const bottom = low[index]!;
  // Without this an infinite price on the inner side would be hidden by the other one.
  if (!Number.isFinite(previousClose) || !Number.isFinite(top) || !Number.isFinite(bottom)) return Number.NaN;
  return Math.max(top, previousClose) - Math.min(bottom, previousClose);
}

/**
 * The simple mean of the last `n` true ranges, in price units.
 *
 * null with fewer than `n + 1` bars or when one of their prices is not finite.
 */
export function meanTrueRange(columns: PriceColumns, n: number): number | null {
  const bars = columns.high.length;
  if (bars < n + 1) return null;
  let sum = 0;
  for (let i = bars - n; i < bars; i++) sum += trueRange(columns, i);
  return Number.isFinite(sum) ? sum / n : null;
}
