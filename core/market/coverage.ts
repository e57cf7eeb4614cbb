import type { Grade } from './bar.ts';
import { type Bucket, bucketOf } from './buckets.ts';
import { type BucketCoverage, type ClosedBucket, type FoldTarget, gradeOf } from './resample.ts';
import type { Session, SessionCalendar, SessionGroup } from './session-calendar.ts';
import { MINUTE_MS, type Timeframe, timeframes } from './timeframe.ts';

/** Which minutes of one product group were covered, by bucket of every timeframe and by session; fed in time order. */
export interface Coverage {
  readonly group: SessionGroup;
  /** The session entered last; null before the first. */
  session(): Session | null;
  /**
   * Begins a session. Returns the covered fraction of the scheduled minutes of the one directly before it by the
   * calendar, in [0, 1], and 0 when nothing is known of that one.
   */
  enter(session: Session): number;
  /** Counts a covered minute of the session entered last. */
  cover(minuteOpenMs: number, grade: Exclude<Grade, 'holed'>): void;
  /** Ends the begun buckets that close at or before an instant, shortest timeframe first. */
  close(upToMs: number): readonly ClosedBucket[];
  /**
   * Where a print at `endMs`, the end of a trading interval of the session entered last, is folded into, shortest
   * timeframe first; `closedUpToMs` is the instant up to which buckets were closed.
   */
  foldTargets(endMs: number, closedUpToMs: number): readonly FoldTarget[];
}

interface OpenBucket extends BucketCoverage {
  readonly bucket: Bucket;
  proved: number;
  presumed: number;
}

/** Makes the coverage of a group, before its first session. */
export function makeCoverage(calendar: SessionCalendar, group: SessionGroup): Coverage {
  const open = new Map<Timeframe, OpenBucket>();
  const closed = new Map<Timeframe, ClosedBucket>();
  let current: Session | null = null;
  let coveredMinutes = 0;

  function begun(timeframe: Timeframe, minuteOpenMs: number): OpenBucket {
    const existing = open.get(timeframe);
    if (existing !== undefined) return existing;
    const bucket = bucketOf(calendar, group, timeframe, minuteOpenMs);
    const session = calendar.sessionAt(group, minuteOpenMs);
    const scheduled = session === null ? 0 : scheduledMinutes(session, bucket.openTimeMs, bucket.closeTimeMs);
    const opened = { bucket, scheduled, proved: 0, presumed: 0 };
    open.set(timeframe, opened);
    return opened;
  }

  return {
    group,
    session: () => current,
    enter(session) {
      const before = calendar.previousSession(group, session.tradeDate);
      const isDirect = current?.tradeDate === before.tradeDate;
      const fraction = isDirect ? coveredMinutes / scheduledMinutes(before, before.openMs, before.closeMs) : 0;
      current = session;
      coveredMinutes = 0;
      return fraction;
    },
    cover(minuteOpenMs, grade) {
      coveredMinutes += 1;
      for (const timeframe of timeframes) begun(timeframe, minuteOpenMs)[grade] += 1;
    },
    close(upToMs) {
      const ended: ClosedBucket[] = [];
      for (const timeframe of timeframes) {
        const bucket = open.get(timeframe);
        if (bucket === undefined || bucket.bucket.closeTimeMs > upToMs) continue;
        open.delete(timeframe);
        ended.push({ timeframe, bucket: bucket.bucket, grade: gradeOf(bucket) });
      }
      for (const one of ended) closed.set(one.timeframe, one);
      return ended;
    },
    foldTargets(endMs, closedUpToMs) {
      const lastMinuteMs = endMs - MINUTE_MS;
      return timeframes.map((timeframe) => {
        const bucket = bucketOf(calendar, group, timeframe, lastMinuteMs);
        const isOpen = bucket.closeTimeMs > closedUpToMs;
        // A minute that opens a bucket only by its late print still has to be known as a begun, uncovered bucket.
        if (isOpen) begun(timeframe, lastMinuteMs);
        const known = closed.get(timeframe);
        const grade = known?.bucket.closeTimeMs === bucket.closeTimeMs ? known.grade : 'holed';
        return { timeframe, bucket, isOpen, grade };
      });
    },
  };
}

/** Minutes of one session in [fromMs, toMs), which may hold minutes of another one too. */
function scheduledMinutes(session: Session, fromMs: number, toMs: number): number {
  let minutes = 0;
  for (const { startMs, endMs } of session.intervals) {
    minutes += Math.max(0, Math.min(endMs, toMs) - Math.max(startMs, fromMs)) / MINUTE_MS;
  }
  return minutes;
}
