import type { Side } from '../strategy/definition.ts';

/** One attempt to bring one intent to a broker account, in words that every route understands. */
export interface Order {
  /** Id of the attempt; unlike the intent's it differs for every POST. */
  readonly orderId: string;
  readonly intentId: string;
  readonly strategyId: string;
  /** Root that is traded; the contract is one of its. */
  readonly root: string;
  /** Dated contract with a four-digit year, `ESZ2026`; on exits the one that is held. */
  readonly contract: string;
  readonly kind: 'enter' | 'exit';
  /** Side of the position to enter; null on exits, which close whatever side there is. */
  readonly side: Side | null;
  /** Contracts to enter, at least 1; null on exits, which always close the whole position. */
  readonly quantity: number | null;
  /** Price the decision was made at, in the display convention; reference for the stop and for slippage, not a limit. */
  readonly signalPrice: number;
  /** Stop to rest at the broker with the entry; null for none, and on exits. */
  readonly brokerStopPrice: number | null;
  /** `closeTimeMs` of the slice that decided. */
  readonly decisionTimeMs: number;
  /** Epoch of the lane that the entry opens or the exit closes. */
  readonly epoch: number;
  /** Number of the attempt at this intent, from 1. */
  readonly attempt: number;
}
