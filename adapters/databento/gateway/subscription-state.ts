import type { Schema, Stype } from '../dbn/enums.ts';
import { ALL_SYMBOLS, type SubscriptionRequest } from '../protocol/subscription.ts';
import type { GatewayInstrument, GatewaySource } from './source.ts';

/** An instrument under the symbol by which it was asked for. */
export interface Match {
  readonly symbol: string;
  readonly instrument: GatewayInstrument;
}

/** One subscription of a session: all lines of a request together. */
export class Subscription {
  /** What its acknowledgement quotes. */
  readonly id: number;
  readonly schema: Schema;
  readonly stypeIn: Stype;
  readonly symbols: ReadonlySet<string>;
  /** Replay from then on; null for live records only. */
  readonly startNs: bigint | null;
  /** Instrument ids that continuous symbols stand for: they are looked up once and stay. */
  readonly fixed = new Map<string, number>();
  /** Mappings that the session has been sent for it: the raw symbol by instrument id and symbol asked for. */
  readonly mapped = new Map<string, string>();

  constructor(request: Omit<SubscriptionRequest, 'isLast'> & { readonly id: number }) {
    this.id = request.id;
    this.schema = request.schema;
    this.stypeIn = request.stypeIn;
    this.startNs = request.start;
    this.symbols = new Set(request.symbols);
  }

  /** The symbols under which the subscription covers an instrument. */
  symbolsOf({ instrumentId, rawSymbol, parents }: GatewayInstrument): readonly string[] {
    if (this.symbols.has(ALL_SYMBOLS)) return [rawSymbol];
    switch (this.stypeIn) {
      case 'raw_symbol':
        return this.symbols.has(rawSymbol) ? [rawSymbol] : [];
      case 'instrument_id':
        return this.symbols.has(String(instrumentId)) ? [String(instrumentId)] : [];
      case 'parent':
        return parents.filter((parent) => this.symbols.has(parent));
      case 'continuous':
        return [...this.symbols].filter((symbol) => this.fixed.get(symbol) === instrumentId);
      default:
        return [];
    }
  }

  /** The instruments of the source that it covers at a time, and the symbols that stand for none. */
  resolve(
    source: GatewaySource,
    atNs: bigint,
    isKnown: (symbol: string) => boolean,
  ): { readonly matches: readonly Match[]; readonly unresolved: readonly string[] } {
    const matches: Match[] = [];
    const unresolved = new Set(this.symbols);
    unresolved.delete(ALL_SYMBOLS);
    for (const instrument of source.instruments(atNs)) {
      for (const symbol of this.symbolsOf(instrument).filter(isKnown)) {
        matches.push({ symbol, instrument });
        unresolved.delete(symbol);
      }
    }
    return { matches, unresolved: [...unresolved] };
  }
}
