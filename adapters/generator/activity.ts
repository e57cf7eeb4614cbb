import type { Session, SessionCalendar } from '#core/market/session-calendar.ts';
import { MINUTE_MS } from '#core/market/timeframe.ts';

const at = (hour: number, minute = 0): number => hour * 60 + minute;
const CASH_OPEN = at(8, 30);
const CASH_CLOSE = at(15);

/**
 * How busy a minute of the Chicago day is, relative to the middle of the cash session: low through the night, more from
 * the European morning on, a U from 08:30 to 15:00, little after it.
 */
export function activityAt(minuteOfDay: number): number {
  if (minuteOfDay >= CASH_OPEN && minuteOfDay < CASH_CLOSE) {
    const fromMiddle = (2 * (minuteOfDay - CASH_OPEN)) / (CASH_CLOSE - CASH_OPEN) - 1;
    return 1 + 1.6 * fromMiddle ** 2;
  }
  if (minuteOfDay >= CASH_CLOSE && minuteOfDay < at(16)) return 0.4;
  return minuteOfDay >= at(2) && minuteOfDay < CASH_OPEN ? 0.35 : 0.15;
}

/** Sum of the activity of all minutes of a session. */
export function sessionActivity(calendar: SessionCalendar, { intervals }: Session): number {
  let sum = 0;
  for (const { startMs, endMs } of intervals) {
    for (let timeMs = startMs; timeMs < endMs; timeMs += MINUTE_MS) {
      sum += activityAt(calendar.civilTime(timeMs).minuteOfDay);
    }
  }
  return sum;
}
