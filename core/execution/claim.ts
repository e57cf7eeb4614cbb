import { instrumentOf } from '../market/instrument.ts';
import type { SessionCalendar } from '../market/session-calendar.ts';
import {
  type Aggregate,
  type Changed,
  forgottenRows,
  outcomeRow,
  type SettledAttempt,
  withLane,
} from '../trading/aggregate.ts';
import type { Intent } from '../trading/intent.ts';
import { type Attempt, attemptInFlight, type Lane } from '../trading/lane.ts';
import { transition } from '../trading/lane-table.ts';
import { type Mode, modeInForce } from './mode.ts';
import type { Order } from './order.ts';

/** The invocation that wants to send an intent. */
export interface Claimant {
  /** Nonce of this invocation and re-read. */
  readonly op: string;
  readonly nowMs: number;
  readonly calendar: SessionCalendar;
}

/**
 * What may be done with an intent that came off the queue.
 *
 * `claim`: commit `changed`, then post once. `drop`: it may never be sent, commit `changed`. `wait`: it may not be sent
 * now and stays in the outbox. `abandoned`: somebody claimed it and is gone; its outcome is unknown. `gone`: it was
 * finished before.
 */
export type Claim =
  | {
      readonly kind: 'claim';
      readonly changed: Changed;
      readonly attempt: Attempt;
      readonly intent: Intent;
      readonly modes: readonly Mode[];
    }
  | { readonly kind: 'drop'; readonly changed: Changed; readonly reason: string }
  | { readonly kind: 'wait'; readonly reason: string }
  | { readonly kind: 'abandoned'; readonly attempt: Attempt }
  | { readonly kind: 'gone' };

/** A claim older than this when its POST could begin is not used: the world may have moved on, milliseconds. */
export const CLAIM_AGE_MAX_MS = 5_000;

/** Decides on an intent by the committed copy in the outbox; the message that named it is only a pointer. */
export function claimOf(held: Aggregate, { id, root }: Pick<Intent, 'id' | 'root'>, claimant: Claimant): Claim {
  const lane = held.lanes[root];
  const intent = held.outbox.find((one) => one.id === id);
  if (lane === undefined) return { kind: 'gone' };
  if (intent === undefined) return unfinished(lane, id);
  const mode = modeInForce(held.modes);
  if (intent.kind === 'exit') {
    if (mode === 'HALT') return { kind: 'wait', reason: 'mode HALT: nothing is posted' };
    if (!staysOpen(intent, claimant)) return { kind: 'wait', reason: 'the market is closed' };
  } else {
    if (mode !== 'RUN') return dropped(held, intent, `mode ${mode}`, claimant.nowMs);
    if (intent.expiresAtMs !== null && claimant.nowMs >= intent.expiresAtMs) {
      return dropped(held, intent, 'expired', claimant.nowMs);
    }
  }
  const { op, nowMs: sentAtMs } = claimant;
  const attempt: Attempt = { id: `${id}#1`, intentId: id, kind: intent.kind, epoch: intent.epoch, op, sentAtMs };
  const claimed = applyClaim(held, attempt);
  if (claimed === null) return dropped(held, intent, `lane ${lane.state}`, claimant.nowMs);
  const modes: readonly Mode[] = intent.kind === 'enter' ? ['RUN'] : ['RUN', 'REDUCE_ONLY', 'FLATTEN'];
  return { kind: 'claim', changed: claimed, attempt, intent, modes };
}

/** The market is open, and still is when the POST begins at the latest: a closed one would keep the exit for the next open. */
function staysOpen({ tradedRoot }: Intent, { calendar, nowMs }: Claimant): boolean {
  const { group } = instrumentOf(tradedRoot);
  return [nowMs, nowMs + CLAIM_AGE_MAX_MS].every((timeMs) => calendar.sessionAt(group, timeMs) !== null);
}

/** A claim without an outcome: only one invocation holds a message at a time, so whoever made it is gone. */
function unfinished(lane: Lane, intentId: string): Claim {
  const attempt = attemptInFlight(lane);
  return attempt?.intentId === intentId ? { kind: 'abandoned', attempt } : { kind: 'gone' };
}

function dropped(held: Aggregate, intent: Intent, reason: string, atMs: number): Claim {
  return { kind: 'drop', changed: applyDrop(held, { intentId: intent.id, reason, atMs }), reason };
}

/** Takes the intent out of the outbox and moves its lane to sending; null when the lane's state does not allow it. */
export function applyClaim(held: Aggregate, attempt: Attempt): Changed | null {
  const intent = held.outbox.find((one) => one.id === attempt.intentId);
  const lane = intent && held.lanes[intent.root];
  const expected = intent?.kind === 'enter' ? lane?.intentId : lane?.exiting?.intentId;
  if (intent === undefined || lane === undefined || expected !== intent.id) return null;
  const moved = transition(lane, { kind: 'claim', attempt });
  if (moved.refused > lane.refused || moved.epoch !== attempt.epoch) return null;
  return {
    aggregate: withLane({ ...held, outbox: without(held, intent.id) }, moved),
    rows: [{ kind: 'ORDER', id: attempt.id, timeMs: intent.decisionTimeMs, body: orderOf(intent, attempt) }],
    change: { kind: 'claim', intentId: intent.id, attempt },
  };
}

/** Takes an intent out of the outbox that will not be sent, and frees what an entry had reserved. */
export function applyDrop(held: Aggregate, drop: { intentId: string; reason: string; atMs: number }): Changed {
  const intent = held.outbox.find((one) => one.id === drop.intentId);
  const lane = intent && held.lanes[intent.root];
  const outbox = without(held, drop.intentId);
  const change = { kind: 'drop', ...drop } as const;
  if (intent === undefined || lane === undefined) return { aggregate: { ...held, outbox }, rows: [], change };
  const freed = lane.state === 'RESERVED' && lane.intentId === intent.id ? transition(lane, { kind: 'release' }) : lane;
  const body = { intent, reason: drop.reason, atMs: drop.atMs };
  return {
    aggregate: withLane({ ...held, outbox }, freed),
    rows: [{ kind: 'DROP', id: intent.id, timeMs: intent.decisionTimeMs, body }],
    change,
  };
}

/** Records how a POST ended. */
export function applySettle(held: Aggregate, { root, attempt, outcome, atMs }: SettledAttempt): Changed {
  const settled = { root, attempt, outcome, atMs };
  const change = { kind: 'settle', ...settled } as const;
  const lane = held.lanes[root];
  if (lane === undefined) return { aggregate: held, rows: [outcomeRow(settled)], change };
  const moved = transition(lane, { kind: 'settle', attempt, settled: outcome.kind, atMs });
  const forgotten = forgottenRows(lane, moved, { atMs, settledId: attempt.id });
  return { aggregate: withLane(held, moved), rows: [outcomeRow(settled), ...forgotten], change };
}

/** The order that a claimed intent becomes. */
export function orderOf(intent: Intent, attempt: Attempt): Order {
  const enters = intent.kind === 'enter';
  return {
    orderId: attempt.id,
    intentId: intent.id,
    strategyId: intent.strategyId,
    root: intent.tradedRoot,
    contract: intent.contract,
    kind: intent.kind,
    side: enters ? intent.side : null,
    quantity: enters ? intent.quantity : null,
    signalPrice: intent.signalPrice,
    brokerStopPrice: intent.brokerStopPrice,
    decisionTimeMs: intent.decisionTimeMs,
    epoch: attempt.epoch,
    attempt: 1,
  };
}

function without(held: Aggregate, intentId: string): readonly Intent[] {
  return held.outbox.filter((intent) => intent.id !== intentId);
}
