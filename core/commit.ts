import { contractError, kindOf, RooneyError } from './errors.ts';
import type { CommitRule, Ledger } from './ports.ts';
import { type Aggregate, type Changed, sealed } from './trading/aggregate.ts';

/** Where an aggregate is written, and where nonces come from. */
export interface CommitPorts {
  readonly ledger: Ledger;
  /** A new, unique word for every write that is tried. */
  readonly nonce: () => string;
}

/** Whose aggregate is changed. */
export interface Subject {
  readonly strategyId: string;
  /** What to create when the strategy has none; null where that cannot be right. */
  readonly initial: Aggregate | null;
}

/** What a writer made of the image it read: a change to commit, or a result without one. */
export type Made<T> =
  | { readonly changed: Changed; readonly rule: CommitRule; readonly result: T }
  | { readonly changed: null; readonly result: T };

/** A writer's computation on a consistent image; it runs again on a newer image when somebody else was first. */
export type Make<T> = (held: Aggregate, op: string) => Made<T> | Promise<Made<T>>;

/** Writers of one strategy are few and quick; more refusals than this mean that something else is wrong. */
const WRITES_MAX = 12;

/**
 * Changes an aggregate by the one write rule: read consistently, compute, write under the next number and one's own
 * rule, and on refusal read again. Rows and journal row travel inside the image that they were committed with; the next
 * writer stores them before the image that drops them.
 *
 * A write whose reply was lost is recognised by its op in the ring and not made again.
 */
export async function change<T>({ ledger, nonce }: CommitPorts, subject: Subject, make: Make<T>): Promise<T> {
  const tried = new Map<string, T>();
  for (let write = 0; write < WRITES_MAX; write++) {
    const held = await loadOrCreate(ledger, subject);
    const mine = held.ops.find((op) => tried.has(op));
    if (mine !== undefined) return tried.get(mine) as T;
    const op = nonce();
    const made = await make(held, op);
    if (made.changed === null) return made.result;
    tried.set(op, made.result);
    await ledger.writeRows(held.strategyId, held.rows);
    if (held.journal !== null) await ledger.writeJournal(held.journal);
    if (await committed(ledger, sealed(held, made.changed, op), made.rule)) return made.result;
  }
  throw new RooneyError('transient', `strategy ${subject.strategyId}: ${WRITES_MAX} writes in a row were refused`);
}

async function loadOrCreate(ledger: Ledger, { strategyId, initial }: Subject): Promise<Aggregate> {
  const held = await ledger.load(strategyId);
  if (held !== null) return held;
  if (initial === null) throw contractError(`strategy ${strategyId} has no ledger: it has never taken a slice`);
  await ledger.create(initial);
  return (await ledger.load(strategyId)) ?? initial;
}

/** A write without an answer may have been applied: the next read tells. */
async function committed(ledger: Ledger, next: Aggregate, rule: CommitRule): Promise<boolean> {
  try {
    return await ledger.commit(next, rule);
  } catch (error) {
    if (kindOf(error) === 'transient') return false;
    throw error;
  }
}
