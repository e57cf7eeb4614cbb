import type { FaultRates } from './faults.ts';
import type { GatewayInstrument } from './source.ts';

/** New instrument ids begin there. */
const RENUMBERED_FROM = 900_000_000;

/** What is wrong with the gateway as a whole, for every session alike. Control lines change it. */
export class Disturbances {
  #rates: FaultRates = {};
  #isRandom = false;
  /** Whether ends of intervals are marked. */
  hasMarkers: boolean;
  /** Raised by each change of what symbols and ids mean. */
  version = 0;
  readonly #unresolvable = new Set<string>();
  /** The ids that an instrument got one after the other. */
  readonly #newIds = new Map<number, readonly { readonly instrumentId: number; readonly fromNs: bigint }[]>();
  readonly #rolls = new Map<string, number>();
  readonly #outages: { readonly fromNs: bigint; readonly toNs: bigint }[] = [];
  #nextId = RENUMBERED_FROM;

  constructor(rates: FaultRates, hasMarkers: boolean) {
    this.rates = rates;
    this.hasMarkers = hasMarkers;
  }

  /** Random faults of the sessions. */
  get rates(): FaultRates {
    return this.#rates;
  }

  set rates(rates: FaultRates) {
    this.#rates = rates;
    this.#isRandom = Object.values(rates).some((rate) => rate > 0);
  }

  /** Whether records have to be looked at one by one for a fault. */
  get isActive(): boolean {
    return this.#isRandom || !this.hasMarkers || this.#newIds.size > 0 || this.#outages.length > 0;
  }

  /** Lets a symbol resolve or not; a subscription to one that does not gets no records by it until it does. */
  setResolvable(symbol: string, isResolvable: boolean): void {
    if (isResolvable) this.#unresolvable.delete(symbol);
    else this.#unresolvable.add(symbol);
    this.version += 1;
  }

  isResolvable(symbol: string): boolean {
    return !this.#unresolvable.has(symbol);
  }

  /** Gives an instrument another id from a time on. */
  renumber({ instrumentId }: GatewayInstrument, fromNs: bigint): void {
    const before = this.#newIds.get(instrumentId) ?? [];
    this.#newIds.set(instrumentId, [...before, { instrumentId: this.#nextId, fromNs }]);
    this.#nextId += 1;
    this.version += 1;
  }

  /** Whether any id has changed. */
  get hasNewIds(): boolean {
    return this.#newIds.size > 0;
  }

  /** The id under which an instrument's records of a time are sent. */
  idAt(instrumentId: number, timeNs: bigint): number {
    const changed = this.#newIds.get(instrumentId)?.findLast(({ fromNs }) => timeNs >= fromNs);
    return changed?.instrumentId ?? instrumentId;
  }

  /** Makes continuous symbols of a root mean the contract one rank further, when they are resolved from now on. */
  roll(root: string): void {
    this.#rolls.set(root, this.rollOf(root) + 1);
  }

  /** How many ranks further they mean. */
  rollOf(root: string): number {
    return this.#rolls.get(root) ?? 0;
  }

  /** Loses everything available in [fromNs, toNs): no record, no marker, and no replay of it. */
  lose(fromNs: bigint, toNs: bigint): void {
    this.#outages.push({ fromNs, toNs });
  }

  isLost(availableNs: bigint): boolean {
    return this.#outages.some(({ fromNs, toNs }) => availableNs >= fromNs && availableNs < toNs);
  }
}
