import type { Bar, KnownBar } from './market/bar.ts';
import type { FeedEvent } from './market/feed.ts';
import type { Gap, Slice } from './market/slice.ts';
import type { Timeframe } from './market/timeframe.ts';
import type { Window, WindowRequest } from './market/window.ts';

/** A source of one-minute bars. */
export interface BarFeed {
  /** What the slices of this feed are labelled with. */
  readonly source: string;
  /** Everything the source has to say, in time order. Throws a contract error that names file, record and reason. */
  events(): AsyncIterable<FeedEvent>;
}

/** A closed session of one contract and timeframe, stored as columns in one piece. */
export interface SessionBars {
  readonly root: string;
  readonly contract: string;
  readonly timeframe: Timeframe;
  readonly tradeDate: string;
  /** Every revision, ordered by open time and revision. */
  readonly bars: readonly KnownBar[];
}

/** Bars by contract and timeframe, with the slice at which each revision became known. */
export interface BarHistory {
  /** Writes bars of the open session; writing the same bar again changes nothing. */
  write(bars: readonly Bar[], knownAtMs: number): Promise<void>;
  /** Writes closed sessions, replacing what was written of them before. */
  writeSessions(sessions: readonly SessionBars[]): Promise<void>;
  /** The last `lookback` bars as known at `asOfMs`; fewer when fewer exist. `gaps` come from the slice log. */
  window(request: WindowRequest, asOfMs: number): Promise<Window>;
}

/** Every slice ever announced, readable by time. */
export interface SliceLog {
  /** Stores a slice if none with its `closeTimeMs` exists. Returns the stored one: ours, or the one that was first. */
  put(slice: Slice): Promise<Slice>;
  /** Records a gap that was never announced, such as one inside warm-up history. */
  putGap(gap: Gap): Promise<void>;
  /** Slices with `closeTimeMs` in [fromMs, toMs], in order. */
  between(fromMs: number, toMs: number): AsyncIterable<Slice>;
  /** Gaps that overlap [fromMs, toMs), in order. */
  gaps(fromMs: number, toMs: number): Promise<readonly Gap[]>;
}

/** The bell: tells every strategy that a slice is stored. */
export interface SliceStream {
  /** Announces slices strictly one after the other. A retry may announce one twice; readers must not mind. */
  announce(slice: Slice): Promise<void>;
}

/** Wall time in milliseconds since the epoch, and a clock that only moves forward, in milliseconds. */
export interface Clock {
  now(): number;
  monotonic(): number;
}
