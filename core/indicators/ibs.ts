import type { Ohlcv } from '../market/bar.ts';

/**
 * Where the close lies in the bar's range: 0 at the low, 1 at the high.
 *
 * `(close - low) / (high - low)`, clamped to [0, 1]; a bar without range says nothing and gives 0.5. null when a price
 * is not finite. Formula: Pagonidis, "The IBS Effect" (2014).
 */
export function internalBarStrength({ high, low, close }: Pick<Ohlcv, 'high' | 'low' | 'close'>): number | null {
  if (!Number.isFinite(high) || !Number.isFinite(low) || !Number.isFinite(close)) return null;
  const range = high - low;
  if (range <= 0) return 0.5;
  return Math.min(1, Math.max(0, (close - low) / range));
}
