import type { SessionCalendar, SessionGroup } from './session-calendar.ts';
import { sessionSpans } from './session-spans.ts';
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
 * Minutes of session whose slices are overdue, at least 0. Zero while the market is closed: nothing is due then, and
 * what the last session still lacks counts again when the next one opens.
 */
export function barAgeMinutes({ calendar, groups, nowMs, newestCloseMs }: BarAgeView): number {
  if (groups.every((group) => calendar.sessionAt(group, nowMs) === null)) return 0;
  const fromMs = newestCloseMs ?? nowMs - EXPECTED_LOOKBACK_MS;
  const toMs = Math.floor((nowMs - GRACE_MS) / MINUTE_MS) * MINUTE_MS;
  const overdue = sessionSpans(calendar, groups, { fromMs, toMs });
  return overdue.reduce((minutes, span) => minutes + (span.toMs - span.fromMs) / MINUTE_MS, 0);
}
