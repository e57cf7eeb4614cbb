import type { Side } from '../strategy/definition.ts';

/** Who decided; ids and rules are the same whoever did. */
export type Origin = 'slice' | 'kill' | 'reconciler' | 'operator';

/** A decision to send. It carries everything its order needs. */
export interface Intent {
  readonly schemaVersion: 1;
  /** Entry `strategy:root:closeTimeMs:enter`; exit `strategy:root:epoch:exit:n`. */
  readonly id: string;
  readonly strategyId: string;
  /** Root of the lane (the signal's root). */
  readonly root: string;
  /** Root that is traded; decides ticks, costs and P&L. */
  readonly tradedRoot: string;
  /** Dated contract, `ESZ2026`; on exits the one that is held. */
  readonly contract: string;
  readonly kind: 'enter' | 'exit';
  /** Side of the position that is entered or left. */
  readonly side: Side;
  /** Contracts, at least 1. An exit always closes all of them. */
  readonly quantity: number;
  /** Price the decision was made at; dollars per unit. */
  readonly signalPrice: number;
  /** Stop that rests at the broker, entries only. */
  readonly brokerStopPrice: number | null;
  /** `closeTimeMs` of the slice that decided. */
  readonly decisionTimeMs: number;
  /** Instant from which the entry may no longer be claimed; null for exits, which do not expire. */
  readonly expiresAtMs: number | null;
  /** Epoch that the claim of this entry raises the lane to, or that this exit closes. */
  readonly epoch: number;
  readonly origin: Origin;
  readonly reason: string;
}

/** An entry may be received and claimed this long after its bar closed: 45 s, which is less than half of any signal bar. */
export const ENTRY_TTL_MS = 45_000;

/** Id of the entry that a slice may cause on a root. */
export function entryId(strategyId: string, root: string, closeTimeMs: number): string {
  return `${strategyId}:${root}:${closeTimeMs}:enter`;
}

/** Id of the n-th exit (from 1) of an epoch. */
export function exitId({
  strategyId,
  root,
  epoch,
  n,
}: {
  strategyId: string;
  root: string;
  epoch: number;
  n: number;
}): string {
  return `${strategyId}:${root}:${epoch}:exit:${n}`;
}
