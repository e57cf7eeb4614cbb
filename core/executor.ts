import { type CommitPorts, change } from './commit.ts';
import { applySettle, CLAIM_AGE_MAX_MS, type Claim, claimOf, orderOf } from './execution/claim.ts';
import type { Outcome } from './execution/outcome.ts';
import type { SessionCalendar } from './market/session-calendar.ts';
import type { Clock, OrderRoute } from './ports.ts';
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

/** Executes one strategy's intents: claim in the ledger, post once, settle. */
export function makeExecutor(strategyId: string, ports: ExecutorPorts): (intent: Intent) => Promise<Executed> {
  // An intent comes from a committed aggregate, so there is one.
  const subject = { strategyId, initial: null };

  async function settle(root: string, attempt: Attempt, outcome: Outcome): Promise<Executed> {
    const atMs = ports.clock.now();
    return await change(ports, subject, (held) => ({
      changed: applySettle(held, { root, attempt, outcome, atMs }),
      rule: {},
      result: { kind: 'settled', attempt, outcome } as const,
    }));
  }

  return async (intent) => {
    const claim = await change<Claim & { claimedAt: number }>(ports, subject, (held, op) => {
      const claimant = { op, nowMs: ports.clock.now(), calendar: ports.calendar };
      // Belongs to this write: when its reply is lost, a later look at the clock would make the claim seem younger.
      const made = { ...claimOf(held, intent, claimant), claimedAt: ports.clock.monotonic() };
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
        return await settle(intent.root, claim.attempt, await post(claim, ports));
    }
  };
}

/** Posts once, unless the claim has become too old meanwhile. */
async function post(
  { intent, attempt, claimedAt }: Extract<Claim, { kind: 'claim' }> & { claimedAt: number },
  { route, clock }: ExecutorPorts,
): Promise<Outcome> {
  const ageMs = clock.monotonic() - claimedAt;
  if (ageMs > CLAIM_AGE_MAX_MS) return { kind: 'not-sent', reason: `the claim took ${Math.round(ageMs)} ms` };
  return await route.send(orderOf(intent, attempt));
}
