import { invariant } from '../errors.ts';
import type { Session, SessionCalendar, SessionGroup } from './session-calendar.ts';
import { bucketMs, MINUTE_MS, type Timeframe } from './timeframe.ts';

/** The scheduled time of one bar. */
export interface Bucket {
  /** UTC start of the bucket, or the session's open when that is later. Unique per group and timeframe. */
  readonly openTimeMs: number;
  /** Last instant of the bucket inside a trading interval of its session; for `session` the session's close. */
  readonly closeTimeMs: number;
  readonly tradeDate: string;
}

/** The bucket of a minute in session; throws when the group is not in session at `minuteOpenMs`. */
export function bucketOf(
  calendar: SessionCalendar,
  group: SessionGroup,
  timeframe: Timeframe,
  minuteOpenMs: number,
): Bucket {
  invariant(
    calendar.sessionAt(group, minuteOpenMs) !== null,
    `expected a minute in which ${group} is in session, found ${minuteOpenMs}`,
  );
  return nextBucket(calendar, group, timeframe, minuteOpenMs);
}

/** The first bucket that closes after an instant, whether it is open, still to open, or interrupted by a halt. */
function nextBucket(calendar: SessionCalendar, group: SessionGroup, timeframe: Timeframe, timeMs: number): Bucket {
  const session = calendar.sessionFrom(group, timeMs);
  const { tradeDate } = session;
  if (timeframe === 'session') return { openTimeMs: session.openMs, closeTimeMs: session.closeMs, tradeDate };
  const size = bucketMs[timeframe];
  const startMs = Math.floor(nextTradingInstant(session, timeMs) / size) * size;
  const closeTimeMs = lastTradingInstant(session, startMs + size);
  // Clamped, so that two sessions that share an hour (until 2012) do not share an opening time.
  return { openTimeMs: Math.max(startMs, session.openMs), closeTimeMs, tradeDate };
}

/** The scheduled buckets, printed or not, that close in (fromMs, toMs], in order. */
export function bucketsBetween(
  calendar: SessionCalendar,
  group: SessionGroup,
  timeframe: Timeframe,
  fromMs: number,
  toMs: number,
): Bucket[] {
  const buckets: Bucket[] = [];
  let bucket = nextBucket(calendar, group, timeframe, fromMs);
  while (bucket.closeTimeMs <= toMs) {
    buckets.push(bucket);
    bucket = nextBucket(calendar, group, timeframe, bucket.closeTimeMs);
  }
  return buckets;
}

/** Close of the nth (at least 1) scheduled bucket, printed or not, that closes after an instant. */
export function nthBucketCloseAfter(
  calendar: SessionCalendar,
  group: SessionGroup,
  timeframe: Timeframe,
  timeMs: number,
  n: number,
): number {
  invariant(Number.isInteger(n) && n >= 1, `expected a whole number of buckets of at least 1, found ${n}`);
  let closeTimeMs = timeMs;
  for (let count = 0; count < n; count++) {
    closeTimeMs = nextBucket(calendar, group, timeframe, closeTimeMs).closeTimeMs;
  }
  return closeTimeMs;
}

/** Number of minutes that start in [fromMs, toMs) while the group is in session. */
export function inSessionMinutes(calendar: SessionCalendar, group: SessionGroup, fromMs: number, toMs: number): number {
  let minutes = 0;
  let session = calendar.sessionFrom(group, fromMs);
  while (session.openMs < toMs) {
    for (const { startMs, endMs } of session.intervals) {
      const first = Math.ceil(Math.max(startMs, fromMs) / MINUTE_MS);
      const afterLast = Math.ceil(Math.min(endMs, toMs) / MINUTE_MS);
      minutes += Math.max(0, afterLast - first);
    }
    session = calendar.nextSession(group, session.tradeDate);
  }
  return minutes;
}

/** Close of the next minute after `closeTimeMs` in which at least one of the groups (at least one) is in session. */
export function nextInSessionMinute(
  calendar: SessionCalendar,
  groups: Iterable<SessionGroup>,
  closeTimeMs: number,
): number {
  let next = Number.POSITIVE_INFINITY;
  for (const group of groups) {
    next = Math.min(next, nextBucket(calendar, group, '1m', closeTimeMs).closeTimeMs);
    // Nothing can come earlier, and in session the first group asked decides.
    if (next - closeTimeMs <= MINUTE_MS) return next;
  }
  invariant(Number.isFinite(next), 'expected at least one session group, found none');
  return next;
}

/** The first instant at or after `timeMs` that lies inside the session, which must close after it. */
function nextTradingInstant(session: Session, timeMs: number): number {
  const interval = session.intervals.find(({ endMs }) => endMs > timeMs);
  invariant(interval !== undefined, `session ${session.group} ${session.tradeDate} does not close after ${timeMs}`);
  return Math.max(interval.startMs, timeMs);
}

/** The latest instant at or before `limitMs` up to which the session trades. */
function lastTradingInstant(session: Session, limitMs: number): number {
  const interval = session.intervals.findLast(({ startMs }) => startMs < limitMs);
  invariant(interval !== undefined, `session ${session.group} ${session.tradeDate} opens after ${limitMs}`);
  return Math.min(interval.endMs, limitMs);
}
