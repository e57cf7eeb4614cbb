/** Groups of products that share their trading hours. */
export const sessionGroups = ['equity-index', 'fx', 'rates', 'energy', 'metals', 'grains'] as const;
export type SessionGroup = (typeof sessionGroups)[number];

/** Uninterrupted trading in [startMs, endMs), UTC milliseconds. */
export interface TradingInterval {
  readonly startMs: number;
  readonly endMs: number;
}

/** All trading intervals that carry one trade date. */
export interface Session {
  readonly group: SessionGroup;
  /** Chicago date the session is labelled with, `YYYY-MM-DD`: the date it ends. */
  readonly tradeDate: string;
  /** At least one, in order, not touching each other. */
  readonly intervals: readonly TradingInterval[];
  /** Start of the first interval. */
  readonly openMs: number;
  /** End of the last interval. */
  readonly closeMs: number;
}

/**
 * When the exchange trades, by product group, in Chicago civil time. Implemented in `cme-hours.ts`.
 *
 * Intervals are half-open in UTC milliseconds. A minute is in session when the instant it starts at is.
 */
export interface SessionCalendar {
  /** The session of a trade date, or null when the group does not trade on it (weekend, holiday). */
  session(group: SessionGroup, tradeDate: string): Session | null;
  /** The session one of whose trading intervals contains the instant, or null when closed or halted. */
  sessionAt(group: SessionGroup, timeMs: number): Session | null;
  /** The session in progress or, when closed, the next one: the first whose `closeMs` is after the instant. */
  sessionFrom(group: SessionGroup, timeMs: number): Session;
  /** The session after / before a trade date (which need not be a trading day itself). */
  nextSession(group: SessionGroup, tradeDate: string): Session;
  previousSession(group: SessionGroup, tradeDate: string): Session;
  /** Chicago civil time of an instant. */
  civilTime(timeMs: number): CivilTime;
  /** UTC instant of a Chicago civil date and time, minutes after midnight in [0, 1440]. */
  instantOf(date: string, minuteOfDay: number): number;
}

/** What the calendar and the clock on a wall in Chicago show. */
export interface CivilTime {
  /** `YYYY-MM-DD` in Chicago. */
  readonly date: string;
  /** Minutes after Chicago midnight by the clock on the wall, [0, 1440). */
  readonly minuteOfDay: number;
  /** 0 Sunday to 6 Saturday. */
  readonly weekday: number;
}
