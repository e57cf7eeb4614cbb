import { contractError } from '#core/errors.ts';

/** Newest DBN version this codec reads. */
const DBN_VERSION_MAX = 3;

/** Bytes of `DBN`, the version and the length of the metadata that follows. */
export const PRELUDE_BYTES = 8;

/** `DBN` in ASCII. */
const MAGIC = [0x44, 0x42, 0x4e];
const FIXED_BYTES = 100;
/** Symbol lists of a whole exchange take a few megabytes; more means that the length is corrupt. */
const METADATA_BYTES_MAX = 64 * 1024 * 1024;
const V1_SYMBOL_BYTES = 22;
const UNDEFINED_U64 = 0xffff_ffff_ffff_ffffn;
const NO_SCHEMA = 0xffff;
const NO_STYPE = 0xff;

const schemas = [
  ...['mbo', 'mbp-1', 'mbp-10', 'tbbo', 'trades', 'ohlcv-1s', 'ohlcv-1m', 'ohlcv-1h', 'ohlcv-1d', 'definition'],
  ...['statistics', 'status', 'imbalance', 'ohlcv-eod', 'cmbp-1', 'cbbo-1s', 'cbbo-1m', 'tcbbo', 'bbo-1s', 'bbo-1m'],
];

const stypes = [
  ...['instrument_id', 'raw_symbol', 'smart', 'continuous', 'parent', 'nasdaq_symbol', 'cms_symbol', 'isin'],
  ...['us_code', 'bbg_comp_id', 'bbg_comp_ticker', 'figi', 'figi_ticker', 'listing_id', 'issuer_id', 'security_id'],
];

/** What a requested symbol stood for on the UTC dates [startDate, endDate), as numbers YYYYMMDD. */
export interface MappingInterval {
  readonly startDate: number;
  readonly endDate: number;
  /** Empty when there was no mapping. */
  readonly symbol: string;
}

export interface SymbolMapping {
  /** The symbol as requested; an instrument id in decimal when ids were requested. */
  readonly rawSymbol: string;
  readonly intervals: readonly MappingInterval[];
}

/** The header of a DBN stream, as stored. Times are nanoseconds since the epoch; null means not stated. */
export interface DbnMetadata {
  readonly version: number;
  readonly dataset: string;
  /** Such as `ohlcv-1m`; null when records of several schemas may follow, as in a live session. */
  readonly schema: string | null;
  readonly startNs: bigint;
  /** Exclusive. */
  readonly endNs: bigint | null;
  /** Number of records asked for; the stream may have been cut at it. */
  readonly limit: bigint | null;
  readonly stypeIn: string | null;
  readonly stypeOut: string | null;
  /** Whether every record is followed by the gateway's eight-byte send time. */
  readonly tsOut: boolean;
  /** Bytes of a symbol in the metadata, its NUL included. */
  readonly symbolBytes: number;
  readonly symbols: readonly string[];
  /** Symbols that did not resolve on at least one day. */
  readonly partial: readonly string[];
  /** Symbols that did not resolve on any day. */
  readonly notFound: readonly string[];
  readonly mappings: readonly SymbolMapping[];
}

/** True when the bytes begin as DBN does. */
export function isDbn(head: Uint8Array): boolean {
  return head.length >= MAGIC.length && startsLikeDbn(head);
}

/** Throws a contract error when the bytes, be they as few as one, cannot be the beginning of DBN. */
export function checkMagic(head: Uint8Array): void {
  if (startsLikeDbn(head)) return;
  throw contractError('not DBN: expected the letters DBN at byte 0; give a file that Databento delivered as DBN');
}

function startsLikeDbn(head: Uint8Array): boolean {
  return MAGIC.every((letter, index) => index >= head.length || head[index] === letter);
}

/**
 * Reads the prelude: the version, and the bytes of prelude and metadata together.
 * Throws a contract error for what is not DBN, a version not known, or an impossible length.
 */
export function readPrelude(bytes: Uint8Array): { version: number; headerBytes: number } {
  checkMagic(bytes);
  const version = bytes[3]!;
  if (version > DBN_VERSION_MAX) {
    throw contractError(
      `DBN version ${version} at byte 3 is newer than ${DBN_VERSION_MAX}, the newest that can be read; ` +
        `ask for version ${DBN_VERSION_MAX} or convert the file`,
    );
  }
  if (version === 0) throw contractError('corrupt DBN: version 0 at byte 3 does not exist; download the file again');
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(4, true);
  if (length < FIXED_BYTES || length > METADATA_BYTES_MAX) {
    throw contractError(
      `corrupt DBN header: metadata length ${length} at byte 4 is not in ${FIXED_BYTES} to ${METADATA_BYTES_MAX}; ` +
        'download the file again',
    );
  }
  return { version, headerBytes: PRELUDE_BYTES + length };
}

/**
 * Reads a whole header, prelude included; layout in version 1 differs from 2 and 3.
 * Throws a contract error with the byte offset when a count or a length does not fit.
 */
export function readMetadata(header: Uint8Array): DbnMetadata {
  const { version } = readPrelude(header);
  const cursor = new Cursor(header, PRELUDE_BYTES);
  const dataset = cursor.text(16);
  const schema = cursor.u16();
  const startNs = cursor.u64();
  const endNs = cursor.u64();
  const limit = cursor.u64();
  // Version 1 has a record count here that was never reliable.
  if (version === 1) cursor.u64();
  const stypeIn = cursor.u8();
  const stypeOut = cursor.u8();
  const tsOut = cursor.u8() !== 0;
  const symbolBytes = version === 1 ? V1_SYMBOL_BYTES : cursor.u16();
  if (symbolBytes === 0) throw cursor.error('a symbol length of 0');
  cursor.seek(PRELUDE_BYTES + FIXED_BYTES);
  if (cursor.u32() !== 0) throw cursor.error('a schema definition, which no known version has');
  return {
    version,
    dataset,
    schema: schema === NO_SCHEMA ? null : (schemas[schema] ?? `unknown schema ${schema}`),
    startNs,
    endNs: endNs === UNDEFINED_U64 || endNs === 0n ? null : endNs,
    limit: limit === 0n ? null : limit,
    stypeIn: stypeName(stypeIn),
    stypeOut: stypeName(stypeOut),
    tsOut,
    symbolBytes,
    symbols: cursor.list(symbolBytes, () => cursor.text(symbolBytes)),
    partial: cursor.list(symbolBytes, () => cursor.text(symbolBytes)),
    notFound: cursor.list(symbolBytes, () => cursor.text(symbolBytes)),
    mappings: cursor.list(symbolBytes + 4, () => ({
      rawSymbol: cursor.text(symbolBytes),
      intervals: cursor.list(symbolBytes + 8, () => ({
        startDate: cursor.u32(),
        endDate: cursor.u32(),
        symbol: cursor.text(symbolBytes),
      })),
    })),
  };
}

/** Text up to the first NUL. */
export function readText(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return Buffer.from(bytes.buffer, bytes.byteOffset, end < 0 ? bytes.length : end).toString('latin1');
}

function stypeName(value: number): string | null {
  return value === NO_STYPE ? null : (stypes[value] ?? `unknown symbology ${value}`);
}

/** Reads little-endian fields one after the other and never past the end. */
class Cursor {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#at = at;
  }

  seek(at: number): void {
    this.#at = at;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#take(8), true);
  }

  text(bytes: number): string {
    const at = this.#take(bytes);
    return readText(this.#bytes.subarray(at, at + bytes));
  }

  /** A count and that many entries; the count is checked against the bytes left before anything is made. */
  list<T>(entryBytesMin: number, entry: () => T): T[] {
    const count = this.u32();
    const left = this.#bytes.length - this.#at;
    if (count * entryBytesMin > left) throw this.error(`${count} entries in the ${left} bytes left`);
    return Array.from({ length: count }, entry);
  }

  error(found: string): Error {
    return contractError(
      `corrupt DBN header: ${found}, before byte ${this.#at} of ${this.#bytes.length}; download the file again`,
    );
  }

  #take(bytes: number): number {
    const at = this.#at;
    if (at + bytes > this.#bytes.length) throw this.error(`a field of ${bytes} bytes does not fit`);
    this.#at += bytes;
    return at;
  }
}
