/** What an instrument id stands for in a session. */
export interface MappedSymbol {
  /** The symbols under which it was asked for: `ES.FUT`, `ES.c.0` or `ESZ6`. */
  readonly symbolsIn: ReadonlySet<string>;
  /** What the venue calls it: `ESZ6`. The last mapping counts. */
  readonly symbolOut: string;
}

/** A continuous symbol that has moved on to another contract. */
export interface SymbolChange {
  readonly symbol: string;
  readonly from: string;
  readonly to: string;
}

const CONTINUOUS = /\.[cnv]\.\d+$/;

/** What the instrument ids of the running session stand for, and which symbols stand for nothing. */
export class SymbolMap {
  readonly #byId = new Map<number, { symbolsIn: Set<string>; symbolOut: string }>();
  readonly #idsBySymbol = new Map<string, Set<number>>();
  readonly #errors = new Map<string, string>();
  /** Where continuous symbols stood, kept from session to session. */
  readonly #contracts = new Map<string, string>();

  /** Number of instruments. */
  get size(): number {
    return this.#byId.size;
  }

  /** Symbols that did not resolve, with what the gateway said. */
  get errors(): ReadonlyMap<string, string> {
    return this.#errors;
  }

  /** What an id stands for; undefined when no mapping has come, in which case one still may. */
  get(instrumentId: number): MappedSymbol | undefined {
    return this.#byId.get(instrumentId);
  }

  /** The ids that a symbol, as asked for, stands for. */
  idsOf(symbolIn: string): ReadonlySet<number> {
    return this.#idsBySymbol.get(symbolIn) ?? new Set();
  }

  entries(): IterableIterator<[number, MappedSymbol]> {
    return this.#byId.entries();
  }

  /** A new session begins: ids are given anew. */
  clear(): void {
    this.#byId.clear();
    this.#idsBySymbol.clear();
    this.#errors.clear();
  }

  /** The gateway maps an id; returns the change if a continuous symbol has moved on by it. */
  map(instrumentId: number, symbolIn: string, symbolOut: string): SymbolChange | null {
    const mapped = this.#byId.get(instrumentId);
    if (mapped === undefined) {
      this.#byId.set(instrumentId, { symbolsIn: new Set([symbolIn]), symbolOut });
    } else {
      mapped.symbolsIn.add(symbolIn);
      mapped.symbolOut = symbolOut;
    }
    const ids = this.#idsBySymbol.get(symbolIn);
    if (ids === undefined) this.#idsBySymbol.set(symbolIn, new Set([instrumentId]));
    else ids.add(instrumentId);
    this.#errors.delete(symbolIn);
    return this.#follow(symbolIn, symbolOut);
  }

  /** A symbol did not resolve. */
  fail(symbol: string, message: string): void {
    this.#errors.set(symbol, message);
  }

  #follow(symbol: string, to: string): SymbolChange | null {
    if (!CONTINUOUS.test(symbol)) return null;
    const from = this.#contracts.get(symbol);
    this.#contracts.set(symbol, to);
    return from === undefined || from === to ? null : { symbol, from, to };
  }
}
