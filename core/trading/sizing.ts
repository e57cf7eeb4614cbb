import { instrumentOf } from '../market/instrument.ts';
import type { Level } from '../strategy/definition.ts';
import type { Size } from '../strategy/strategy.ts';
import { levelDistance } from './position.ts';

/** What a size is worked out from. */
export interface SizingView {
  readonly tradedRoot: string;
  /** The strategy's own stop; without one a dollar risk has no meaning and buys nothing. */
  readonly stop: Level | null;
  readonly price: number;
}

/** Whole contracts to buy: the fixed number, or dollars at risk over dollars lost per contract at the stop, rounded down. */
export function contractsFor(size: Size, { tradedRoot, stop, price }: SizingView): number {
  if ('contracts' in size) return size.contracts;
  if (stop === null) return 0;
  const lossUsd = levelDistance(stop, price) * instrumentOf(tradedRoot).multiplierUsd;
  return lossUsd > 0 ? Math.floor(size.riskDollars / lossUsd) : 0;
}
