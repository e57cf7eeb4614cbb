import { nextInSessionMinute } from './buckets.ts';
import type { SessionCalendar, SessionGroup } from './session-calendar.ts';
import { HOUR_MS, MINUTE_MS } from './timeframe.ts';

/** How far back the newest slice is looked for: longer than any scheduled closure. */
export const EXPECTED_LOOKBACK_MS = 5 * 24 * HOUR_MS;

/** A minute may take this long to be closed, stored and announced before it counts as late. */
const GRACE_MS = 30_000;

/** What the age of the newest slice is measured with. */
export interface BarAgeView {
  readonly calendar: SessionCalendar;
  readonly groups: readonly SessionGroup[];
  readonly nowMs: number;
  /** `closeTimeMs` of the newest slice; null when there is none within the lookback. */
  readonly newestCloseMs: number | null;
}

/**
 * Minutes for which the next expected slice has been overdue, at least 0. Zero while the market is closed and the last
 * session is complete, because the next slice is then not due yet.
 */
export function barAgeMinutes({ calendar, groups, nowMs, newestCloseMs }: BarAgeView): number {
  const expectedMs = nextInSessionMinute(calendar, groups, newestCloseMs ?? nowMs - EXPECTED_LOOKBACK_MS);
  const lateMs = nowMs - GRACE_MS - expectedMs;
  return lateMs <= 0 ? 0 : Math.ceil(lateMs / MINUTE_MS);
}
