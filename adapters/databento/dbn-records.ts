import { readText } from './dbn-metadata.ts';

/** Record types by name; others are passed on as `other`. */
export const rtypes = {
  ohlcvUnknown: 0x11,
  symbolMapping: 0x16,
  ohlcv1s: 0x20,
  ohlcv1m: 0x21,
  ohlcv1h: 0x22,
  ohlcv1d: 0x23,
  ohlcvEod: 0x24,
} as const;

/** Cadence of the bars of a record type, such as `ohlcv-1m`; null when it is not a bar. */
export function ohlcvSchemaOf(rtype: number): string | null {
  return ohlcvSchemas.get(rtype) ?? null;
}

const ohlcvSchemas = new Map<number, string>([
  [rtypes.ohlcvUnknown, 'ohlcv of unknown cadence'],
  [rtypes.ohlcv1s, 'ohlcv-1s'],
  [rtypes.ohlcv1m, 'ohlcv-1m'],
  [rtypes.ohlcv1h, 'ohlcv-1h'],
  [rtypes.ohlcv1d, 'ohlcv-1d'],
  [rtypes.ohlcvEod, 'ohlcv-eod'],
]);

/** Bytes of the header that every record begins with. */
export const RECORD_HEADER_BYTES = 16;
const OHLCV_BYTES = 56;
const MAPPING_BYTES_V1 = 80;
const MAPPING_BYTES = 176;
const TS_OUT_BYTES = 8;
const UNIT_PRICE = 1e9;
const TWO_32 = 2 ** 32;

interface RecordHeader {
  /** Position in the stream, from 0. */
  readonly index: number;
  /** Byte offset of the record in the uncompressed stream. */
  readonly offset: number;
  readonly rtype: number;
  readonly publisherId: number;
  readonly instrumentId: number;
  /** Nanoseconds since the epoch; for bars the start of the interval. */
  readonly tsEventNs: bigint;
}

/** A bar of any cadence. Prices in the exchange's display convention; NaN where the price is undefined. */
export interface OhlcvRecord extends RecordHeader {
  readonly kind: 'ohlcv';
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  /** Contracts; exact below 2^53. */
  readonly volume: number;
}

/** From here on `instrumentId` stands for `stypeOutSymbol`. */
export interface SymbolMappingRecord extends RecordHeader {
  readonly kind: 'symbol-mapping';
  /** As subscribed, `ES.FUT`. */
  readonly stypeInSymbol: string;
  readonly stypeOutSymbol: string;
}

/** A record whose body is not read here; `bytes` holds it whole, header included, as stored. */
export interface OtherRecord extends RecordHeader {
  readonly kind: 'other';
  readonly bytes: Uint8Array;
}

export type DbnRecord = OhlcvRecord | SymbolMappingRecord | OtherRecord;

/** What the decoding of a record depends on besides its own bytes. */
export interface RecordContext {
  readonly version: number;
  readonly tsOut: boolean;
  readonly index: number;
  readonly offset: number;
}

/**
 * Decodes the record in `view`, which holds exactly its bytes. The layout follows from version and record type; a longer
 * record is read as far as the layout is known, a shorter one is `other`.
 */
export function decodeRecord(view: DataView, { version, tsOut, index, offset }: RecordContext): DbnRecord {
  const header: RecordHeader = {
    index,
    offset,
    rtype: view.getUint8(1),
    publisherId: view.getUint16(2, true),
    instrumentId: view.getUint32(4, true),
    tsEventNs: view.getBigUint64(8, true),
  };
  const bodyBytes = view.byteLength - (tsOut ? TS_OUT_BYTES : 0);
  if (ohlcvSchemas.has(header.rtype) && bodyBytes >= OHLCV_BYTES) return decodeOhlcv(view, header);
  const mappingBytes = version === 1 ? MAPPING_BYTES_V1 : MAPPING_BYTES;
  if (header.rtype === rtypes.symbolMapping && bodyBytes >= mappingBytes) return decodeMapping(view, header, version);
  return { ...header, kind: 'other', bytes: bytesOf(view, 0, view.byteLength).slice() };
}

function decodeOhlcv(view: DataView, header: RecordHeader): OhlcvRecord {
  return {
    kind: 'ohlcv',
    index: header.index,
    offset: header.offset,
    rtype: header.rtype,
    publisherId: header.publisherId,
    instrumentId: header.instrumentId,
    tsEventNs: header.tsEventNs,
    open: price(view, 16),
    high: price(view, 24),
    low: price(view, 32),
    close: price(view, 40),
    volume: view.getUint32(52, true) * TWO_32 + view.getUint32(48, true),
  };
}

function decodeMapping(view: DataView, header: RecordHeader, version: number): SymbolMappingRecord {
  const [inAt, outAt, bytes] = version === 1 ? [16, 38, 22] : [17, 89, 71];
  return {
    ...header,
    kind: 'symbol-mapping',
    stypeInSymbol: readText(bytesOf(view, inAt, bytes)),
    stypeOutSymbol: readText(bytesOf(view, outAt, bytes)),
  };
}

/** A fixed-point price in billionths as the nearest double; exact for every price below nine million. */
function price(view: DataView, at: number): number {
  const low = view.getUint32(at, true);
  const high = view.getInt32(at + 4, true);
  if (high === 0x7fff_ffff && low === 0xffff_ffff) return Number.NaN;
  return (high * TWO_32 + low) / UNIT_PRICE;
}

function bytesOf(view: DataView, at: number, bytes: number): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset + at, bytes);
}
