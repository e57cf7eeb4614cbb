import type { Timeframe } from './timeframe.ts';

/**
 * What is known of a bar's minutes, worst first.
 *
 * - `holed`: at least one in-session minute of the bucket is not covered by any source.
 * - `presumed`: all minutes covered by a file or a historical source; empty ones are taken as really empty.
 * - `proved`: every minute closed on the live gateway's own marker.
 */
export const grades = ['holed', 'presumed', 'proved'] as const;
export type Grade = (typeof grades)[number];

/** Open, high, low, close in the exchange's display convention (dollars per unit, cents for grains); volume in contracts. */
export interface Ohlcv {
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
}

/** A one-minute bar as a source delivers it. `openTimeMs` is the UTC start of the minute. */
export interface MinuteBar extends Ohlcv {
  readonly root: string;
  /** Dated contract with a four-digit year, `ESZ2026`. */
  readonly contract: string;
  readonly openTimeMs: number;
}

/**
 * A closed OHLCV interval of one contract.
 *
 * `openTimeMs` is the UTC start of the bucket, or the session's open when that is later. `closeTimeMs` is the last
 * instant of the bucket that lies inside a trading interval of the root. Neither ever means receipt.
 */
export interface Bar extends MinuteBar {
  readonly timeframe: Timeframe;
  readonly closeTimeMs: number;
  /** 0 when first closed; raised when a print on the closing minute was folded in later. */
  readonly revision: number;
  readonly grade: Grade;
}

/** A bar together with the `closeTimeMs` of the slice at which this revision became known. */
export interface KnownBar extends Bar {
  readonly knownAtMs: number;
}
