/**
 * Wilder's relative strength index of the last close, in [0, 100].
 *
 * The average gain and the average loss start as the simple means of the first `n` changes of the column and are then
 * smoothed with `1 / n` to its end, so that the value depends on the given column only. `100 * gain / (gain + loss)` is
 * Wilder's `100 - 100 / (1 + gain / loss)` without its division by zero: gains alone give 100, losses alone 0. A column
 * that never moves gives 50. null with fewer than `n + 1` closes or when one is not finite.
 *
 * Formula: Wilder, "New Concepts in Technical Trading Systems" (1978).
 *
 * @param close closes, oldest first
 * @param n changes in the average, an integer of at least 1
 */
export function wilderRsi(close: Float64Array, n: number): number | null {
  if (close.length < n + 1) return null;
  let gain = 0;
  let loss = 0;
  for (let i = 1; i < close.length; i++) {
    const change = close[i]! - close[i - 1]!;
    const up = Math.max(change, 0);
    const down = Math.max(-change, 0);
    gain = i <= n ? gain + up / n : gain + (up - gain) / n;
    loss = i <= n ? loss + down / n : loss + (down - loss) / n;
  }
  const total = gain + loss;
  if (!Number.isFinite(total)) return null;
  return total === 0 ? 50 : (100 * gain) / total;
}
