import { type CommittedModes, type ModeReadings, unreadMode } from '../execution/mode.ts';
import type { Order } from '../execution/order.ts';
import type { Outcome } from '../execution/outcome.ts';
import type { Decision } from '../strategy/decision.ts';
import type { Verdict } from '../strategy/veto.ts';
import type { Intent } from './intent.ts';
import { type Attempt, attemptInFlight, flatLane, type Lane, type LaneEvent } from './lane.ts';
import type { Trade } from './pnl.ts';

/** P&L of the trade date in progress. */
export interface TradeDay {
  /** `YYYY-MM-DD`; empty before the first slice. */
  readonly tradeDate: string;
  /** Dollars realised on this date by model fills, after costs. */
  readonly realisedUsd: number;
  /** The daily stop was breached; no new risk until the next trade date. */
  readonly stopped: boolean;
}

/**
 * All of a strategy that trading depends on: one item, written whole.
 *
 * It stays a few kilobytes: history, trades and decisions are rows of their own.
 */
export interface Aggregate {
  readonly schemaVersion: 1;
  readonly strategyId: string;
  /** Number of the write that made this image; 0 as created. */
  readonly seq: number;
  /** The last 32 ops that wrote, newest last. */
  readonly ops: readonly string[];
  /** `closeTimeMs` of the newest slice decided on; null before the first. */
  readonly lastSliceMs: number | null;
  readonly modes: CommittedModes;
  readonly day: TradeDay;
  readonly lanes: Readonly<Record<string, Lane>>;
  /** Committed intents whose claim, expiry or cancellation is not recorded yet, oldest first. */
  readonly outbox: readonly Intent[];
  /** The journal row of write `seq`, until the next writer has stored it. */
  readonly journal: JournalRow | null;
  /** The rows of write `seq`, likewise: what a refused writer would have recorded never becomes a row. */
  readonly rows: readonly LedgerRow[];
}

/** Why an aggregate changed: everything that is needed to make the same change again. */
export type Change =
  | {
      readonly kind: 'slice';
      readonly closeTimeMs: number;
      readonly receiptTimeMs: number;
      readonly readings: ModeReadings;
      /** The model's answers by root. */
      readonly verdicts: Readonly<Record<string, Verdict>>;
    }
  | { readonly kind: 'claim'; readonly intentId: string; readonly attempt: Attempt }
  | { readonly kind: 'drop'; readonly intentId: string; readonly reason: string; readonly atMs: number }
  | {
      readonly kind: 'settle';
      readonly root: string;
      readonly attempt: Attempt;
      readonly outcome: Outcome;
      readonly atMs: number;
    }
  | { readonly kind: 'lane'; readonly root: string; readonly event: LaneEvent; readonly reason: string };

/** One write of an aggregate, kept for replay. */
export interface JournalRow {
  readonly strategyId: string;
  readonly seq: number;
  readonly op: string;
  readonly change: Change;
}

/** A row that outlives the aggregate. Its id is derived from data, so that writing it twice changes nothing. */
export type LedgerRow =
  | { readonly kind: 'DECISION'; readonly id: string; readonly timeMs: number; readonly body: Decision }
  | { readonly kind: 'ORDER'; readonly id: string; readonly timeMs: number; readonly body: Order }
  | { readonly kind: 'OUTCOME'; readonly id: string; readonly timeMs: number; readonly body: SettledAttempt }
  | { readonly kind: 'DROP'; readonly id: string; readonly timeMs: number; readonly body: DroppedIntent }
  | { readonly kind: 'TRADE'; readonly id: string; readonly timeMs: number; readonly body: Trade };

/** How one POST ended. */
export interface SettledAttempt {
  readonly attempt: Attempt;
  readonly root: string;
  readonly outcome: Outcome;
  readonly atMs: number;
}

/** An intent that was never sent, and why. */
export interface DroppedIntent {
  readonly intent: Intent;
  readonly reason: string;
  readonly atMs: number;
}

/** An aggregate after a change, with the rows that are committed with it. */
export interface Changed {
  readonly aggregate: Aggregate;
  readonly rows: readonly LedgerRow[];
  readonly change: Change;
}

/** Ops remembered in the item. */
export const OPS_MAX = 32;

/** The aggregate of a strategy that never ran: every lane flat, every mode unread. */
export function newAggregate(strategyId: string, roots: readonly string[]): Aggregate {
  return {
    schemaVersion: 1,
    strategyId,
    seq: 0,
    ops: [],
    lastSliceMs: null,
    modes: { global: unreadMode, own: unreadMode },
    day: { tradeDate: '', realisedUsd: 0, stopped: false },
    lanes: Object.fromEntries(roots.map((root) => [root, flatLane(root)])),
    outbox: [],
    journal: null,
    rows: [],
  };
}

/** The image to write: the change under its op, numbered, with its own journal row and rows inside. */
export function sealed(held: Aggregate, { aggregate, rows, change }: Changed, op: string): Aggregate {
  const seq = held.seq + 1;
  return {
    ...aggregate,
    seq,
    ops: [...held.ops, op].slice(-OPS_MAX),
    journal: { strategyId: held.strategyId, seq, op, change },
    rows,
  };
}

/** The row of how a POST ended. */
export function outcomeRow(body: SettledAttempt): LedgerRow {
  const { attempt, outcome } = body;
  return { kind: 'OUTCOME', id: `${attempt.id}:${outcome.kind}`, timeMs: attempt.sentAtMs, body };
}

/** The end of an attempt that a lane no longer waits for although nobody told its outcome: it stays unknown. */
export function forgottenRows(
  before: Lane,
  after: Lane,
  { atMs, settledId = null }: { readonly atMs: number; readonly settledId?: string | null },
): LedgerRow[] {
  const attempt = attemptInFlight(before);
  if (attempt === null || attempt.id === settledId || attempt.id === attemptInFlight(after)?.id) return [];
  const outcome = { kind: 'unknown', reason: 'no outcome while the lane waited for one' } as const;
  return [outcomeRow({ root: before.root, attempt, atMs, outcome })];
}

/** Replaces one lane. */
export function withLane(aggregate: Aggregate, lane: Lane): Aggregate {
  return { ...aggregate, lanes: { ...aggregate.lanes, [lane.root]: lane } };
}

/** Lanes in use: every one but FLAT. */
export function slotsUsed(aggregate: Aggregate): number {
  return Object.values(aggregate.lanes).filter((lane) => lane.state !== 'FLAT').length;
}
