import type { FeedEvent } from '#core/market/feed.ts';
import type { Slice } from '#core/market/slice.ts';
import type { Sliced, Slicer } from '#core/market/slicing.ts';
import type { BarHistory, Clock, SliceLog, SliceStream } from '#core/ports.ts';
import type { IngestMessage } from './messages.ts';
import type { Pace } from './pace.ts';

/** A slice stream that knows where it put the last slice. */
export interface AnnouncingStream extends SliceStream {
  lastSequenceNumber(): string | null;
}

export interface IngestParts {
  readonly events: AsyncIterable<FeedEvent>;
  readonly slicer: Slicer;
  readonly history: BarHistory;
  readonly sliceLog: SliceLog;
  readonly stream: AnnouncingStream;
  readonly pace: Pace;
  readonly clock: Clock;
  /** Called before the first slice is announced, when everything before it is stored. */
  readonly onReady: () => void;
  /** Told of every slice. */
  readonly report: (message: IngestMessage) => void;
  readonly signal: AbortSignal;
}

/** What one run did. Slices and gap slices are those announced; bars are minute bars. */
export interface IngestCounts {
  readonly slices: number;
  readonly gaps: number;
  readonly bars: number;
  readonly setAside: number;
  /** Whether the source was read to its end; false when the run was stopped. */
  readonly isComplete: boolean;
}

/**
 * Stores and announces everything a feed says, in the order bars, slice, announcement: whoever hears of a slice can read
 * it and all history before it. Running it again over the same events stores the same and announces the same again.
 * Stops between two slices when the signal is raised.
 */
export async function ingest(parts: IngestParts): Promise<IngestCounts> {
  const { events, slicer, history, signal } = parts;
  let slices = 0;
  let gaps = 0;
  const counts = (isComplete: boolean): IngestCounts => ({ slices, gaps, ...slicer.counts(), isComplete });
  for await (const event of events) {
    if (signal.aborted) return counts(false);
    const sliced = slicer.take(event);
    await storeHistory(parts, sliced);
    const { slice } = sliced;
    if (slice === null) continue;
    if (slices === 0) parts.onReady();
    if (!(await parts.pace())) return counts(false);
    await announce(parts, slice);
    slices += 1;
    if (slice.gap !== null) gaps += 1;
  }
  if (signal.aborted) return counts(false);
  await history.writeSessions(slicer.end());
  return counts(true);
}

async function storeHistory({ history, sliceLog }: IngestParts, { gap, sessions }: Sliced): Promise<void> {
  if (gap !== null) await sliceLog.putGap(gap);
  if (sessions.length > 0) await history.writeSessions(sessions);
}

async function announce({ history, sliceLog, stream, clock, report }: IngestParts, slice: Slice): Promise<void> {
  await history.write(slice.bars, slice.closeTimeMs);
  // Another ingester may have been first; then its slice is the true one.
  const stored = await sliceLog.put(slice);
  const wallMs = clock.now();
  await stream.announce(stored);
  report({
    type: 'announced',
    closeTimeMs: stored.closeTimeMs,
    sequence: stream.lastSequenceNumber() ?? '',
    gap: stored.gap !== null,
    bars: stored.bars.length,
    wallMs,
  });
}
