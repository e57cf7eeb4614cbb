import { applySettle, type Claim, claimOf } from '#core/execution/claim.ts';
import type { Outcome } from '#core/execution/outcome.ts';
import type { Slice } from '#core/market/slice.ts';
import { MINUTE_MS } from '#core/market/timeframe.ts';
import type { Conclusion } from '#core/strategy/conclude.ts';
import type { StepInput } from '#core/strategy/step-input.ts';
import type { Strategy } from '#core/strategy/strategy.ts';
import { type Aggregate, newAggregate, withLane } from '#core/trading/aggregate.ts';
import type { Intent } from '#core/trading/intent.ts';
import type { Attempt, Lane, LaneEvent } from '#core/trading/lane.ts';
import { transition } from '#core/trading/lane-table.ts';
import { calendar } from '#test/core/trading/slices.ts';
import { aStepInput, aStrategy, atHour, atMinute, nine, step } from './step-scene.ts';

/** One strategy at its desk: steps and claims follow each other on one aggregate, as the ledger would have it. */
export class Desk {
  held: Aggregate;
  readonly #strategy: Strategy;
  #ops = 0;

  constructor(strategy: Strategy = aStrategy()) {
    this.#strategy = strategy;
    this.held = newAggregate(
      strategy.id,
      strategy.lines.map(({ root }) => root),
    );
  }

  lane(root = 'ES'): Lane {
    const lane = this.held.lanes[root];
    if (lane === undefined) throw new Error(`no lane ${root}`);
    return lane;
  }

  step(slice: Slice, known: Partial<StepInput> = {}): Conclusion {
    const concluded = step(aStepInput({ strategy: this.#strategy, held: this.held, slice, ...known }));
    this.held = concluded.aggregate;
    return concluded;
  }

  /** Claims an intent as its execution would; commits what the claim changed. */
  claim(intent: Pick<Intent, 'id' | 'root'>, nowMs: number): Claim {
    const claim = claimOf(this.held, intent, { op: `op-${++this.#ops}`, nowMs, calendar });
    if ('changed' in claim) this.held = claim.changed.aggregate;
    return claim;
  }

  /** What an operator's verb does to a lane. */
  operate(event: LaneEvent, root = 'ES'): void {
    this.held = withLane(this.held, transition(this.lane(root), event));
  }

  settle(attempt: Attempt, kind: Outcome['kind'], atMs: number, root = 'ES'): void {
    this.held = applySettle(this.held, { root, attempt, outcome: outcomeOf(kind), atMs }).aggregate;
  }

  /** Claims, posts and settles everything in the outbox at once, at the given instant. */
  execute(nowMs: number, kind: Outcome['kind'] = 'accepted'): Attempt[] {
    return this.held.outbox.flatMap((intent) => {
      const claim = this.claim(intent, nowMs);
      if (claim.kind !== 'claim') return [];
      this.settle(claim.attempt, kind, nowMs, intent.root);
      return [claim.attempt];
    });
  }
}

function outcomeOf(kind: Outcome['kind']): Outcome {
  if (kind === 'accepted') return { kind, id: 'id', logId: null };
  if (kind === 'rejected') return { kind, family: 'PAYLOAD', code: 'c', message: 'm' };
  return { kind, reason: 'scripted' };
}

/** A desk that entered ES at nine and is filled at 100 a minute later. */
export function anOpenDesk(strategy = aStrategy()): Desk {
  const desk = new Desk(strategy);
  desk.step(atHour(nine));
  desk.execute(nine);
  desk.step(atMinute(nine + MINUTE_MS));
  return desk;
}
