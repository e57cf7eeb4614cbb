import type { DbnMetadata } from '#adapters/databento/dbn-metadata.ts';
import type { SymbolMappingRecord } from '#adapters/databento/dbn-records.ts';

const DAY_NS = 86_400_000_000_000n;
const DAY_MS = 86_400_000;

interface DatedSymbol {
  /** UTC days since the epoch, [fromDay, toDay). */
  readonly fromDay: number;
  readonly toDay: number;
  readonly symbol: string;
}

/** Which symbol an instrument id stands for, by the header's dated mappings and the mapping records read so far. */
export interface SymbolBook {
  /** Takes a mapping record, which holds from here on in the stream. */
  learn(record: SymbolMappingRecord): void;
  /** The symbol on a UTC day; null when nothing maps the id. */
  symbolOf(instrumentId: number, day: number): string | null;
}

/** UTC day, as days since the epoch, of a time in nanoseconds. */
export function dayOfNs(timeNs: bigint): number {
  return Number(timeNs / DAY_NS);
}

/** Reads the mappings of a header, which map symbols to ids or, when ids were asked for, ids to symbols. */
export function makeSymbolBook({ mappings, stypeIn }: DbnMetadata): SymbolBook {
  const dated = new Map<number, DatedSymbol[]>();
  const learned = new Map<number, string>();
  for (const { rawSymbol, intervals } of mappings) {
    for (const interval of intervals) {
      // Empty text says that there was no mapping on these days.
      if (interval.symbol === '') continue;
      const [id, symbol] = stypeIn === 'instrument_id' ? [rawSymbol, interval.symbol] : [interval.symbol, rawSymbol];
      const entry = { fromDay: dayOfNumber(interval.startDate), toDay: dayOfNumber(interval.endDate), symbol };
      dated.set(Number(id), [...(dated.get(Number(id)) ?? []), entry]);
    }
  }
  return {
    learn({ instrumentId, stypeOutSymbol }) {
      learned.set(instrumentId, stypeOutSymbol);
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
