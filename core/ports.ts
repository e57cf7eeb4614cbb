import type { Mode, ModeReadings } from './execution/mode.ts';
import type { Order } from './execution/order.ts';
import type { Outcome } from './execution/outcome.ts';
import type { Bar, KnownBar } from './market/bar.ts';
import type { FeedEvent } from './market/feed.ts';
import type { Gap, Slice } from './market/slice.ts';
import type { Timeframe } from './market/timeframe.ts';
import type { Window, WindowRequest } from './market/window.ts';
import type { Aggregate, JournalRow, LedgerRow } from './trading/aggregate.ts';
import type { Intent } from './trading/intent.ts';

/** A source of one-minute bars. */
export interface BarFeed {
  /** What the slices of this feed are labelled with. */
  readonly source: string;
  /** Everything the source has to say, in time order. Throws a contract error that names file, record and reason. */
  events(): AsyncIterable<FeedEvent>;
}

/** A session of one contract and timeframe, closed or as far as it goes, stored as columns in one piece. */
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
  /** Writes closed sessions, or one in progress as far as it goes, replacing what was written of them before. */
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
  /** The newest slice with `closeTimeMs` in [fromMs, toMs]; null when there is none. */
  newest(fromMs: number, toMs: number): Promise<Slice | null>;
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

/** What must still be true of the stored aggregate for a write to count, besides its number. */
export interface CommitRule {
  /** The newest slice decided on is older than this one. */
  readonly sliceAfterMs?: number;
  /** The committed global and own modes are both among these. */
  readonly modesIn?: readonly Mode[];
}

/** A strategy's aggregate and the rows that outlive it. */
export interface Ledger {
  /** The newest image, read consistently; null when the strategy was never created. */
  load(strategyId: string): Promise<Aggregate | null>;
  /** Creates an aggregate if the strategy has none. */
  create(aggregate: Aggregate): Promise<void>;
  /**
   * Writes image `next.seq` if the stored one is its predecessor and the rule holds, or if the stored one is this very
   * write (a lost reply). Returns false when somebody else was first or the rule does not hold.
   */
  commit(next: Aggregate, rule: CommitRule): Promise<boolean>;
  /** Writes rows; writing a row again changes nothing. */
  writeRows(strategyId: string, rows: readonly LedgerRow[]): Promise<void>;
  /** Stores a journal row if it is not stored yet. */
  writeJournal(row: JournalRow): Promise<void>;
  /** Rows of one kind, by time and id; those of the newest write, still in the aggregate, included. */
  rows<K extends LedgerRow['kind']>(strategyId: string, kind: K): Promise<Extract<LedgerRow, { kind: K }>[]>;
  /** Stored journal rows, by number. The newest write's row is still in the aggregate. */
  journal(strategyId: string): Promise<JournalRow[]>;
}

/** The way from a strategy to its execution function. */
export interface IntentQueue {
  /** Publishes committed intents in order. Publishing one again is harmless. */
  publish(intents: readonly Intent[]): Promise<void>;
}

/** The operator's mode parameters. */
export interface ModeSource {
  /** Reads both scopes; never rejects: what cannot be read is a reading without a mode. */
  read(): Promise<ModeReadings>;
}

/** A model that judges entries. */
export interface VetoModel {
  readonly modelId: string;
  /** Registry ids in the order of the row. */
  readonly features: readonly string[];
  /** Smallest probability that passes, in [0, 1]. */
  readonly threshold: number;
  /** Probability in [0, 1] that the entry is profitable; `row` holds finite values in the order of `features`. */
  probability(row: readonly number[]): Promise<number>;
}

/** Where one account's orders go. */
export interface OrderRoute {
  /** Makes at most one attempt and never repeats it. Never rejects: whatever happens is an outcome. */
  send(order: Order): Promise<Outcome>;
}

/** Wall time in milliseconds since the epoch, and a clock that only moves forward, in milliseconds. */
export interface Clock {
  now(): number;
  monotonic(): number;
}
