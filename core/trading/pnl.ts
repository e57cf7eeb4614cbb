import { type Instrument, instrumentOf } from '../market/instrument.ts';
import { entryPrice, type Position, sign } from './position.ts';

/** One closed round trip with costs. Prices in display convention, money in dollars. */
export interface Trade {
  /** `strategy:root:epoch`. */
  readonly id: string;
  readonly strategyId: string;
  readonly root: string;
  readonly contract: string;
  readonly side: Position['side'];
  readonly quantity: number;
  readonly entryTimeMs: number;
  readonly entryPrice: number;
  /** When the route took the exit; its model fill is the minute after. */
  readonly exitTimeMs: number;
  readonly exitPrice: number;
  readonly exitReason: string;
  /** Trade date of the exit, on which the P&L is booked. */
  readonly tradeDate: string;
  readonly grossUsd: number;
  readonly commissionUsd: number;
  readonly netUsd: number;
  /** True when the entry's outcome was never known, so that the trade may not have happened. */
  readonly assumed: boolean;
}

/** Dollars gained by holding `position` from its entry price to `price`, before costs. */
export function grossUsd(position: Position, price: number): number {
  const { multiplierUsd } = instrumentOf(position.tradedRoot);
  return sign(position.side) * (price - entryPrice(position)) * multiplierUsd * position.quantity;
}

/** Commission of a round trip in dollars. */
export function roundTripUsd(instrument: Instrument, quantity: number): number {
  return 2 * instrument.commissionPerSideUsd * quantity;
}

/** Dollars of an open position marked at `price`, after the costs of closing it. */
export function markedUsd(position: Position, price = position.mark): number {
  return grossUsd(position, price) - roundTripUsd(instrumentOf(position.tradedRoot), position.quantity);
}
