import { rtypeOfSchema, type Schema, type Stype } from '../dbn/enums.ts';
import { DatabentoError } from '../errors.ts';
import { checkSubscription, formatSubscription, spellSymbol } from '../protocol/subscription.ts';

/** What to subscribe to. */
export interface SubscribeRequest {
  readonly schema: Schema;
  /** Spelled as they are; upper and lower case do not matter. `['ALL_SYMBOLS']` is all there are. */
  readonly symbols: readonly string[];
  /** What the symbols are; `raw_symbol` when not given. */
  readonly stypeIn?: Stype;
  /** Replay from then on, nanoseconds since the epoch, inclusive; 0 for all that the gateway has. */
  readonly start?: bigint | null;
  /** Begin with the state of the order book; `mbo` only, not together with `start`. */
  readonly snapshot?: boolean;
}

/** A subscription and how it stands. */
export interface LiveSubscription {
  readonly id: number;
  readonly schema: Schema;
  readonly stypeIn: Stype;
  readonly symbols: readonly string[];
  readonly start: bigint | null;
  readonly snapshot: boolean;
  /** In the running session; `refused` is for good. */
  readonly status: 'pending' | 'acknowledged' | 'refused';
}

/** The subscriptions of a client, which outlive its sessions. */
export class SubscriptionBook {
  #subscriptions: LiveSubscription[] = [];
  #lastId = 0;

  /**
   * Adds a subscription and numbers it. Throws code `usage` for one that the gateway would refuse or
   * misread, and for `tbbo` beside `mbp-1`, whose records nobody could tell apart.
   */
  add({ schema, symbols, stypeIn = 'raw_symbol', start = null, snapshot = false }: SubscribeRequest): LiveSubscription {
    checkSubscription({ schema, symbols, stypeIn, start, snapshot, id: null });
    this.#checkRecordType(schema);
    this.#lastId += 1;
    const spelled = symbols.map((symbol) => spellSymbol(symbol, stypeIn));
    const id = this.#lastId;
    const added: LiveSubscription = { id, schema, stypeIn, symbols: spelled, start, snapshot, status: 'pending' };
    this.#subscriptions.push(added);
    return added;
  }

  /** All of them, in the order in which they were added. */
  get all(): readonly LiveSubscription[] {
    return this.#subscriptions;
  }

  /** Those that are not refused. */
  get active(): readonly LiveSubscription[] {
    return this.#subscriptions.filter(({ status }) => status !== 'refused');
  }

  /** Every symbol that is asked for. */
  *symbols(): Generator<string, void, undefined> {
    for (const { symbols } of this.active) yield* symbols;
  }

  /** A new session begins, in which nothing is acknowledged. */
  beginSession(): void {
    for (const { id } of this.active) this.#set(id, 'pending');
  }

  acknowledge(id: number): void {
    this.#set(id, 'acknowledged');
  }

  refuse(id: number): void {
    this.#set(id, 'refused');
  }

  /**
   * Which subscription the gateway means that it does not want: the one it names, or else the first that it has not
   * acknowledged, or else the last.
   */
  blamed(namedId: number | null): LiveSubscription | undefined {
    const { active } = this;
    const named = active.find(({ id }) => id === namedId);
    return named ?? active.find(({ status }) => status === 'pending') ?? active.at(-1);
  }

  #checkRecordType(schema: Schema): void {
    const rtype = rtypeOfSchema(schema);
    const other = this.active.find((one) => one.schema !== schema && rtypeOfSchema(one.schema) === rtype);
    if (other === undefined) return;
    throw new DatabentoError(
      'usage',
      `subscription to ${schema}: its records cannot be told apart from those of ${other.schema}; ` +
        'mbp-1 has all that tbbo has, or make a client for each',
    );
  }

  #set(id: number, status: LiveSubscription['status']): void {
    this.#subscriptions = this.#subscriptions.map((one) =>
      one.id === id && one.status !== 'refused' ? { ...one, status } : one,
    );
  }
}

/** The lines that ask for a subscription with a replay from `start` on, or without one. */
export function linesOf(subscription: LiveSubscription, start: bigint | null): readonly string[] {
  const { id, schema, stypeIn, symbols, snapshot } = subscription;
  return formatSubscription({ id, schema, stypeIn, symbols, snapshot, start });
}
