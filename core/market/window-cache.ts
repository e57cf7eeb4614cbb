import type { BarHistory } from '../ports.ts';
import type { Slice } from './slice.ts';
import { appendToWindow, lastBars, type Window, type WindowRequest } from './window.ts';

/** Reads windows as known at a slice, from memory while the chain of slices holds. */
export interface WindowCache {
  /** Moves every cached window on to a slice, or forgets them all when the slice does not follow the one before. */
  follow(slice: Slice): void;
  /** The window as known at the slice followed last. */
  window(request: WindowRequest): Promise<Window>;
}

interface Cached {
  readonly window: Window;
  readonly lookback: number;
}

/** Makes an empty cache in front of a history. What it returns equals what the history would. */
export function makeWindowCache(history: Pick<BarHistory, 'window'>): WindowCache {
  const cached = new Map<string, Cached>();
  let asOfMs: number | null = null;

  return {
    follow(slice) {
      if (slice.closeTimeMs === asOfMs) return;
      const holds = asOfMs !== null && slice.previousCloseTimeMs === asOfMs;
      asOfMs = slice.closeTimeMs;
      if (!holds) cached.clear();
      for (const [key, { window, lookback }] of cached) {
        cached.set(key, { window: appendToWindow(window, slice, lookback), lookback });
      }
    },
    async window(request) {
      const key = `${request.contract}#${request.timeframe}`;
      const known = cached.get(key);
      if (known !== undefined && known.lookback >= request.lookback) return lastBars(known.window, request.lookback);
      const atMs = asOfMs;
      const window = await history.window(request, atMs ?? 0);
      // An answer that outlasted its slice belongs to the past: a reader may have given up on it meanwhile.
      if (asOfMs === atMs) cached.set(key, { window, lookback: request.lookback });
      return window;
    },
  };
}
