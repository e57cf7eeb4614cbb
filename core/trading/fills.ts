import type { Bar } from '../market/bar.ts';
import { instrumentOf, roundToTick } from '../market/instrument.ts';
import type { SessionCalendar } from '../market/session-calendar.ts';
import type { Slice } from '../market/slice.ts';
import type { Closing, Lane } from './lane.ts';
import { grossUsd, roundTripUsd, type Trade } from './pnl.ts';
import type { Position } from './position.ts';

/** What a model fill depends on besides the bars. */
export interface FillRules {
  readonly strategyId: string;
  readonly calendar: SessionCalendar;
  readonly slippageTicks: number;
}

/** A lane after a slice's bars, with the trade that they completed. */
export interface Observed {
  readonly lane: Lane;
  readonly trade: Trade | null;
}

/**
 * Shows a lane the bars of a slice: model fills, marks and touches of the broker's stop.
 *
 * A model fill is the open of the first 1m bar of the held contract that closes after the acceptance, worsened by
 * slippage. When the session ends or a gap comes first it is the last known close, worsened likewise.
 */
export function observe(lane: Lane, slice: Slice, rules: FillRules): Observed {
  const { closing, trade } = observeClosing(lane, slice, rules);
  const position = lane.position && observePosition(lane.position, slice, rules);
  return { lane: { ...lane, position, closing }, trade };
}

function observePosition(position: Position, slice: Slice, rules: FillRules): Position {
  const bars = minuteBars(slice, position.contract);
  const filled = { ...position, ...entryFill(position, bars, slice, rules) };
  return { ...filled, mark: bars.at(-1)?.close ?? filled.mark, brokerExitPrice: brokerExit(filled, bars, rules) };
}

function observeClosing(lane: Lane, slice: Slice, rules: FillRules): { closing: Closing | null; trade: Trade | null } {
  const closing = lane.closing;
  if (closing === null) return { closing, trade: null };
  const bars = minuteBars(slice, closing.position.contract);
  const filled = { ...closing.position, ...entryFill(closing.position, bars, slice, rules) };
  const exitPrice = closing.exitPrice ?? exitFill({ ...closing, position: filled }, bars, slice, rules);
  // A minute that closed before the acceptance may be shown after it, and its close is then the last one known.
  const position = { ...filled, mark: bars.at(-1)?.close ?? filled.mark };
  const seen = { ...closing, position, exitPrice };
  if (position.fillPrice === null || exitPrice === null) return { closing: seen, trade: null };
  return { closing: null, trade: tradeOf(lane.root, seen, exitPrice, rules) };
}

/** The slice's 1m bars of a contract in time order, revisions included. */
function minuteBars(slice: Slice, contract: string): Bar[] {
  return slice.bars.filter((bar) => bar.timeframe === '1m' && bar.contract === contract);
}

function entryFill(
  position: Position,
  bars: readonly Bar[],
  slice: Slice,
  rules: FillRules,
): Pick<Position, 'fillPrice' | 'filledAtMs'> {
  if (position.acceptedAtMs === null || position.fillPrice !== null) return position;
  const buys = position.side === 'long';
  const fill = fillAfter(position, { acceptedAtMs: position.acceptedAtMs, buys }, bars, slice, rules);
  return { fillPrice: fill?.price ?? null, filledAtMs: fill?.timeMs ?? null };
}

function exitFill({ position, acceptedAtMs }: Closing, bars: readonly Bar[], slice: Slice, rules: FillRules) {
  return fillAfter(position, { acceptedAtMs, buys: position.side === 'short' }, bars, slice, rules)?.price ?? null;
}

function fillAfter(
  position: Position,
  { acceptedAtMs, buys }: { acceptedAtMs: number; buys: boolean },
  bars: readonly Bar[],
  slice: Slice,
  rules: FillRules,
): { price: number; timeMs: number } | null {
  const bar = bars.find(({ closeTimeMs, revision }) => closeTimeMs > acceptedAtMs && revision === 0);
  if (bar !== undefined) return { price: slipped(position, { price: bar.open, buys }, rules), timeMs: bar.openTimeMs };
  const session = rules.calendar.sessionFrom(instrumentOf(position.tradedRoot).group, acceptedAtMs);
  const over = slice.closeTimeMs > acceptedAtMs && (slice.gap !== null || slice.closeTimeMs >= session.closeMs);
  return over ? { price: slipped(position, { price: position.mark, buys }, rules), timeMs: acceptedAtMs } : null;
}

/** Touched when a minute trades through the stop: the worse of stop and that minute's open, plus slippage. */
function brokerExit(position: Position, bars: readonly Bar[], rules: FillRules): number | null {
  const { brokerStopPrice: stop, filledAtMs } = position;
  if (stop === null || filledAtMs === null || position.brokerExitPrice !== null) return position.brokerExitPrice;
  const long = position.side === 'long';
  const touched = bars.find((bar) => bar.closeTimeMs > filledAtMs && (long ? bar.low <= stop : bar.high >= stop));
  if (touched === undefined) return null;
  const price = long ? Math.min(stop, touched.open) : Math.max(stop, touched.open);
  return slipped(position, { price, buys: !long }, rules);
}

/** A price worsened by slippage, on the tick: a buyer pays more, a seller gets less. */
function slipped(position: Position, { price, buys }: { price: number; buys: boolean }, rules: FillRules): number {
  const instrument = instrumentOf(position.tradedRoot);
  const slippage = rules.slippageTicks * instrument.tickSize;
  return roundToTick(instrument, buys ? price + slippage : price - slippage, 'nearest');
}

function tradeOf(root: string, closing: Closing, exitPrice: number, rules: FillRules): Trade {
  const { position, acceptedAtMs, epoch } = closing;
  const gross = grossUsd(position, exitPrice);
  const commissionUsd = roundTripUsd(instrumentOf(position.tradedRoot), position.quantity);
  const { group } = instrumentOf(position.tradedRoot);
  return {
    id: `${rules.strategyId}:${root}:${epoch}`,
    strategyId: rules.strategyId,
    root,
    contract: position.contract,
    side: position.side,
    quantity: position.quantity,
    entryTimeMs: position.filledAtMs ?? position.decisionTimeMs,
    entryPrice: position.fillPrice ?? position.signalPrice,
    exitTimeMs: acceptedAtMs,
    exitPrice,
    exitReason: closing.reason,
    tradeDate: rules.calendar.sessionFrom(group, acceptedAtMs - 1).tradeDate,
    grossUsd: gross,
    commissionUsd,
    netUsd: gross - commissionUsd,
    assumed: position.assumed,
  };
}
