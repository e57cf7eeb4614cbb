import { contractError, invariant } from '../errors.ts';
import { chicagoDay, chicagoInstant, chicagoTime, dateOfDay, dayOfDate, weekdayOfDay } from './chicago-time.ts';
import type { Session, SessionCalendar, SessionGroup } from './session-calendar.ts';

/**
 * [start, end) in minutes of Chicago wall-clock time after midnight of the trade date, at most 1440.
 * Negative minutes lie on earlier dates: 17:00 of the evening before is -420.
 */
export type CivilInterval = readonly [startMinute: number, endMinute: number];

/**
 * What differs from the regular hours on a trade date (Monday to Friday): `closed`, the whole list of its trading
 * intervals in order, or undefined for a regular day. A morning that carries the next trade date is listed there.
 */
export type HolidayTable = (group: SessionGroup, tradeDate: string) => 'closed' | readonly CivilInterval[] | undefined;

/** Regular hours from one trade date to the next regime's. */
interface Regime {
  readonly from: string;
  readonly intervals: readonly CivilInterval[];
  /** Hours of Mondays where they differ. */
  readonly monday?: readonly CivilInterval[];
}

const at = (hour: number, minute = 0): number => hour * 60 + minute;
const dayBefore = (hour: number, minute = 0): number => at(hour, minute) - at(24);

// Before every trade date that the calendar accepts.
const BEGINNING = '0000-00-00';

const untilQuarterPast: Regime = { from: BEGINNING, intervals: [[dayBefore(17), at(16, 15)]] };
const untilFour: Regime = { from: '2015-09-21', intervals: [[dayBefore(17), at(16)]] };

/**
 * The hours regimes of CME Globex by product group, oldest first. Evidence: seen in bars unless a line says otherwise;
 * "documented" names a notice, "assumed" neither.
 */
const regimes: Readonly<Record<SessionGroup, readonly Regime[]>> = {
  'equity-index': [
    {
      // 15:30 to 16:30 of Monday to Thursday belonged to the next trade date, so Monday has no such hour before it.
      from: BEGINNING,
      intervals: [
        [dayBefore(15, 30), dayBefore(16, 30)],
        [dayBefore(17), at(15, 15)],
      ],
      monday: [[dayBefore(17), at(15, 15)]],
    },
    {
      from: '2012-11-19',
      intervals: [
        [dayBefore(17), at(15, 15)],
        [at(15, 30), at(16, 15)],
      ],
    },
    {
      from: '2015-09-21',
      intervals: [
        [dayBefore(17), at(15, 15)],
        [at(15, 30), at(16)],
      ],
    },
    { from: '2021-06-28', intervals: [[dayBefore(17), at(16)]] },
  ],
  fx: [{ from: BEGINNING, intervals: [[dayBefore(17), at(16)]] }],
  // Seen in 2026, assumed before.
  rates: [{ from: BEGINNING, intervals: [[dayBefore(17), at(16)]] }],
  energy: [untilQuarterPast, untilFour],
  metals: [untilQuarterPast, untilFour],
  grains: [
    {
      // Assumed.
      from: BEGINNING,
      intervals: [
        [dayBefore(18), at(7, 15)],
        [at(9, 30), at(13, 15)],
      ],
    },
    // Documented.
    { from: '2012-05-21', intervals: [[dayBefore(17), at(14)]] },
    {
      // Documented.
      from: '2013-04-08',
      intervals: [
        [dayBefore(19), at(7, 45)],
        [at(8, 30), at(13, 15)],
      ],
    },
    {
      // 13:20 is seen in 2026. That it began in the summer of 2015 is assumed; the day within that summer is our choice.
      from: '2015-07-06',
      intervals: [
        [dayBefore(19), at(7, 45)],
        [at(8, 30), at(13, 20)],
      ],
    },
  ],
};

// The longest run of closed days is a holiday beside a weekend; more means that the holiday table is wrong.
const CLOSED_DAYS_MAX = 10;

/**
 * The trading hours of CME Globex, for instants from 2007 to 2099 (checked 2010 to 2030), with no holidays by default.
 * Instants and dates outside of it throw a contract error. Sessions are built once and remembered.
 */
export function cmeCalendar(holidays: HolidayTable = () => undefined): SessionCalendar {
  const cache = new Map<SessionGroup, Map<number, Session | null>>();

  function sessionOn(group: SessionGroup, day: number): Session | null {
    let sessions = cache.get(group);
    if (sessions === undefined) {
      sessions = new Map();
      cache.set(group, sessions);
    }
    let session = sessions.get(day);
    if (session === undefined) {
      session = buildSession(group, day, holidays);
      sessions.set(day, session);
    }
    return session;
  }

  /** The first session from `day` on, in steps of one day, that closes after `afterMs`. */
  function seek(group: SessionGroup, day: number, step: 1 | -1, afterMs = 0): Session {
    for (let count = 0; count <= CLOSED_DAYS_MAX; count++) {
      const session = sessionOn(group, day + count * step);
      if (session !== null && session.closeMs > afterMs) return session;
    }
    throw contractError(
      `no session of ${group} within ${CLOSED_DAYS_MAX} days of ${dateOfDay(day)}; check the holidays`,
    );
  }

  // A session never ends after its own trade date, so the search may start at the civil date of the instant.
  const sessionFrom = (group: SessionGroup, timeMs: number): Session => seek(group, chicagoDay(timeMs), 1, timeMs);

  return {
    session: (group, tradeDate) => sessionOn(group, dayOfDate(tradeDate)),
    sessionAt(group, timeMs) {
      const session = sessionFrom(group, timeMs);
      return session.intervals.some(({ startMs, endMs }) => timeMs >= startMs && timeMs < endMs) ? session : null;
    },
    sessionFrom,
    nextSession: (group, tradeDate) => seek(group, dayOfDate(tradeDate) + 1, 1),
    previousSession: (group, tradeDate) => seek(group, dayOfDate(tradeDate) - 1, -1),
    civilTime: chicagoTime,
    instantOf: (date, minuteOfDay) => chicagoInstant(dayOfDate(date), minuteOfDay),
  };
}

function buildSession(group: SessionGroup, day: number, holidays: HolidayTable): Session | null {
  const weekday = weekdayOfDay(day);
  if (weekday === 0 || weekday === 6) return null;
  const tradeDate = dateOfDay(day);
  const hours = holidays(group, tradeDate) ?? regularHours(group, tradeDate, weekday);
  if (hours === 'closed') return null;
  const first = hours[0];
  const last = hours.at(-1);
  invariant(
    first !== undefined && last !== undefined && last[1] > 0 && last[1] <= at(24) && isAscending(hours.flat()),
    `expected trading intervals in order that end on ${tradeDate} for ${group}, found ${JSON.stringify(hours)}`,
  );
  return {
    group,
    tradeDate,
    intervals: hours.map(([start, end]) => ({ startMs: chicagoInstant(day, start), endMs: chicagoInstant(day, end) })),
    openMs: chicagoInstant(day, first[0]),
    closeMs: chicagoInstant(day, last[1]),
  };
}

function regularHours(group: SessionGroup, tradeDate: string, weekday: number): readonly CivilInterval[] {
  const regime = regimes[group].findLast(({ from }) => from <= tradeDate);
  invariant(regime !== undefined, `no trading hours of ${group} for ${tradeDate}`);
  return weekday === 1 && regime.monday !== undefined ? regime.monday : regime.intervals;
}

function isAscending(values: readonly number[]): boolean {
  return values.every((value, index) => index === 0 || value > (values[index - 1] ?? Number.POSITIVE_INFINITY));
}
