import { rtypeName, rtypes } from '#adapters/databento/dbn/enums.ts';
import type { DbnMetadata } from '#adapters/databento/dbn/metadata.ts';
import type { AnyView, LayoutView } from '#adapters/databento/dbn/record.ts';
import { type DbnStream, openDbn } from '#adapters/databento/dbn/stream.ts';
import { isFamilySymbol, type NamedContract, outrightOf } from '#adapters/databento/outright.ts';
import { contractError } from '#core/errors.ts';
import type { TimeSpan } from '#core/market/session-spans.ts';
import { MINUTE_MS } from '#core/market/timeframe.ts';
import { type BarFile, type BarRecord, inFile, makeBarCheck, namingFile, placeOf } from './bar-record.ts';
import { dayOfNs, type LearnedSymbol, makeSymbolBook, type SymbolBook } from './dbn-symbols.ts';

const NS_PER_MS = 1_000_000n;
const SCHEMA = 'ohlcv-1m';

/** Null for an instrument that is no outright, such as a spread. */
type Named = NamedContract | null;

interface Tally {
  bars: number;
  notOutrights: number;
  lastOpenMs: number;
}

/** Reads one-minute bars from DBN of any version, plain or zstd, as `dbnBars` does. */
export async function openDbnBars(path: string, chunks: AsyncIterable<Uint8Array>): Promise<BarFile> {
  let stream: DbnStream;
  try {
    // Without its header, which a fragment lacks, nothing says what the instruments are.
    stream = await openDbn(chunks, { fragment: false });
  } catch (error) {
    throw inFile(path, error);
  }
  return dbnBars(path, stream);
}

/**
 * The one-minute bars of a stream with a header, `path` being its name in errors. Records of other schemas are passed
 * over, but bars of another cadence are refused. A header with an end declares its span as covered, up to the last bar
 * when a limit cut it.
 */
export function dbnBars(path: string, stream: DbnStream): BarFile {
  const metadata = stream.metadata!;
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
  stream: DbnStream,
  tally: Tally,
): AsyncGenerator<readonly BarRecord[], void, undefined> {
  const check = makeBarCheck(path);
  const book = makeSymbolBook(stream.metadata!);
  const nameOf = makeNaming(path, book);
  for await (const batch of namingFile(path, stream.collect(makePick(stream)))) {
    const bars: BarRecord[] = [];
    for (const filed of batch) {
      if (filed.kind === 'mapping') {
        book.learn(filed);
        continue;
      }
      requireMinutes(path, filed);
      tally.bars += 1;
      tally.lastOpenMs = Number(filed.tsEventNs / NS_PER_MS);
      const named = nameOf(filed);
      if (named === null) {
        tally.notOutrights += 1;
        continue;
      }
      const bar = barRecord(filed, named);
      check(bar);
      bars.push(bar);
    }
    if (bars.length > 0) yield bars;
  }
}

/** A bar as it is filed, not checked; prices are NaN where they are undefined. */
interface FiledOhlcv {
  readonly kind: 'ohlcv';
  readonly record: number;
  readonly offset: number;
  readonly rtype: number;
  readonly instrumentId: number;
  readonly tsEventNs: bigint;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
}

/** Keeps what is needed of bars and symbol mappings, and nothing of other records. */
function makePick({ place }: DbnStream): (view: AnyView) => FiledOhlcv | LearnedSymbol | null {
  return (view) => {
    if (view.layout === 'symmap_v2') {
      return { kind: 'mapping', instrumentId: view.instrument_id, symbol: view.stype_out_symbol };
    }
    if (view.layout !== 'ohlcv') return null;
    try {
      return filedOhlcv(view, place.index, place.byteOffset);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw contractError(`record ${place.index} at byte ${place.byteOffset}: ${reason}; get the file again`, {
        cause: error,
      });
    }
  };
}

function filedOhlcv(view: LayoutView<'ohlcv'>, record: number, offset: number): FiledOhlcv {
  return {
    kind: 'ohlcv',
    record,
    offset,
    rtype: view.rtype,
    instrumentId: view.instrument_id,
    tsEventNs: view.ts_event,
    open: view.open_f64 ?? Number.NaN,
    high: view.high_f64 ?? Number.NaN,
    low: view.low_f64 ?? Number.NaN,
    close: view.close_f64 ?? Number.NaN,
    volume: view.volume_f64,
  };
}

function requireMinutes(path: string, filed: FiledOhlcv): void {
  if (filed.rtype !== rtypes[SCHEMA]) {
    throw contractError(
      `${placeOf(path, filed)}: expected ${SCHEMA}, found ${rtypeName(filed.rtype)}; ` +
        'give a file of one-minute bars only',
    );
  }
  if (filed.tsEventNs % NS_PER_MS !== 0n) {
    throw contractError(
      `${placeOf(path, filed)}: opens at ${filed.tsEventNs} ns, not on a whole minute; ` +
        'give one-minute bars stamped at the open',
    );
  }
}

function barRecord(filed: FiledOhlcv, { root, contract }: NonNullable<Named>): BarRecord {
  const { record, offset, open, high, low, close, volume, tsEventNs } = filed;
  const openTimeMs = Number(tsEventNs / NS_PER_MS);
  return { bar: { root, contract, openTimeMs, open, high, low, close, volume }, record, offset };
}

/** Names the instruments of a file, once for each day and symbol: what an id or a short year means may change. */
function makeNaming(path: string, book: SymbolBook): (filed: FiledOhlcv) => Named {
  const known = new Map<number, { day: number; symbol: string | null; named: Named }>();
  return (filed) => {
    const { instrumentId, tsEventNs } = filed;
    const day = dayOfNs(tsEventNs);
    const symbol = book.symbolOf(instrumentId, day);
    const before = known.get(instrumentId);
    if (before !== undefined && before.day === day && before.symbol === symbol) return before.named;
    const place = placeOf(path, filed);
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
  if (isFamilySymbol(symbol)) {
    throw contractError(
      `${place}: ${symbol} is not a contract; download by raw symbol or by parent, which name the contract of each bar`,
    );
  }
  try {
    return outrightOf(symbol, onDateMs);
  } catch (error) {
    throw contractError(`${place}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

function declaredSpan({ start, end, limit }: DbnMetadata, { bars, lastOpenMs }: Tally): TimeSpan | null {
  if (end === null || start === 0n) return null;
  const fromMs = Number(start / NS_PER_MS);
  const isCut = limit !== null && BigInt(bars) >= limit;
  return { fromMs, toMs: isCut ? Math.max(fromMs, lastOpenMs + MINUTE_MS) : Number(end / NS_PER_MS) };
}
