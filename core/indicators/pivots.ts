import type { Window } from '../market/window.ts';

/** Prices of the last confirmed pivot and of the one before it; null where the window holds none. */
export interface PivotPair {
  readonly last: number | null;
  readonly previous: number | null;
}

/** Bars to each side that a pivot must overtop, integers of at least 1. */
export interface PivotReach {
  readonly left: number;
  readonly right: number;
}

const none: PivotPair = { last: null, previous: null };

/**
 * The last two pivot highs and pivot lows of the window that are confirmed at its last bar.
 *
 * A pivot high is strictly higher than each of the `left` bars before it and not lower than each of the `right` bars
 * after it; it is confirmed when the last of those has closed. Pivot lows mirror it. Of equal highs the first is the
 * pivot. All null with fewer than `left + right + 1` bars or when a price is not finite.
 */
export function pivots(
  { high, low }: Pick<Window, 'high' | 'low'>,
  reach: PivotReach,
): { readonly high: PivotPair; readonly low: PivotPair } {
  if (!high.every(Number.isFinite) || !low.every(Number.isFinite)) return { high: none, low: none };
  return { high: lastTwo(high, reach, 1), low: lastTwo(low, reach, -1) };
}

/** `sign` 1 looks for tops, -1 for bottoms. */
function lastTwo(prices: Float64Array, { left, right }: PivotReach, sign: 1 | -1): PivotPair {
  let last: number | null = null;
  for (let i = prices.length - 1 - right; i >= left; i--) {
    if (!isPivot(prices, i, { left, right }, sign)) continue;
    const price = prices[i]!;
    if (last !== null) return { last, previous: price };
    last = price;
  }
  return { last, previous: null };
}

function isPivot(prices: Float64Array, index: number, { left, right }: PivotReach, sign: 1 | -1): boolean {
  const price = sign * prices[index]!;
  for (let i = index - left; i < index; i++) if (sign * prices[i]! >= price) return false;
  for (let i = index + 1; i <= index + right; i++) if (sign * prices[i]! > price) return false;
  return true;
}
