import { instrumentOf } from '../market/instrument.ts';
import type { SessionCalendar } from '../market/session-calendar.ts';
import { MINUTE_MS } from '../market/timeframe.ts';

/** Positions are closed at least this long before the session ends, milliseconds. */
export const CLOSE_BEFORE_SESSION_END_MS = 10 * MINUTE_MS;

/**
 * Instant at which a position of a trade date is closed automatically: the earlier of the configured Chicago time on
 * that date and ten minutes before the root's session closes.
 *
 * @param minute Chicago minutes after midnight, or null for the session's end alone
 */
export function autoCloseAtMs(
  calendar: SessionCalendar,
  { root, tradeDate, minute }: { root: string; tradeDate: string; minute: number | null },
): number {
  const session = calendar.session(instrumentOf(root).group, tradeDate);
  const configuredMs = minute === null ? Number.POSITIVE_INFINITY : calendar.instantOf(tradeDate, minute);
  const sessionEndMs = session === null ? configuredMs : session.closeMs - CLOSE_BEFORE_SESSION_END_MS;
  return Math.min(configuredMs, sessionEndMs);
}
