import { type PriceColumns, trueRange } from './true-range.ts';

/**
 * Wilder's average true range at the last bar, in price units.
 *
 * Starts as the simple mean of the true ranges of bars 2 to `n + 1` of the columns (the first bar has no close before
 * it and is left out) and is then smoothed with `1 / n` to their end, so that the value depends on the given columns
 * only. null with fewer than `n + 1` bars or when a price is not finite.
 *
 * Formula: Wilder, "New Concepts in Technical Trading Systems" (1978).
 *
 * @param n true ranges in the average, an integer of at least 1
 */
export function wilderAtr(columns: PriceColumns, n: number): number | null {
  const bars = columns.high.length;
  if (bars < n + 1) return null;
  let average = 0;
  for (let i = 1; i < bars; i++) {
    const range = trueRange(columns, i);
    average = i <= n ? average + range / n : average + (range - average) / n;
  }
  return Number.isFinite(average) ? average : null;
}
