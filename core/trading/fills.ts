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

/** What one slice shows of one contract. */
interface Sight {
  /** 1m bars of the contract in time order, revisions included. */
  readonly bars: readonly Bar[];
  readonly slice: Slice;
  readonly rules: FillRules;
}

function sightOf(contract: string, slice: Slice, rules: FillRules): Sight {
  const bars = slice.bars.filter((bar) => bar.timeframe === '1m' && bar.contract === contract);
  return { bars, slice, rules };
}

function observePosition(position: Position, slice: Slice, rules: FillRules): Position {
  const sight = sightOf(position.contract, slice, rules);
  const filled = entryFilled(position, sight);
  return { ...marked(filled, sight), brokerExitPrice: brokerExit(filled, sight) };
}

function observeClosing(lane: Lane, slice: Slice, rules: FillRules): { closing: Closing | null; trade: Trade | null } {
  const closing = lane.closing;
  if (closing === null) return { closing, trade: null };
  const sight = sightOf(closing.position.contract, slice, rules);
  const filled = entryFilled(closing.position, sight);
  const buys = filled.side === 'short';
  const exit =
    closing.exitPrice ?? fillAfter(filled, { acceptedAtMs: closing.acceptedAtMs, buys }, sight)?.price ?? null;
  // A minute that closed before the acceptance may be shown after it, and its close is then the last one known.
  const seen = { ...closing, position: marked(filled, sight), exitPrice: exit };
  if (filled.fillPrice === null || exit === null) return { closing: seen, trade: null };
  return { closing: null, trade: tradeOf(lane.root, seen, { entryPrice: filled.fillPrice, exitPrice: exit, rules }) };
}

function marked(position: Position, { bars }: Sight): Position {
  return { ...position, mark: bars.at(-1)?.close ?? position.mark };
}

function entryFilled(position: Position, sight: Sight): Position {
  const { acceptedAtMs, fillPrice } = position;
  if (acceptedAtMs === null || fillPrice !== null) return position;
  const fill = fillAfter(position, { acceptedAtMs, buys: position.side === 'long' }, sight);
  return { ...position, fillPrice: fill?.price ?? null, filledAtMs: fill?.timeMs ?? null };
}

function fillAfter(
  position: Position,
  { acceptedAtMs, buys }: { acceptedAtMs: number; buys: boolean },
  { bars, slice, rules }: Sight,
): { price: number; timeMs: number } | null {
  const bar = bars.find(({ closeTimeMs, revision }) => closeTimeMs > acceptedAtMs && revision === 0);
  if (bar !== undefined) return { price: slipped(position, { price: bar.open, buys }, rules), timeMs: bar.openTimeMs };
  const session = rules.calendar.sessionFrom(instrumentOf(position.tradedRoot).group, acceptedAtMs);
  const over = slice.closeTimeMs > acceptedAtMs && (slice.gap !== null || slice.closeTimeMs >= session.closeMs);
  return over ? { price: slipped(position, { price: position.mark, buys }, rules), timeMs: acceptedAtMs } : null;
}

/** Touched when a minute trades through the stop: the worse of stop and that minute's open, plus slippage. */
function brokerExit(position: Position, { bars, rules }: Sight): number | null {
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

function tradeOf(
  root: string,
  { position, acceptedAtMs, epoch, reason }: Closing,
  { entryPrice, exitPrice, rules }: { entryPrice: number; exitPrice: number; rules: FillRules },
): Trade {
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
    entryPrice,
    exitTimeMs: acceptedAtMs,
    exitPrice,
    exitReason: reason,
    tradeDate: rules.calendar.sessionFrom(group, acceptedAtMs - 1).tradeDate,
    grossUsd: gross,
    commissionUsd,
    netUsd: gross - commissionUsd,
    assumed: position.assumed,
  };
}
