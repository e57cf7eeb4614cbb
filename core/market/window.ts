import type { Grade } from './bar.ts';
import type { Gap } from './slice.ts';
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
  /** Gaps that overlap the window's span, in time order. */
  readonly gaps: readonly Gap[];
}

/** What a reader asks for: the last `lookback` bars of one contract. */
export interface WindowRequest {
  readonly root: string;
  readonly contract: string;
  readonly timeframe: Timeframe;
  readonly lookback: number;
}
