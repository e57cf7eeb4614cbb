import type { Timeframe } from '../market/timeframe.ts';
import type { ExitPlan, Level, Side } from '../strategy/definition.ts';

/** Contracts held or about to be held by one lane, as the model sees them. */
export interface Position {
  /** Dated contract that is traded; marks, stops and exits read its bars. */
  readonly contract: string;
  readonly tradedRoot: string;
  /** Contract of the lane's root whose bars gave the signal; the definition's exit reads it. */
  readonly signalContract: string;
  readonly side: Side;
  /** Contracts, at least 1. */
  readonly quantity: number;
  readonly signalPrice: number;
  readonly decisionTimeMs: number;
  readonly plan: ExitPlan;
  /** Timeframe whose buckets the bar stop counts. */
  readonly signalTimeframe: Timeframe;
  readonly brokerStopPrice: number | null;
  /** Instant of the automatic close; see `auto-close.ts`. */
  readonly autoCloseAtMs: number;
  /** When the route took the entry (or its outcome became unknown); null before. */
  readonly acceptedAtMs: number | null;
  /** Model fill of the entry; null while pending. */
  readonly fillPrice: number | null;
  readonly filledAtMs: number | null;
  /** Last known close of the contract. */
  readonly mark: number;
  /** True when the entry's own outcome was never settled. */
  readonly assumed: boolean;
  /** Model exit fixed by a touch of the broker's stop, slippage included; null otherwise. */
  readonly brokerExitPrice: number | null;
}

/** +1 long, -1 short. */
export function sign(side: Side): 1 | -1 {
  return side === 'long' ? 1 : -1;
}

/** Entry price that levels and P&L are measured from: the model fill, or the signal price while it is pending. */
export function entryPrice(position: Pick<Position, 'fillPrice' | 'signalPrice'>): number {
  return position.fillPrice ?? position.signalPrice;
}

/** Distance of a level from a price, in price units. */
export function levelDistance(level: Level, price: number): number {
  return level.kind === 'fraction' ? Math.abs(price) * level.value : level.value;
}
