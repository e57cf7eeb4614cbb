import { contractError, kindOf } from '#core/errors.ts';
import type { MinuteBar } from '#core/market/bar.ts';
import type { TimeSpan } from '#core/market/session-spans.ts';
import { MINUTE_MS } from '#core/market/timeframe.ts';

/** A bar and where in its file it stands. */
export interface BarRecord {
  readonly bar: MinuteBar;
  /** Line from 1 of a CSV file, record from 0 of a DBN file. */
  readonly record: number;
  /** Byte offset in the uncompressed DBN file; null for CSV. */
  readonly offset: number | null;
}

/** A bar file being read once, from its beginning to its end. */
export interface BarFile {
  readonly path: string;
  /** Bars in the file's order, each checked by itself and against the one before. Throws a contract error with file and record. */
  readonly batches: AsyncGenerator<readonly BarRecord[], void, undefined>;
  /** What the file declares to cover, null for nothing; known when it has been read to its end. */
  coverage(): TimeSpan | null;
  /** Records that were passed over because they are no outrights, so far. */
  notOutrights(): number;
}

// What the session calendar can place.
const FIRST_MS = Date.UTC(2007, 0, 1);
const LAST_MS = Date.UTC(2100, 0, 1);

/** `file, line 12` or `file, record 5 at byte 4410`. */
export function placeOf(path: string, { record, offset }: Pick<BarRecord, 'record' | 'offset'>): string {
  return offset === null ? `${path}, line ${record}` : `${path}, record ${record} at byte ${offset}`;
}

/** The error with the file in front; what is not the input's fault stays as it is, but for a file that cannot be read. */
export function inFile(path: string, error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  if ('syscall' in error) return contractError(`${path}: cannot be read (${error.message})`, { cause: error });
  return kindOf(error) === 'contract' ? contractError(`${path}: ${error.message}`, { cause: error }) : error;
}

/** The same items; an error of the source names the file. An error of the reader passes by. */
export async function* namingFile<T>(path: string, items: AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
  try {
    yield* items;
  } catch (error) {
    throw inFile(path, error);
  }
}

/** Checks the bars of one file in its order; throws a contract error that names file, record, reason and remedy. */
export function makeBarCheck(path: string): (record: BarRecord) => void {
  let previousMs = Number.NEGATIVE_INFINITY;
  return (record) => {
    const reason = barFault(record.bar) ?? orderFaultOf(record.bar, previousMs);
    if (reason !== null) throw contractError(`${placeOf(path, record)}: ${record.bar.contract} ${reason}`);
    previousMs = record.bar.openTimeMs;
  };
}

/** What is wrong with a bar by itself, after its contract, with the remedy; null when nothing is. */
export function barFault({ open, high, low, close, volume, openTimeMs }: MinuteBar): string | null {
  const prices = `open ${open}, high ${high}, low ${low}, close ${close}`;
  const remedy = 'the record is damaged; get the file again';
  if (![open, high, low, close].every(Number.isFinite))
    return `has a price that is not a number (${prices}); ${remedy}`;
  if (high < low) return `has its high below its low (${prices}); ${remedy}`;
  if (open < low || open > high) return `has its open outside of low to high (${prices}); ${remedy}`;
  if (close < low || close > high) return `has its close outside of low to high (${prices}); ${remedy}`;
  if (!Number.isSafeInteger(volume) || volume < 0) return `has volume ${volume}, expected whole contracts; ${remedy}`;
  if (openTimeMs < FIRST_MS || openTimeMs >= LAST_MS) {
    return `opens at ${new Date(openTimeMs).toISOString()}, expected 2007 to 2099; is the unit of its time right?`;
  }
  if (openTimeMs % MINUTE_MS !== 0) {
    return `opens at ${new Date(openTimeMs).toISOString()}, not on a whole minute; give one-minute bars stamped at the open`;
  }
  return null;
}

function orderFaultOf({ openTimeMs }: MinuteBar, previousMs: number): string | null {
  if (openTimeMs >= previousMs) return null;
  const [now, before] = [openTimeMs, previousMs].map((ms) => new Date(ms).toISOString());
  return `is out of order: it opens at ${now}, the bar before it at ${before}; sort the file by open time`;
}
