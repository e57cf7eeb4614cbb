import { createHash } from 'node:crypto';
import type { Order } from '#core/execution/order.ts';
import type { Outcome } from '#core/execution/outcome.ts';
import type { Ledger } from '#core/ports.ts';
import type { Action, Decision } from '#core/strategy/decision.ts';
import type { Aggregate, DroppedIntent, SettledAttempt } from '#core/trading/aggregate.ts';
import type { Trade } from '#core/trading/pnl.ts';

/** Everything the ledger holds of one run, over all strategies, in order of time and strategy. */
export interface RunRecord {
  readonly decisions: readonly Decision[];
  readonly orders: readonly Order[];
  readonly outcomes: readonly SettledAttempt[];
  readonly drops: readonly DroppedIntent[];
  readonly trades: readonly Trade[];
  /** As they were left. */
  readonly aggregates: readonly Aggregate[];
}

/** What a run came to, in numbers that two runs can be compared by. */
export interface RunCounts {
  readonly decisions: Readonly<Record<Action, number>>;
  readonly intents: number;
  /** POSTs by outcome; `unsettled` are orders whose outcome was never recorded. */
  readonly attempts: Readonly<Record<Outcome['kind'] | 'unsettled', number>>;
  readonly trades: number;
  /** Dollars after costs, closed trades only. */
  readonly pnlUsd: number;
  /** Lanes that are not FLAT. Nothing is closed at the end of the data. */
  readonly openLanes: number;
  /** Model fills that no slice has brought a price for yet. */
  readonly pendingFills: number;
  readonly orderListHash: string;
}

/** Reads what the ledger holds of these strategies. */
export async function readRunRecord(ledger: Ledger, strategyIds: readonly string[]): Promise<RunRecord> {
  const each = await Promise.all(
    strategyIds.map(async (id) => ({
      decisions: await ledger.rows(id, 'DECISION'),
      orders: await ledger.rows(id, 'ORDER'),
      outcomes: await ledger.rows(id, 'OUTCOME'),
      drops: await ledger.rows(id, 'DROP'),
      trades: await ledger.rows(id, 'TRADE'),
      aggregate: await ledger.load(id),
    })),
  );
  const inOrder = <T>(rows: readonly { readonly timeMs: number; readonly body: T }[]): T[] =>
    [...rows].sort((a, b) => a.timeMs - b.timeMs).map(({ body }) => body);
  return {
    decisions: inOrder(each.flatMap(({ decisions }) => decisions)),
    orders: inOrder(each.flatMap(({ orders }) => orders)),
    outcomes: inOrder(each.flatMap(({ outcomes }) => outcomes)),
    drops: inOrder(each.flatMap(({ drops }) => drops)),
    trades: inOrder(each.flatMap(({ trades }) => trades)),
    aggregates: each.flatMap(({ aggregate }) => aggregate ?? []),
  };
}

/** Counts a record. */
export function countRun(record: RunRecord): RunCounts {
  const { decisions, orders, outcomes, drops, trades, aggregates } = record;
  const lanes = aggregates.flatMap((aggregate) => Object.values(aggregate.lanes));
  const intents = new Set([
    ...decisions.flatMap(({ intentId }) => intentId ?? []),
    ...orders.map(({ intentId }) => intentId),
    ...drops.map(({ intent }) => intent.id),
    ...aggregates.flatMap(({ outbox }) => outbox.map(({ id }) => id)),
  ]);
  const settled = new Set(outcomes.map(({ attempt }) => attempt.id));
  const ended = (kind: Outcome['kind']): number => outcomes.filter(({ outcome }) => outcome.kind === kind).length;
  const concluded = (action: Action): number => decisions.filter((decision) => decision.action === action).length;
  return {
    decisions: {
      enter: concluded('enter'),
      exit: concluded('exit'),
      hold: concluded('hold'),
      refused: concluded('refused'),
      vetoed: concluded('vetoed'),
    },
    intents: intents.size,
    attempts: {
      accepted: ended('accepted'),
      rejected: ended('rejected'),
      'not-sent': ended('not-sent'),
      unknown: ended('unknown'),
      unsettled: orders.filter(({ orderId }) => !settled.has(orderId)).length,
    },
    trades: trades.length,
    pnlUsd: Math.round(trades.reduce((sum, { netUsd }) => sum + netUsd, 0) * 100) / 100,
    openLanes: lanes.filter(({ state }) => state !== 'FLAT').length,
    pendingFills: lanes.filter(({ state, position, closing }) => closing !== null || isPending(state, position)).length,
    orderListHash: orderListHash(orders),
  };
}

/** `buy` and `sell` open a position, `exit` closes whatever side there is. */
export function actionOf({ kind, side }: Order): 'buy' | 'sell' | 'exit' {
  if (kind === 'exit') return 'exit';
  return side === 'short' ? 'sell' : 'buy';
}

/**
 * Names a list of orders by what was decided: sha256, hexadecimal, over JSON of strategy, contract, action, quantity,
 * decision time and signal price, ordered by time, strategy, contract and action. No wall time and no random id is in it.
 */
export function orderListHash(orders: readonly Order[]): string {
  const list = orders.map((order) => ({
    strategy: order.strategyId,
    contract: order.contract,
    action: actionOf(order),
    quantity: order.quantity,
    decisionTimeMs: order.decisionTimeMs,
    signalPrice: order.signalPrice,
  }));
  const key = (one: (typeof list)[number]): string =>
    [String(one.decisionTimeMs).padStart(15, '0'), one.strategy, one.contract, one.action, one.quantity].join(' ');
  const sorted = list.sort((a, b) => (key(a) < key(b) ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(sorted)).digest('hex');
}

function isPending(state: string, position: { readonly fillPrice: number | null } | null): boolean {
  return (
    (state === 'OPEN' || state === 'EXITING' || state === 'UNKNOWN') && position !== null && position.fillPrice === null
  );
}
