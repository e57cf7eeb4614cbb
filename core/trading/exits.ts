import { nthBucketCloseAfter } from '../market/buckets.ts';
import { instrumentOf } from '../market/instrument.ts';
import type { SessionCalendar } from '../market/session-calendar.ts';
import { entryPrice, levelDistance, type Position, sign } from './position.ts';

/** What the exits look at besides the position. */
export interface ExitView {
  readonly calendar: SessionCalendar;
  /** `closeTimeMs` of the slice. */
  readonly nowMs: number;
  /** Reason of the definition's own exit at this slice, or null. */
  readonly signalExit: string | null;
}

/**
 * The first exit that is due, or null. In order: broker stop, stop, target, the definition's own, bar stop, auto close.
 *
 * Needs only the position, the calendar and the last good price, so that an exit that became true while nothing could
 * be seen goes out late rather than never.
 */
export function dueExit(position: Position, { calendar, nowMs, signalExit }: ExitView): string | null {
  const entry = entryPrice(position);
  const gained = sign(position.side) * (position.mark - entry);
  const { stop, target } = position.plan;
  if (position.brokerExitPrice !== null) return 'broker-stop';
  if (stop !== null && gained <= -levelDistance(stop, entry)) return 'stop';
  if (target !== null && gained >= levelDistance(target, entry)) return 'target';
  if (signalExit !== null) return signalExit;
  const barStop = barStopAtMs(calendar, position);
  if (barStop !== null && nowMs >= barStop) return 'bar-stop';
  return nowMs >= position.autoCloseAtMs ? 'auto-close' : null;
}

/**
 * Instant of the bar stop: the close of the N-th calendar bucket after the bucket of the fill, printed or not. While
 * the fill is pending the acceptance stands in for it; null without a bar stop or before the acceptance.
 */
export function barStopAtMs(calendar: SessionCalendar, position: Position): number | null {
  const bars = position.plan.barStopBars;
  const fromMs = position.filledAtMs ?? position.acceptedAtMs;
  if (bars === null || fromMs === null) return null;
  const { group } = instrumentOf(position.tradedRoot);
  return nthBucketCloseAfter(calendar, group, position.signalTimeframe, fromMs, bars + 1);
}
