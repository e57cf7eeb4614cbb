import type { RecordView } from '../dbn/record-view.ts';

/** An instrument whose newest record lies further than this before a replay is forgotten: 25 hours. */
export const FORGOTTEN_NS = 90_000_000_000_000n;

/** Remembers which records of one type were delivered, as far as a replay can bring them again. */
export interface Delivered {
  /** Up to where the newest record reaches, nanoseconds since the epoch; null when there was none. */
  readonly untilNs: bigint | null;
  /** Whether a record is to be delivered; it counts as delivered from then on. */
  accept(view: RecordView): boolean;
  /** A session begins whose replay, inclusive of `fromNs`, may bring records again. */
  beginReplay(fromNs: bigint): void;
  /** The replay is over. */
  endReplay(): void;
}
