import type { SessionCalendar } from '#core/market/session-calendar.ts';
import { sessionSpans, type TimeSpan } from '#core/market/session-spans.ts';
import { HOUR_MS, MINUTE_MS } from '#core/market/timeframe.ts';
import { groupsOf } from '#core/market/trade-date.ts';
import type { SliceLog } from '#core/ports.ts';

const DAY_MS = 24 * HOUR_MS;
/** How long before the end of history the last slice is looked for: an outage of this service that nobody noticed. */
const OUTAGE_MS_MAX = 8 * DAY_MS;
/** History ends some minutes ago in session, and before a weekend or holidays at most so long ago. */
const HISTORY_LAG_MS_MAX = 4 * DAY_MS;

export interface ResumeOptions {
  readonly sliceLog: SliceLog;
  readonly calendar: SessionCalendar;
  readonly universe: readonly string[];
  /** What the service is about to read of the past. */
  readonly history: TimeSpan;
}

/**
 * `closeTimeMs` of the slice that was announced last, when history reaches back to it: what closed after it is announced
 * late rather than never. null when nothing was announced, or not since the beginning of history; session time between
 * the two is then recorded as a gap.
 */
export async function lastAnnouncedMs(options: ResumeOptions): Promise<number | null> {
  const { sliceLog, calendar, universe, history } = options;
  const newest = await sliceLog.newest(history.toMs - OUTAGE_MS_MAX, history.toMs + HISTORY_LAG_MS_MAX);
  if (newest === null) return null;
  const lastMs = newest.closeTimeMs;
  if (lastMs >= history.fromMs) return lastMs;
  const missing = sessionSpans(calendar, groupsOf(universe), { fromMs: lastMs, toMs: history.fromMs });
  const [first, last] = [missing[0], missing.at(-1)];
  if (first === undefined || last === undefined) return null;
  const totalMs = missing.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
  await sliceLog.putGap({ fromMs: first.fromMs, toMs: last.toMs, minutes: totalMs / MINUTE_MS });
  return null;
}
