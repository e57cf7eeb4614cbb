import { type Schema, schemaNumbers } from '../dbn/enums.ts';
import type { Disturbances } from './disturbances.ts';
import type { GatewayInstrument, GatewaySource } from './source.ts';
import type { Match, Subscription } from './subscription-state.ts';

const DAY_NS = 86_400_000_000_000n;

/** What a session gets of an instrument in a schema. */
interface Route {
  readonly isWanted: boolean;
  /** The earliest start of a replay that covers it; null when none does. */
  readonly replayFromNs: bigint | null;
}

const NO_ROUTE: Route = { isWanted: false, replayFromNs: null };

/** Decides which records one session gets, and which symbol mappings it must have been sent before. */
export class Router {
  readonly #source: GatewaySource;
  readonly #disturbances: Disturbances;
  readonly #onMapping: (match: Match, subscription: Subscription) => void;
  readonly #subscriptions: Subscription[] = [];
  /** By schema number, then instrument id of the source. */
  #routes: (Map<number, Route> | undefined)[] = [];
  #version = 0;
  #dayEndNs = 0n;

  constructor(options: {
    readonly source: GatewaySource;
    readonly disturbances: Disturbances;
    /** Sends a mapping; called before the record that needs it. */
    readonly onMapping: (match: Match, subscription: Subscription) => void;
  }) {
    this.#source = options.source;
    this.#disturbances = options.disturbances;
    this.#onMapping = options.onMapping;
  }

  get subscriptions(): readonly Subscription[] {
    return this.#subscriptions;
  }

  /** Schemas subscribed to, in the order in which they first were. */
  get schemas(): ReadonlySet<Schema> {
    return new Set(this.#subscriptions.map(({ schema }) => schema));
  }

  add(subscription: Subscription): void {
    this.#subscriptions.push(subscription);
    this.#routes = [];
  }

  /** The earliest start of a replay of a schema; null when none was asked for. */
  replayFrom(schema: Schema): bigint | null {
    return earliest(this.#subscriptions.filter((one) => one.schema === schema));
  }

  /** To be told the time of the records to come, now and then: what ids mean changes with the day. */
  at(timeNs: bigint): void {
    if (timeNs < this.#dayEndNs && timeNs >= this.#dayEndNs - DAY_NS && this.#version === this.#disturbances.version)
      return;
    this.#dayEndNs = (timeNs / DAY_NS + 1n) * DAY_NS;
    this.#version = this.#disturbances.version;
    this.#routes = [];
  }

  /** Whether the session gets the live record of an instrument; sends the mappings that it needs. */
  isWanted(schemaNumber: number, instrumentId: number, timeNs: bigint): boolean {
    return this.#route(schemaNumber, instrumentId, timeNs).isWanted;
  }

  /** Since when a replay of the schema covers the instrument; null when it does not. Sends the mappings. */
  replayFromOf(schemaNumber: number, instrumentId: number, timeNs: bigint): bigint | null {
    return this.#route(schemaNumber, instrumentId, timeNs).replayFromNs;
  }

  /** Sends the mappings of an instrument whose id has changed, where the session had them. */
  remap(instrument: GatewayInstrument, timeNs: bigint): void {
    for (const subscription of this.#subscriptions) {
      const symbols = subscription.symbolsOf(instrument);
      const isMapped = symbols.some((symbol) => subscription.mapped.has(mappingKey(instrument.instrumentId, symbol)));
      if (isMapped) this.#cover(subscription, instrument, timeNs);
    }
  }

  /** Sends a mapping unless the session has it. */
  map({ symbol, instrument }: Match, subscription: Subscription, timeNs: bigint): void {
    const instrumentId = this.#disturbances.idAt(instrument.instrumentId, timeNs);
    const key = mappingKey(instrumentId, symbol);
    if (subscription.mapped.get(key) === instrument.rawSymbol) return;
    subscription.mapped.set(key, instrument.rawSymbol);
    this.#onMapping({ symbol, instrument: { ...instrument, instrumentId } }, subscription);
  }

  #route(schemaNumber: number, instrumentId: number, timeNs: bigint): Route {
    this.#routes[schemaNumber] ??= new Map();
    const routes = this.#routes[schemaNumber];
    const known = routes.get(instrumentId);
    if (known !== undefined && !this.#disturbances.hasNewIds) return known;
    const route = this.#find(schemaNumber, instrumentId, timeNs);
    routes.set(instrumentId, route);
    return route;
  }

  #find(schemaNumber: number, instrumentId: number, timeNs: bigint): Route {
    const instrument = this.#source.instrument(instrumentId, timeNs) ?? nameless(instrumentId);
    const covering = this.#subscriptions.filter(
      (one) => schemaNumbers[one.schema] === schemaNumber && this.#cover(one, instrument, timeNs),
    );
    if (covering.length === 0) return NO_ROUTE;
    return { isWanted: true, replayFromNs: earliest(covering) };
  }

  /** Whether a subscription covers an instrument; sends its mappings then. */
  #cover(subscription: Subscription, instrument: GatewayInstrument, timeNs: bigint): boolean {
    const symbols = subscription.symbolsOf(instrument).filter((symbol) => this.#disturbances.isResolvable(symbol));
    for (const symbol of symbols) this.map({ symbol, instrument }, subscription, timeNs);
    return symbols.length > 0;
  }
}

function mappingKey(instrumentId: number, symbol: string): string {
  return `${instrumentId}:${symbol}`;
}

/** An instrument of which the source knows only records. */
function nameless(instrumentId: number): GatewayInstrument {
  const rawSymbol = String(instrumentId);
  return { instrumentId, rawSymbol, parents: [], isSpread: false, listedNs: null, expiryNs: null };
}

function earliest(subscriptions: readonly Subscription[]): bigint | null {
  let earliestNs: bigint | null = null;
  for (const { startNs } of subscriptions) {
    if (startNs !== null && (earliestNs === null || startNs < earliestNs)) earliestNs = startNs;
  }
  return earliestNs;
}
