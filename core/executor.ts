import { type CommitPorts, change } from './commit.ts';
import { applySettle, type Claim, claimOf, orderOf } from './execution/claim.ts';
import type { OrderRoute } from './execution/order.ts';
import type { Outcome } from './execution/outcome.ts';
import type { SessionCalendar } from './market/session-calendar.ts';
import type { Clock } from './ports.ts';
import { newAggregate } from './trading/aggregate.ts';
import type { Intent } from './trading/intent.ts';
import type { Attempt } from './trading/lane.ts';

/** Everything outside that execution needs. */
export interface ExecutorPorts extends CommitPorts {
  readonly route: OrderRoute;
  readonly clock: Clock;
  readonly calendar: SessionCalendar;
}

/** What became of an intent; none of these asks for the message again. */
export type Executed =
  | { readonly kind: 'settled'; readonly attempt: Attempt; readonly outcome: Outcome }
  | { readonly kind: 'dropped' | 'waiting'; readonly reason: string }
  | { readonly kind: 'gone' };

/** A claim older than this when its POST could begin is not used: the world may have moved on, milliseconds. */
export const CLAIM_AGE_MAX_MS = 5_000;

/** Executes one strategy's intents: claim in the ledger, post once, settle. */
export function makeExecutor(strategyId: string, ports: ExecutorPorts): (intent: Intent) => Promise<Executed> {
  // The trader creates the aggregate with its lanes; an intent that comes before it finds no lane and is gone.
  const initial = newAggregate(strategyId, []);

  async function settle(root: string, attempt: Attempt, outcome: Outcome): Promise<Executed> {
    const atMs = ports.clock.now();
    return await change(ports, initial, (held) => ({
      changed: applySettle(held, { root, attempt, outcome, atMs }),
      rule: {},
      result: { kind: 'settled', attempt, outcome } as const,
    }));
  }

  return async (intent) => {
    let claimedAt = 0;
    const claim = await change<Claim>(ports, initial, (held, op) => {
      claimedAt = ports.clock.monotonic();
      const made = claimOf(held, intent, { op, nowMs: ports.clock.now(), calendar: ports.calendar });
      if (made.kind === 'claim') return { changed: made.changed, rule: { modesIn: made.modes }, result: made };
      if (made.kind === 'drop') return { changed: made.changed, rule: {}, result: made };
      return { changed: null, result: made };
    });
    switch (claim.kind) {
      case 'gone':
        return { kind: 'gone' };
      case 'wait':
        return { kind: 'waiting', reason: claim.reason };
      case 'drop':
        return { kind: 'dropped', reason: claim.reason };
      case 'abandoned':
        return await settle(intent.root, claim.attempt, {
          kind: 'unknown',
          reason: 'the claimant stopped before it settled',
        });
      case 'claim':
        return await settle(intent.root, claim.attempt, await post(claim, claimedAt, ports));
    }
  };
}

/** Writes the order's row, then posts once, unless the claim has become too old meanwhile. */
async function post(
  { intent, attempt }: Extract<Claim, { kind: 'claim' }>,
  claimedAt: number,
  { ledger, route, clock }: ExecutorPorts,
): Promise<Outcome> {
  const order = orderOf(intent, attempt);
  const row = { kind: 'ORDER', id: order.orderId, timeMs: order.decisionTimeMs, body: order } as const;
  try {
    await ledger.writeRows(order.strategyId, [row]);
  } catch (error) {
    return { kind: 'not-sent', reason: `the order's row could not be written: ${(error as Error).message}` };
  }
  const ageMs = clock.monotonic() - claimedAt;
  if (ageMs > CLAIM_AGE_MAX_MS) return { kind: 'not-sent', reason: `the claim took ${Math.round(ageMs)} ms` };
  return await route.send(order);
}
