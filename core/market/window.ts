import type { Bar, Grade, KnownBar } from './bar.ts';
import type { Gap, Slice } from './slice.ts';
import type { Timeframe } from './timeframe.ts';

/**
 * Exactly the last `length` closed bars of one contract and timeframe as known at a slice, oldest first, in columns.
 * All columns have `length` entries. Times are UTC milliseconds.
 */
export interface Window {
  readonly root: string;
  readonly contract: string;
  readonly timeframe: Timeframe;
  /** `closeTimeMs` of the slice whose knowledge this is. */
  readonly asOfMs: number;
  readonly length: number;
  readonly openTimeMs: Float64Array;
  readonly closeTimeMs: Float64Array;
  readonly open: Float64Array;
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
  readonly volume: Float64Array;
  readonly grade: readonly Grade[];
  /** Gaps between the open of the first bar and `asOfMs`, in time order; none for an empty window. */
  readonly gaps: readonly Gap[];
}

/** What a reader asks for: the last `lookback` bars of one contract. */
export interface WindowRequest {
  readonly root: string;
  readonly contract: string;
  readonly timeframe: Timeframe;
  readonly lookback: number;
}

/** What a window is made of, beside the request. */
export interface WindowSource {
  /** Of the contract and timeframe, ordered by close time and revision. */
  readonly bars: readonly KnownBar[];
  /** In time order. */
  readonly gaps: readonly Gap[];
}

/**
 * The window as it was known at `asOfMs`: of every bar the newest revision known then, the last `lookback` of them. Bars
 * are told apart by their close: two sessions may have a bar of the same open.
 */
export function windowOf(request: WindowRequest, { bars, gaps }: WindowSource, asOfMs: number): Window {
  const newestFirst: KnownBar[] = [];
  for (let index = bars.length - 1; index >= 0 && newestFirst.length < request.lookback; index--) {
    const bar = bars[index];
    if (bar === undefined || bar.knownAtMs > asOfMs) continue;
    if (newestFirst.at(-1)?.closeTimeMs !== bar.closeTimeMs) newestFirst.push(bar);
  }
  const rows = newestFirst.reverse();
  const { root, contract, timeframe } = request;
  const columns = columnsOf((name) => Float64Array.from(rows, (bar) => bar[name]));
  const grade = rows.map((bar) => bar.grade);
  return withGaps({ root, contract, timeframe, asOfMs, length: rows.length, ...columns, grade, gaps }, gaps);
}

/**
 * The window one slice of the chain later: equal to reading it again as of that slice. `lookback` is that of the request,
 * because a window that is still short grows.
 */
export function appendToWindow(window: Window, slice: Slice, lookback: number): Window {
  const gaps = slice.gap === null ? window.gaps : [...window.gaps, slice.gap];
  let next: Window = { ...window, asOfMs: slice.closeTimeMs };
  for (const bar of slice.bars) {
    if (bar.contract === window.contract && bar.timeframe === window.timeframe) next = withBar(next, bar, lookback);
  }
  return withGaps(next, gaps);
}

/** The last `count` bars of a window; the window itself when it has no more. Columns are shared, not copied. */
export function lastBars(window: Window, count: number): Window {
  const drop = window.length - count;
  if (drop <= 0) return window;
  const kept = columnsOf((name) => window[name].subarray(drop));
  return withGaps({ ...window, ...kept, length: count, grade: window.grade.slice(drop) }, window.gaps);
}

type ColumnName = 'openTimeMs' | 'closeTimeMs' | 'open' | 'high' | 'low' | 'close' | 'volume';

function columnsOf(make: (name: ColumnName) => Float64Array): Pick<Window, ColumnName> {
  return {
    openTimeMs: make('openTimeMs'),
    closeTimeMs: make('closeTimeMs'),
    open: make('open'),
    high: make('high'),
    low: make('low'),
    close: make('close'),
    volume: make('volume'),
  };
}

/** Puts a bar at its place, over an older revision of itself if there is one, and drops the oldest beyond `lookback`. */
function withBar(window: Window, bar: Bar, lookback: number): Window {
  let at = window.length;
  while (at > 0 && (window.closeTimeMs[at - 1] ?? 0) >= bar.closeTimeMs) at -= 1;
  const replaced = window.closeTimeMs[at] === bar.closeTimeMs ? 1 : 0;
  const length = window.length + 1 - replaced;
  const changed = columnsOf((name) => {
    const column = window[name];
    const next = new Float64Array(length);
    next.set(column.subarray(0, at));
    next[at] = bar[name];
    next.set(column.subarray(at + replaced), at + 1);
    return next;
  });
  const grade = window.grade.toSpliced(at, replaced, bar.grade);
  return lastBars({ ...window, ...changed, grade, length }, lookback);
}

function withGaps(window: Window, gaps: readonly Gap[]): Window {
  const fromMs = window.openTimeMs[0];
  if (fromMs === undefined) return { ...window, gaps: [] };
  return { ...window, gaps: gaps.filter((gap) => gap.toMs > fromMs && gap.fromMs < window.asOfMs) };
}
