import { rtypeName, rtypes, UNDEF_TIMESTAMP } from '#adapters/databento/dbn/enums.ts';
import type { DbnMetadata } from '#adapters/databento/dbn/metadata.ts';
import type { AnyView } from '#adapters/databento/dbn/record.ts';

/** Records of one instrument; times are nanoseconds since the epoch. */
export interface InstrumentCount {
  readonly instrumentId: number;
  records: number;
  firstNs: bigint;
  lastNs: bigint;
}

/** Records that the gateway sends about the session, not about an instrument. */
const aboutSession: ReadonlySet<number> = new Set([rtypes.system, rtypes.error, rtypes['symbol-mapping']]);
const DECIMAL = /^\d+$/;

/** Counts the records of one file. */
export class SummaryCounts {
  records = 0;
  /** By name of the record type, those of an unusual length apart. */
  readonly byType = new Map<string, number>();
  readonly instruments = new Map<number, InstrumentCount>();
  /** Earliest and latest `ts_event`; null while there is none. */
  firstNs: bigint | null = null;
  lastNs: bigint | null = null;
  readonly #symbols = new Map<number, Set<string>>();

  add(view: AnyView): void {
    const { rtype, ts_event, instrument_id } = view;
    this.records += 1;
    const name = rtypeName(rtype);
    const type = view.layout === 'unknown' && !name.startsWith('unknown') ? `${name} of unknown length` : name;
    this.byType.set(type, (this.byType.get(type) ?? 0) + 1);
    if (ts_event !== UNDEF_TIMESTAMP) {
      if (this.firstNs === null || ts_event < this.firstNs) this.firstNs = ts_event;
      if (this.lastNs === null || ts_event > this.lastNs) this.lastNs = ts_event;
    }
    this.#learnSymbol(view);
    if (!aboutSession.has(rtype)) this.#countInstrument(instrument_id, ts_event);
  }

  /** Names of an instrument that the file tells: by its definition, by a symbol mapping, or by the header. */
  symbolsOf(instrumentId: number): readonly string[] {
    return [...(this.#symbols.get(instrumentId) ?? [])];
  }

  /** Takes the symbol mappings of the header, whichever way round they are. */
  addMappings({ mappings }: DbnMetadata): void {
    for (const { raw_symbol, intervals } of mappings) {
      for (const { symbol } of intervals) {
        if (DECIMAL.test(symbol)) this.#name(Number(symbol), raw_symbol);
        else if (DECIMAL.test(raw_symbol)) this.#name(Number(raw_symbol), symbol);
      }
    }
  }

  #countInstrument(instrumentId: number, timeNs: bigint): void {
    const count = this.instruments.get(instrumentId);
    if (count === undefined) {
      this.instruments.set(instrumentId, { instrumentId, records: 1, firstNs: timeNs, lastNs: timeNs });
      return;
    }
    count.records += 1;
    if (timeNs < count.firstNs) count.firstNs = timeNs;
    if (timeNs > count.lastNs) count.lastNs = timeNs;
  }

  #learnSymbol(view: AnyView): void {
    switch (view.layout) {
      case 'def_v1':
      case 'def_v2':
      case 'def_v3':
        this.#name(view.instrument_id, view.raw_symbol);
        break;
      case 'symmap_v1':
      case 'symmap_v2':
        this.#name(view.instrument_id, view.stype_out_symbol);
        break;
      default:
    }
  }

  #name(instrumentId: number, symbol: string): void {
    if (symbol === '') return;
    const names = this.#symbols.get(instrumentId);
    if (names) names.add(symbol);
    else this.#symbols.set(instrumentId, new Set([symbol]));
  }
}
