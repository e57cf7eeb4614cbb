import type { Bar } from './bar.ts';

/** Session time of which no source knows anything: UTC, [fromMs, toMs). */
export interface Gap {
  readonly fromMs: number;
  readonly toMs: number;
  /** In-session minutes of the universe inside the gap; at least 1. */
  readonly minutes: number;
}

/**
 * Everything that closed at one minute, for all roots of the universe.
 *
 * A minute in which at least one root is in session is one slice, with or without bars. Closed time has no slices.
 * Session time without data is one slice with `gap`, stamped with the close of the last missing minute.
 */
export interface Slice {
  readonly schemaVersion: 1;
  /** UTC end of the minute (of the last missing minute for a gap slice). Unique and rising in a stream. */
  readonly closeTimeMs: number;
  /** `closeTimeMs` of the slice before it in this stream; null for the first one. The chain steps over closed time. */
  readonly previousCloseTimeMs: number | null;
  readonly gap: Gap | null;
  /** Bars of every timeframe and contract that closed at this minute, and revisions that became known at it. */
  readonly bars: readonly Bar[];
  /** Lead contract by root, for roots that are in session at this minute and have one. */
  readonly leads: Readonly<Record<string, string>>;
  /** Where the bars came from: `file`, `generator`, `databento`. */
  readonly source: string;
}
