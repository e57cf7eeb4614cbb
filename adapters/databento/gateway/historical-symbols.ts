import { DAY_NS } from '../historical/times.ts';
import { rankOutrights, readContinuous } from './continuous.ts';
import { dateOfDay, type SymbolsQuery } from './historical-query.ts';
import { refusal } from './historical-refusal.ts';
import type { GatewayInstrument, GatewaySource } from './source.ts';

/** What a symbol stood for on the UTC days [startDay, endDay). */
export interface DatedSymbol {
  readonly startDay: number;
  readonly endDay: number;
  readonly symbol: string;
}

/** The symbols of a query over its days. */
export interface ResolvedSymbols {
  /** By the symbol asked for; for a parent by the raw symbol of each of its instruments. */
  readonly mappings: ReadonlyMap<string, readonly DatedSymbol[]>;
  /** Those that stood for nothing on some days. */
  readonly partial: readonly string[];
  /** Those asked for that stood for nothing on any day. */
  readonly notFound: readonly string[];
  /** Whether an instrument is one of them at a time, in nanoseconds since the epoch. */
  includes(instrumentId: number, timeNs: bigint): boolean;
}

/** One symbol on one day. */
interface Hit {
  /** Under which it is told. */
  readonly key: string;
  readonly asked: string;
  readonly symbol: string;
  readonly instrumentId: number;
}

/** Resolves symbols day by day, as the real server does. Keeps what continuous symbols stood for. */
export class DatedSymbols {
  readonly #source: GatewaySource;
  readonly #ranked = new Map<string, Promise<readonly GatewayInstrument[]>>();

  constructor(source: GatewaySource) {
    this.#source = source;
  }

  /** The symbols on the days of a query. */
  async resolve(query: SymbolsQuery): Promise<ResolvedSymbols> {
    const mappings = new Map<string, { startDay: number; endDay: number; symbol: string }[]>();
    const selected = new Map<number, Set<number>>();
    const found = new Set<string>();
    for (let day = query.startDay; day < query.endDay; day++) {
      for (const { key, asked, symbol, instrumentId } of await this.#hitsOn(day, query)) {
        found.add(asked);
        const days = selected.get(instrumentId) ?? new Set();
        selected.set(instrumentId, days.add(day));
        const dated = mappings.get(key) ?? [];
        mappings.set(key, dated);
        const last = dated.at(-1);
        if (last?.symbol === symbol && last.endDay === day) last.endDay = day + 1;
        else dated.push({ startDay: day, endDay: day + 1, symbol });
      }
    }
    const dayCount = query.endDay - query.startDay;
    return {
      mappings,
      partial: [...mappings].filter(([, dated]) => daysOf(dated) < dayCount).map(([key]) => key),
      notFound: (query.symbols ?? []).filter((symbol) => !found.has(symbol)),
      includes: (instrumentId, timeNs) => selected.get(instrumentId)?.has(Number(timeNs / DAY_NS)) ?? false,
    };
  }

  async #hitsOn(day: number, { symbols, stypeIn, stypeOut }: SymbolsQuery): Promise<readonly Hit[]> {
    if (stypeIn === 'continuous') return await this.#continuousOn(day, symbols ?? []);
    const asked = symbols === null ? null : new Set(symbols);
    const hits: Hit[] = [];
    for (const { instrumentId, rawSymbol, parents } of this.#instrumentsOn(day)) {
      const id = String(instrumentId);
      const symbol = stypeOut === 'raw_symbol' ? rawSymbol : id;
      const own = stypeIn === 'instrument_id' ? id : rawSymbol;
      if (asked === null) hits.push({ key: own, asked: own, symbol, instrumentId });
      else if (stypeIn === 'parent') {
        const parent = parents.find((name) => asked.has(name));
        if (parent !== undefined) hits.push({ key: rawSymbol, asked: parent, symbol, instrumentId });
      } else if (asked.has(own)) hits.push({ key: own, asked: own, symbol, instrumentId });
    }
    return hits;
  }

  async #continuousOn(day: number, symbols: readonly string[]): Promise<readonly Hit[]> {
    const hits: Hit[] = [];
    for (const symbol of symbols) {
      const parts = readContinuous(symbol);
      if (parts === null) throw refusal(422, 'symbology_invalid_request', `Invalid continuous symbol '${symbol}'.`);
      const instrument = (await this.#rankedOn(day, parts))[parts.rank];
      if (instrument === undefined) continue;
      const { instrumentId } = instrument;
      hits.push({ key: symbol, asked: symbol, symbol: String(instrumentId), instrumentId });
    }
    return hits;
  }

  #rankedOn(day: number, rule: Parameters<typeof rankOutrights>[1]): Promise<readonly GatewayInstrument[]> {
    const key = `${rule.root}.${rule.rule} ${dateOfDay(day)}`;
    const known = this.#ranked.get(key) ?? rankOutrights(this.#source, rule, BigInt(day) * DAY_NS);
    this.#ranked.set(key, known);
    return known;
  }

  /** Those that exist when the day begins, and those that are new when it ends. */
  #instrumentsOn(day: number): Iterable<GatewayInstrument> {
    const startNs = BigInt(day) * DAY_NS;
    const all = [startNs, startNs + DAY_NS - 1n].flatMap((atNs) => this.#source.instruments(atNs));
    return new Map(all.map((instrument) => [instrument.instrumentId, instrument])).values();
  }
}

function daysOf(dated: readonly DatedSymbol[]): number {
  return dated.reduce((days, { startDay, endDay }) => days + endDay - startDay, 0);
}
