import type { DbnMetadata } from '#adapters/databento/dbn-metadata.ts';
import { type DbnStream, openDbn } from '#adapters/databento/dbn-reader.ts';
import { type OhlcvRecord, ohlcvSchemaOf, rtypes } from '#adapters/databento/dbn-records.ts';
import { contractError } from '#core/errors.ts';
import { formatContract, parseContract } from '#core/market/contract.ts';
import type { TimeSpan } from '#core/market/session-spans.ts';
import { MINUTE_MS } from '#core/market/timeframe.ts';
import { type BarFile, type BarRecord, inFile, makeBarCheck, namingFile, placeOf } from './bar-record.ts';
import { dayOfNs, makeSymbolBook, type SymbolBook } from './dbn-symbols.ts';

const NS_PER_MS = 1_000_000n;
const SCHEMA = 'ohlcv-1m';

/** Names an outright by its four-digit contract; null for an instrument that is none, such as a spread. */
type Named = { readonly root: string; readonly contract: string } | null;

interface Tally {
  bars: number;
  notOutrights: number;
  lastOpenMs: number;
}

/**
 * Reads one-minute bars from DBN of any version, plain or zstd. Records of other schemas are passed over, but bars of
 * another cadence are refused. A header with an end declares its span as covered, up to the last bar when a limit cut it.
 */
export async function openDbnBars(path: string, chunks: AsyncIterable<Uint8Array>): Promise<BarFile> {
  let stream: DbnStream;
  try {
    stream = await openDbn(chunks);
  } catch (error) {
    throw inFile(path, error);
  }
  const { metadata } = stream;
  if (metadata.schema !== null && metadata.schema !== SCHEMA) {
    throw contractError(`${path}: expected schema ${SCHEMA}, found ${metadata.schema}; download one-minute bars`);
  }
  const tally: Tally = { bars: 0, notOutrights: 0, lastOpenMs: Number.NEGATIVE_INFINITY };
  return {
    path,
    batches: readBars(path, stream, tally),
    coverage: () => declaredSpan(metadata, tally),
    notOutrights: () => tally.notOutrights,
  };
}

async function* readBars(
  path: string,
  { metadata, batches }: DbnStream,
  tally: Tally,
): AsyncGenerator<readonly BarRecord[], void, undefined> {
  const check = makeBarCheck(path);
  const book = makeSymbolBook(metadata);
  const nameOf = makeNaming(path, book);
  for await (const batch of namingFile(path, batches)) {
    const bars: BarRecord[] = [];
    for (const record of batch) {
      if (record.kind === 'symbol-mapping') book.learn(record);
      if (record.kind !== 'ohlcv') continue;
      requireMinutes(path, record);
      tally.bars += 1;
      tally.lastOpenMs = Number(record.tsEventNs / NS_PER_MS);
      const named = nameOf(record);
      if (named === null) {
        tally.notOutrights += 1;
        continue;
      }
      const bar = barRecord(record, named);
      check(bar);
      bars.push(bar);
    }
    if (bars.length > 0) yield bars;
  }
}

function requireMinutes(path: string, record: OhlcvRecord): void {
  if (record.rtype !== rtypes.ohlcv1m) {
    throw contractError(
      `${placeOf(path, recordPlace(record))}: expected ${SCHEMA}, found ${ohlcvSchemaOf(record.rtype)}; ` +
        'give a file of one-minute bars only',
    );
  }
  if (record.tsEventNs % NS_PER_MS !== 0n) {
    throw contractError(
      `${placeOf(path, recordPlace(record))}: opens at ${record.tsEventNs} ns, not on a whole minute; ` +
        'give one-minute bars stamped at the open',
    );
  }
}

function barRecord(record: OhlcvRecord, named: NonNullable<Named>): BarRecord {
  const { open, high, low, close, volume, tsEventNs } = record;
  const openTimeMs = Number(tsEventNs / NS_PER_MS);
  return {
    bar: { root: named.root, contract: named.contract, openTimeMs, open, high, low, close, volume },
    ...recordPlace(record),
  };
}

function recordPlace({ index, offset }: OhlcvRecord): { record: number; offset: number } {
  return { record: index, offset };
}

/** Names the instruments of a file, once for each day and symbol: what an id or a short year means may change. */
function makeNaming(path: string, book: SymbolBook): (record: OhlcvRecord) => Named {
  const known = new Map<number, { day: number; symbol: string | null; named: Named }>();
  return (record) => {
    const { instrumentId, tsEventNs } = record;
    const day = dayOfNs(tsEventNs);
    const symbol = book.symbolOf(instrumentId, day);
    const before = known.get(instrumentId);
    if (before !== undefined && before.day === day && before.symbol === symbol) return before.named;
    const place = placeOf(path, recordPlace(record));
    if (symbol === null) {
      throw contractError(
        `${place}: instrument id ${instrumentId} has no symbol on ${new Date(Number(tsEventNs / NS_PER_MS)).toISOString()}: ` +
          'neither the header nor a record before maps it; download the file with its symbol mappings',
      );
    }
    const named = nameOutright(place, symbol, Number(tsEventNs / NS_PER_MS));
    known.set(instrumentId, { day, symbol, named });
    return named;
  };
}

function nameOutright(place: string, symbol: string, onDateMs: number): Named {
  if (/^[A-Z0-9]+\.([a-z]\.\d+|FUT|OPT)$/.test(symbol)) {
    throw contractError(
      `${place}: ${symbol} is not a contract; download by raw symbol or by parent, which name the contract of each bar`,
    );
  }
  const isOutright = /^[A-Z0-9]+[FGHJKMNQUVXZ](\d{4}|\d{1,2})$/.test(symbol);
  if (!isOutright) return null;
  try {
    const contract = parseContract(symbol, { onDateMs });
    return { root: contract.root, contract: formatContract(contract) };
  } catch (error) {
    throw contractError(`${place}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

function declaredSpan({ startNs, endNs, limit }: DbnMetadata, { bars, lastOpenMs }: Tally): TimeSpan | null {
  if (endNs === null || startNs === 0n) return null;
  const fromMs = Number(startNs / NS_PER_MS);
  const isCut = limit !== null && BigInt(bars) >= limit;
  return { fromMs, toMs: isCut ? Math.max(fromMs, lastOpenMs + MINUTE_MS) : Number(endNs / NS_PER_MS) };
}
