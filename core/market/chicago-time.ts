import { contractError } from '../errors.ts';
import type { CivilTime } from './session-calendar.ts';
import { HOUR_MS, MINUTE_MS } from './timeframe.ts';

const DAY_MS = 24 * HOUR_MS;
const STANDARD_OFFSET_MS = -6 * HOUR_MS;
const SUMMER_OFFSET_MS = -5 * HOUR_MS;

// The rule below holds from 2007 on (Energy Policy Act of 2005). The upper bound only catches times in the wrong unit.
const FIRST_MS = Date.UTC(2007, 0, 1);
const LAST_MS = Date.UTC(2100, 0, 1);

// Remembered because a replay asks for the same few days hundreds of thousands of times.
const dates = new Map<number, string>();
const days = new Map<string, number>();
const summers = new Map<number, { startMs: number; endMs: number }>();

/** Chicago civil time of a UTC instant from 2007 to 2099; throws a contract error outside of it. */
export function chicagoTime(timeMs: number): CivilTime {
  const localMs = timeMs + offsetMs(timeMs);
  const day = Math.floor(localMs / DAY_MS);
  return {
    date: dateOfDay(day),
    minuteOfDay: Math.floor((localMs - day * DAY_MS) / MINUTE_MS),
    weekday: weekdayOfDay(day),
  };
}

/** Chicago calendar day of a UTC instant, as days since 1970-01-01. */
export function chicagoDay(timeMs: number): number {
  return Math.floor((timeMs + offsetMs(timeMs)) / DAY_MS);
}

/**
 * UTC instant of a Chicago wall-clock time: minutes after midnight of `day`, negative or above 1440 for neighbouring days.
 * Of an hour that happens twice the first is meant; a time that the spring jump leaves out means the one an hour later.
 */
export function chicagoInstant(day: number, minute: number): number {
  const localMs = day * DAY_MS + minute * MINUTE_MS;
  const inSummer = localMs - SUMMER_OFFSET_MS;
  return offsetMs(inSummer) === SUMMER_OFFSET_MS ? inSummer : localMs - STANDARD_OFFSET_MS;
}

/** `YYYY-MM-DD` of a day number. */
export function dateOfDay(day: number): string {
  let date = dates.get(day);
  if (date === undefined) {
    date = new Date(day * DAY_MS).toISOString().slice(0, 10);
    dates.set(day, date);
  }
  return date;
}

/** Day number of a `YYYY-MM-DD` date; throws a contract error for anything else. */
export function dayOfDate(date: string): number {
  let day = days.get(date);
  if (day === undefined) {
    day = Date.parse(`${date}T00:00:00Z`) / DAY_MS;
    if (!Number.isInteger(day) || dateOfDay(day) !== date) {
      throw contractError(`expected a calendar date as YYYY-MM-DD, found ${JSON.stringify(date)}`);
    }
    days.set(date, day);
  }
  return day;
}

/** Weekday of a day number, 0 Sunday to 6 Saturday. */
export function weekdayOfDay(day: number): number {
  return (day + 4) % 7;
}

function offsetMs(timeMs: number): number {
  if (!(timeMs >= FIRST_MS && timeMs < LAST_MS)) {
    throw contractError(
      `expected a UTC time in milliseconds between 2007 and 2099, found ${timeMs}; is the unit right?`,
    );
  }
  const year = new Date(timeMs).getUTCFullYear();
  let summer = summers.get(year);
  if (summer === undefined) {
    // Second Sunday of March 02:00 standard time to first Sunday of November 02:00 summer time.
    summer = { startMs: sunday(year, 2, 2) + 8 * HOUR_MS, endMs: sunday(year, 10, 1) + 7 * HOUR_MS };
    summers.set(year, summer);
  }
  return timeMs >= summer.startMs && timeMs < summer.endMs ? SUMMER_OFFSET_MS : STANDARD_OFFSET_MS;
}

/** UTC midnight of the nth Sunday of a month (0 January). */
function sunday(year: number, month: number, nth: number): number {
  const firstMs = Date.UTC(year, month, 1);
  const daysToSunday = (7 - new Date(firstMs).getUTCDay()) % 7;
  return firstMs + (daysToSunday + 7 * (nth - 1)) * DAY_MS;
}
