import { DatabentoError } from '../errors.ts';
import { type Schema, type Stype, schemas, stypes, UNDEF_TIMESTAMP } from './enums.ts';
import { type DbnVersion, NEWEST_VERSION } from './layouts.ts';
import { readText } from './text.ts';

/** What a requested symbol stood for on the UTC dates [start_date, end_date), as numbers YYYYMMDD. */
export interface MappingInterval {
  readonly start_date: number;
  readonly end_date: number;
  /** Empty when there was no mapping. */
  readonly symbol: string;
}

/** What one requested symbol stood for. */
export interface SymbolMapping {
  /** The symbol as requested; an instrument id in decimal when ids were requested. */
  readonly raw_symbol: string;
  readonly intervals: readonly MappingInterval[];
}

/** The header of a DBN stream. Times are nanoseconds since the epoch; null means not stated. */
export interface DbnMetadata {
  readonly version: DbnVersion;
  readonly dataset: string;
  /** Null when records of several schemas may follow, as in a live session. */
  readonly schema: Schema | null;
  readonly start: bigint;
  /** Exclusive. */
  readonly end: bigint | null;
  /** Number of records asked for; the stream may have been cut at it. */
  readonly limit: bigint | null;
  readonly stype_in: Stype | null;
  readonly stype_out: Stype;
  /** Whether every record ends with the gateway's send time. */
  readonly ts_out: boolean;
  /** Bytes of a symbol in the metadata, its NUL included. */
  readonly symbol_cstr_len: number;
  readonly symbols: readonly string[];
  /** Symbols that did not resolve on at least one day. */
  readonly partial: readonly string[];
  /** Symbols that did not resolve on any day. */
  readonly not_found: readonly string[];
  readonly mappings: readonly SymbolMapping[];
}

/** Bytes of `DBN`, the version and the length of what follows. */
export const PRELUDE_BYTES = 8;
/** Bytes of the part of the metadata that is the same for every query. */
export const FIXED_BYTES = 100;
/** Bytes of the dataset's name, its NUL included. */
export const DATASET_BYTES = 16;
/** The symbol lists of a whole exchange take a few megabytes; more means that the length is corrupt. */
export const HEADER_BYTES_MAX = 64 * 1024 * 1024;
/** Bytes of a symbol in version 1, whose header does not say it. */
export const SYMBOL_BYTES_V1 = 22;
/** Bytes of a symbol in the versions after it, as they write it. */
export const SYMBOL_BYTES = 71;
/** Fewest bytes of a symbol that a header may say. */
export const SYMBOL_BYTES_MIN = SYMBOL_BYTES_V1;
/** Most bytes of a symbol that a header may say. */
export const SYMBOL_BYTES_MAX = 1024;
/** Schema number of a stream of several schemas. */
export const NO_SCHEMA = 0xffff;
/** Symbology number of a stream of several symbologies. */
export const NO_STYPE = 0xff;

/** `DBN` in ASCII. */
const MAGIC = [0x44, 0x42, 0x4e];

/** The metadata with which a live session begins. `start` is the start of the replay or of the session. */
export function liveMetadata(session: {
  readonly dataset: string;
  readonly version?: DbnVersion;
  readonly start?: bigint;
  readonly tsOut?: boolean;
}): DbnMetadata {
  const { dataset, version = NEWEST_VERSION, start = 0n, tsOut = false } = session;
  return {
    version,
    dataset,
    schema: null,
    start,
    end: null,
    limit: null,
    stype_in: null,
    stype_out: 'instrument_id',
    ts_out: tsOut,
    symbol_cstr_len: version === 1 ? SYMBOL_BYTES_V1 : SYMBOL_BYTES,
    symbols: [],
    partial: [],
    not_found: [],
    mappings: [],
  };
}

/** The metadata of another version that says the same; whether the symbols fit is checked when it is encoded. */
export function metadataInVersion(metadata: DbnMetadata, version: DbnVersion): DbnMetadata {
  if (version === 1) return { ...metadata, version, symbol_cstr_len: SYMBOL_BYTES_V1 };
  const symbol_cstr_len = metadata.version === 1 ? SYMBOL_BYTES : metadata.symbol_cstr_len;
  return { ...metadata, version, symbol_cstr_len };
}

/** Whether bytes begin as DBN does. */
export function isDbn(head: Uint8Array): boolean {
  return head.length >= MAGIC.length && startsLikeDbn(head);
}

/** Throws code `not-dbn` when the bytes, be they as few as one, cannot be the beginning of DBN. */
export function checkMagic(head: Uint8Array): void {
  if (startsLikeDbn(head)) return;
  throw new DatabentoError('not-dbn', 'not DBN: expected the letters DBN at byte 0; give what Databento sent as DBN', {
    byteOffset: 0,
  });
}

function startsLikeDbn(head: Uint8Array): boolean {
  return MAGIC.every((letter, index) => index >= head.length || head[index] === letter);
}

/**
 * Reads the first eight bytes: the version, and the bytes of prelude and metadata together.
 * Throws for what is not DBN, a version that is not known, and an impossible length.
 */
export function readPrelude(bytes: Uint8Array): { readonly version: DbnVersion; readonly headerBytes: number } {
  checkMagic(bytes);
  if (bytes.length < PRELUDE_BYTES) throw headerCutOff(bytes.length, PRELUDE_BYTES);
  const version = bytes[3]!;
  if (version > NEWEST_VERSION) {
    throw new DatabentoError(
      'newer-version',
      `DBN version ${version} at byte 3 is newer than ${NEWEST_VERSION}, the newest that can be read; ` +
        `ask for version ${NEWEST_VERSION} or convert the file`,
      { byteOffset: 3 },
    );
  }
  if (version === 0) throw corruptHeader('version 0, which does not exist,', 3);
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(4, true);
  const lengthMax = HEADER_BYTES_MAX - PRELUDE_BYTES;
  if (length < FIXED_BYTES || length > lengthMax) {
    throw corruptHeader(`a metadata length of ${length}, outside of ${FIXED_BYTES} to ${lengthMax},`, 4);
  }
  return { version: version as DbnVersion, headerBytes: PRELUDE_BYTES + length };
}

/**
 * Reads a whole header, prelude included, as it is stored; bytes after it are left alone. Throws code `truncated` when
 * bytes are missing, and `corrupt` with the offset when a count, a length or a number does not fit.
 */
export function decodeMetadata(bytes: Uint8Array): DbnMetadata {
  const { version, headerBytes } = readPrelude(bytes);
  if (bytes.length < headerBytes) throw headerCutOff(bytes.length, headerBytes);
  const cursor = new HeaderCursor(bytes.subarray(0, headerBytes), PRELUDE_BYTES);
  const dataset = cursor.text(DATASET_BYTES);
  const schema = cursor.u16();
  if (schema !== NO_SCHEMA && schemas[schema] === undefined)
    throw cursor.error(`schema ${schema}, which is not known,`);
  const start = cursor.u64();
  const end = cursor.u64();
  const limit = cursor.u64();
  // Version 1 has a record count here that was never reliable.
  if (version === 1) cursor.u64();
  const stypeIn = cursor.u8();
  if (stypeIn !== NO_STYPE) requireStype(stypeIn, cursor);
  const stypeOut = requireStype(cursor.u8(), cursor);
  const tsOut = cursor.u8() !== 0;
  const symbolBytes = version === 1 ? SYMBOL_BYTES_V1 : cursor.u16();
  if (symbolBytes < SYMBOL_BYTES_MIN || symbolBytes > SYMBOL_BYTES_MAX) {
    throw cursor.error(`${symbolBytes} bytes for each symbol, outside of ${SYMBOL_BYTES_MIN} to ${SYMBOL_BYTES_MAX},`);
  }
  cursor.seek(PRELUDE_BYTES + FIXED_BYTES);
  if (cursor.u32() !== 0) throw cursor.error('a schema definition, which no known version has,');
  const symbol = (): string => cursor.text(symbolBytes);
  return {
    version,
    dataset,
    schema: schema === NO_SCHEMA ? null : schemas[schema]!,
    start,
    end: end === UNDEF_TIMESTAMP || end === 0n ? null : end,
    limit: limit === 0n ? null : limit,
    stype_in: stypeIn === NO_STYPE ? null : stypes[stypeIn]!,
    stype_out: stypeOut,
    ts_out: tsOut,
    symbol_cstr_len: symbolBytes,
    symbols: cursor.list(symbolBytes, symbol),
    partial: cursor.list(symbolBytes, symbol),
    not_found: cursor.list(symbolBytes, symbol),
    mappings: cursor.list(symbolBytes + 4, () => ({
      raw_symbol: symbol(),
      intervals: cursor.list(symbolBytes + 8, () => ({
        start_date: cursor.u32(),
        end_date: cursor.u32(),
        symbol: symbol(),
      })),
    })),
  };
}

/** What is wrong when the input ends inside its header. */
export function headerCutOff(have: number, need: number): DatabentoError {
  const known = have < PRELUDE_BYTES ? 'at least ' : '';
  return new DatabentoError(
    'truncated',
    `truncated DBN: the header at byte 0 has ${have} of ${known}${need} bytes; copy or download it again`,
    { byteOffset: 0 },
  );
}

function requireStype(number: number, cursor: HeaderCursor): Stype {
  const stype = stypes[number];
  if (stype === undefined) throw cursor.error(`symbology type ${number}, which is not known,`);
  return stype;
}

function corruptHeader(found: string, byteOffset: number): DatabentoError {
  return new DatabentoError(
    'corrupt',
    `corrupt DBN header: ${found} at byte ${byteOffset}; copy or download it again`,
    { byteOffset },
  );
}

/** Reads little-endian fields one after the other and never past the end. */
class HeaderCursor {
  readonly #bytes: Buffer;
  #at: number;
  /** Where the last field begins. */
  #fieldAt: number;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#at = at;
    this.#fieldAt = at;
  }

  seek(at: number): void {
    this.#at = at;
  }

  u8(): number {
    return this.#bytes[this.#take(1)]!;
  }

  u16(): number {
    return this.#bytes.readUInt16LE(this.#take(2));
  }

  u32(): number {
    return this.#bytes.readUInt32LE(this.#take(4));
  }

  u64(): bigint {
    return this.#bytes.readBigUInt64LE(this.#take(8));
  }

  text(size: number): string {
    return readText(this.#bytes, this.#take(size), size);
  }

  /** A count and that many entries; the count is checked against the bytes left before anything is made. */
  list<T>(entryBytesMin: number, entry: () => T): T[] {
    const count = this.u32();
    const left = this.#bytes.length - this.#at;
    if (count * entryBytesMin > left) throw this.error(`a count of ${count} entries for the ${left} bytes left,`);
    return Array.from({ length: count }, entry);
  }

  /** What is wrong with the field read last. */
  error(found: string): DatabentoError {
    return corruptHeader(found, this.#fieldAt);
  }

  #take(size: number): number {
    this.#fieldAt = this.#at;
    if (this.#at + size > this.#bytes.length) {
      throw this.error(`${this.#bytes.length - this.#at} bytes left for a field of ${size}`);
    }
    this.#at += size;
    return this.#fieldAt;
  }
}
