import type { DbnMetadata } from '#adapters/databento/dbn/metadata.ts';

const DAY_NS = 86_400_000_000_000n;
const DAY_MS = 86_400_000;

interface DatedSymbol {
  /** UTC days since the epoch, [fromDay, toDay). */
  readonly fromDay: number;
  readonly toDay: number;
  readonly symbol: string;
}

/** What a mapping record says. */
export interface LearnedSymbol {
  readonly kind: 'mapping';
  readonly instrumentId: number;
  readonly symbol: string;
}

/** Which symbol an instrument id stands for, by the header's dated mappings and the mapping records read so far. */
export interface SymbolBook {
  /** Takes a mapping record, which holds from here on in the stream. */
  learn(mapping: LearnedSymbol): void;
  /** The symbol on a UTC day; null when nothing maps the id. */
  symbolOf(instrumentId: number, day: number): string | null;
}

/** UTC day, as days since the epoch, of a time in nanoseconds. */
export function dayOfNs(timeNs: bigint): number {
  return Number(timeNs / DAY_NS);
}

/** Reads the mappings of a header, which map symbols to ids or, when ids were asked for, ids to symbols. */
export function makeSymbolBook({ mappings, stype_in }: DbnMetadata): SymbolBook {
  const dated = new Map<number, DatedSymbol[]>();
  const learned = new Map<number, string>();
  for (const { raw_symbol, intervals } of mappings) {
    for (const interval of intervals) {
      // Empty text says that there was no mapping on these days.
      if (interval.symbol === '') continue;
      const [id, symbol] = stype_in === 'instrument_id' ? [raw_symbol, interval.symbol] : [interval.symbol, raw_symbol];
      const entry = { fromDay: dayOfNumber(interval.start_date), toDay: dayOfNumber(interval.end_date), symbol };
      dated.set(Number(id), [...(dated.get(Number(id)) ?? []), entry]);
    }
  }
  return {
    learn({ instrumentId, symbol }) {
      learned.set(instrumentId, symbol);
    },
    symbolOf(instrumentId, day) {
      const byHeader = dated.get(instrumentId)?.find(({ fromDay, toDay }) => day >= fromDay && day < toDay);
      return learned.get(instrumentId) ?? byHeader?.symbol ?? null;
    },
  };
}

/** Days since the epoch of a date written as the number YYYYMMDD. */
function dayOfNumber(date: number): number {
  return Date.UTC(Math.floor(date / 10_000), (Math.floor(date / 100) % 100) - 1, date % 100) / DAY_MS;
}
