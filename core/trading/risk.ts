import type { Mode } from '../execution/mode.ts';
import type { Certificate } from '../market/certificate.ts';
import { instrumentOf } from '../market/instrument.ts';
import type { SessionCalendar } from '../market/session-calendar.ts';
import type { CertificatePolicy, Strategy } from '../strategy/strategy.ts';
import type { Aggregate, TradeDay } from './aggregate.ts';
import { ENTRY_TTL_MS } from './intent.ts';
import type { Lane } from './lane.ts';
import { markedUsd, type Trade } from './pnl.ts';

/**
 * Realised plus marked P&L of the trade date in dollars, after closing costs: open positions at their last close, or at
 * the model exit where the broker's stop has fixed one.
 */
export function dayPnlUsd({ day, lanes }: Pick<Aggregate, 'day' | 'lanes'>): number {
  let pnlUsd = day.realisedUsd;
  for (const { position, closing } of Object.values(lanes)) {
    if (position !== null && position.acceptedAtMs !== null) {
      pnlUsd += markedUsd(position, position.brokerExitPrice ?? position.mark);
    }
    if (closing !== null) pnlUsd += markedUsd(closing.position, closing.exitPrice ?? closing.position.mark);
  }
  return pnlUsd;
}

/** The trade day after a slice: a new trade date starts at zero and lifts the daily stop; trades of the date are booked. */
export function advanceDay(day: TradeDay, tradeDate: string | null, trades: readonly Trade[]): TradeDay {
  const today = tradeDate !== null && tradeDate > day.tradeDate ? { tradeDate, realisedUsd: 0, stopped: false } : day;
  const booked = trades.filter((trade) => trade.tradeDate === today.tradeDate);
  return { ...today, realisedUsd: booked.reduce((sum, trade) => sum + trade.netUsd, today.realisedUsd) };
}

/** Newest trade date among the traded roots that are in session in the minute that ends at `closeTimeMs`. */
export function tradeDateAt(calendar: SessionCalendar, strategy: Strategy, closeTimeMs: number): string | null {
  let newest: string | null = null;
  for (const { tradedRoot } of strategy.lines) {
    const session = calendar.sessionAt(instrumentOf(tradedRoot).group, closeTimeMs - 1);
    if (session !== null && (newest === null || session.tradeDate > newest)) newest = session.tradeDate;
  }
  return newest;
}

/** Everything a risk rule may look at before an entry is asked for. */
export interface EntryView {
  readonly strategy: Strategy;
  readonly lane: Lane;
  readonly mode: Mode;
  readonly day: TradeDay;
  readonly closeTimeMs: number;
  readonly receiptTimeMs: number;
  /** The traded root trades in the minute after the slice. */
  readonly nextMinuteInSession: boolean;
  /** Instant from which this entry would be too close to its automatic close. */
  readonly noEntryFromMs: number;
  readonly certificate: Certificate;
}

/** The first risk rule that says no to an entry, in words, or null. Slots are counted later, when the model has spoken. */
export function entryRefusal(view: EntryView): string | null {
  const { strategy, lane, mode, day, closeTimeMs, receiptTimeMs } = view;
  if (strategy.state === 'draining') return 'draining: the strategy only exits';
  if (mode !== 'RUN') return `mode ${mode}: RUN in both mode parameters clears it`;
  if (receiptTimeMs - closeTimeMs > ENTRY_TTL_MS)
    return `stale: received ${receiptTimeMs - closeTimeMs} ms after the close`;
  if (!view.nextMinuteInSession) return 'closed: the next minute is not in session';
  if (closeTimeMs >= view.noEntryFromMs) return 'too close to the automatic close';
  if (day.stopped) return 'daily stop: no new risk on this trade date';
  if (lane.closing !== null) return 'fill pending: the last trade of this root is not complete';
  if (closeTimeMs < lane.noEntryBeforeMs) return 'cool-down after the last exit';
  return certificateRefusal(view.certificate, strategy.certificate);
}

/** Why a window is not good enough to enter on, or null. */
export function certificateRefusal(certificate: Certificate, policy: CertificatePolicy): string | null {
  const accepted = policy.entryGrade === 'proved' ? ['proved'] : ['proved', 'presumed'];
  if (!accepted.includes(certificate.signalGrade)) return `certificate: signal bar is ${certificate.signalGrade}`;
  if (!accepted.includes(certificate.entryGrade)) return `certificate: minute of entry is ${certificate.entryGrade}`;
  const { recent, before } = certificate;
  const recentHoles = recent.holed + recent.missing;
  if (recentHoles > policy.holesMaxRecent) return `certificate: ${recentHoles} holes in the last bars`;
  const holes = before.holed + before.missing;
  const bars = holes + before.proved + before.presumed;
  if (holes > policy.holesMaxFraction * bars) return `certificate: ${holes} holes in ${bars} bars`;
  return null;
}
