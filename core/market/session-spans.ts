import type { SessionCalendar, SessionGroup, TradingInterval } from './session-calendar.ts';
import { MINUTE_MS } from './timeframe.ts';

/** Half-open stretch of UTC milliseconds. */
export interface TimeSpan {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Spans in order, with those that overlap or touch made one; empty ones are left out. */
export function mergeSpans(spans: Iterable<TimeSpan>): TimeSpan[] {
  const merged: { fromMs: number; toMs: number }[] = [];
  for (const { fromMs, toMs } of [...spans].sort((a, b) => a.fromMs - b.fromMs)) {
    if (toMs <= fromMs) continue;
    const last = merged.at(-1);
    if (last === undefined || fromMs > last.toMs) merged.push({ fromMs, toMs });
    else last.toMs = Math.max(last.toMs, toMs);
  }
  return merged;
}

/** The minutes that start in [fromMs, toMs) while at least one group is in session, as spans that do not touch. */
export function sessionSpans(
  calendar: SessionCalendar,
  groups: Iterable<SessionGroup>,
  { fromMs, toMs }: TimeSpan,
): TimeSpan[] {
  return mergeSpans([...groups].flatMap((group) => spansOfGroup(calendar, group, { fromMs, toMs })));
}

/** Where a minute lies: in session, on the minute that starts as a trading interval ends, or further outside. */
export type MinutePlace = 'in-session' | 'closing-minute' | 'outside';

/** Where the minute that starts at `openTimeMs`, a whole minute, lies in the hours of a group. */
export function minutePlace(calendar: SessionCalendar, group: SessionGroup, openTimeMs: number): MinutePlace {
  if (calendar.sessionAt(group, openTimeMs) !== null) return 'in-session';
  return calendar.sessionAt(group, openTimeMs - 1) === null ? 'outside' : 'closing-minute';
}

function spansOfGroup(calendar: SessionCalendar, group: SessionGroup, { fromMs, toMs }: TimeSpan): TimeSpan[] {
  const spans: TimeSpan[] = [];
  if (fromMs >= toMs) return spans;
  let session = calendar.sessionFrom(group, fromMs);
  while (session.openMs < toMs) {
    for (const interval of session.intervals) spans.push(clip(interval, { fromMs, toMs }));
    session = calendar.nextSession(group, session.tradeDate);
  }
  return spans;
}

function clip({ startMs, endMs }: TradingInterval, { fromMs, toMs }: TimeSpan): TimeSpan {
  return {
    fromMs: Math.ceil(Math.max(startMs, fromMs) / MINUTE_MS) * MINUTE_MS,
    toMs: Math.ceil(Math.min(endMs, toMs) / MINUTE_MS) * MINUTE_MS,
  };
}
