import { DatabentoError } from '../errors.ts';
import { schemaNumbers, stypes, UNDEF_TIMESTAMP } from './enums.ts';
import {
  DATASET_BYTES,
  type DbnMetadata,
  FIXED_BYTES,
  HEADER_BYTES_MAX,
  NO_SCHEMA,
  NO_STYPE,
  PRELUDE_BYTES,
  SYMBOL_BYTES_MAX,
  SYMBOL_BYTES_MIN,
  SYMBOL_BYTES_V1,
} from './metadata.ts';
import { isText, writeText } from './text.ts';

const COUNT_BYTES = 4;
const INTERVAL_DATES_BYTES = 8;
/** Version 3 makes its header a multiple of this, so that the records behind it are aligned. */
const ALIGNMENT_BYTES = 8;

/**
 * The bytes of a header in the layout of `metadata.version`, prelude included. Throws code `range` when a text is too
 * long for its place, a number does not fit, or the whole is larger than a header may be.
 */
export function encodeMetadata(metadata: DbnMetadata): Uint8Array {
  const { version, symbol_cstr_len: symbolBytes } = metadata;
  const isSymbolBytes = version === 1 ? symbolBytes === SYMBOL_BYTES_V1 : symbolBytes >= SYMBOL_BYTES_MIN;
  if (!isSymbolBytes || symbolBytes > SYMBOL_BYTES_MAX) {
    throw notWritable(`symbol_cstr_len ${symbolBytes} is not possible in version ${version}`);
  }
  const size = headerBytes(metadata);
  if (size > HEADER_BYTES_MAX) throw notWritable(`it would have ${size} bytes, more than ${HEADER_BYTES_MAX}`);
  const writer = new HeaderWriter(size);
  writer.text('DBN', 3);
  writer.u8(version);
  writer.u32(size - PRELUDE_BYTES);
  writeFixed(writer, metadata);
  // Bytes of a schema definition, which no version has.
  writer.u32(0);
  for (const symbols of [metadata.symbols, metadata.partial, metadata.not_found]) {
    writer.u32(symbols.length);
    for (const symbol of symbols) writer.symbol(symbol, symbolBytes);
  }
  writer.u32(metadata.mappings.length);
  for (const { raw_symbol, intervals } of metadata.mappings) {
    writer.symbol(raw_symbol, symbolBytes);
    writer.u32(intervals.length);
    for (const { start_date, end_date, symbol } of intervals) {
      writer.u32(start_date);
      writer.u32(end_date);
      writer.symbol(symbol, symbolBytes);
    }
  }
  return writer.bytes;
}

function writeFixed(writer: HeaderWriter, metadata: DbnMetadata): void {
  const { version, schema, stype_in, stype_out } = metadata;
  writer.symbol(metadata.dataset, DATASET_BYTES);
  writer.u16(schema === null ? NO_SCHEMA : schemaNumbers[schema]);
  writer.u64(metadata.start);
  writer.u64(metadata.end ?? UNDEF_TIMESTAMP);
  writer.u64(metadata.limit ?? 0n);
  // The record count of version 1, which nobody relies on.
  if (version === 1) writer.u64(UNDEF_TIMESTAMP);
  writer.u8(stype_in === null ? NO_STYPE : stypes.indexOf(stype_in));
  writer.u8(stypes.indexOf(stype_out));
  writer.u8(metadata.ts_out ? 1 : 0);
  if (version > 1) writer.u16(metadata.symbol_cstr_len);
  writer.seek(PRELUDE_BYTES + FIXED_BYTES);
}

function headerBytes(metadata: DbnMetadata): number {
  const { symbol_cstr_len: symbolBytes, symbols, partial, not_found, mappings } = metadata;
  let size = PRELUDE_BYTES + FIXED_BYTES + COUNT_BYTES;
  for (const list of [symbols, partial, not_found]) size += COUNT_BYTES + list.length * symbolBytes;
  size += COUNT_BYTES;
  for (const { intervals } of mappings) {
    size += symbolBytes + COUNT_BYTES + intervals.length * (INTERVAL_DATES_BYTES + symbolBytes);
  }
  return metadata.version === 3 ? Math.ceil(size / ALIGNMENT_BYTES) * ALIGNMENT_BYTES : size;
}

function notWritable(reason: string): DatabentoError {
  return new DatabentoError('range', `metadata cannot be written: ${reason}`);
}

/** Writes little-endian fields one after the other into zeros. */
class HeaderWriter {
  readonly bytes: Uint8Array;
  readonly #buffer: Buffer;
  #at = 0;

  constructor(size: number) {
    this.bytes = new Uint8Array(size);
    this.#buffer = Buffer.from(this.bytes.buffer);
  }

  seek(at: number): void {
    this.#at = at;
  }

  u8(value: number): void {
    this.#integer(value, 1);
  }

  u16(value: number): void {
    this.#integer(value, 2);
  }

  u32(value: number): void {
    this.#integer(value, 4);
  }

  u64(value: bigint): void {
    if (BigInt.asUintN(64, value) !== value) throw notWritable(`${value} is no unsigned 64-bit integer`);
    this.#at = this.#buffer.writeBigUInt64LE(value, this.#at);
  }

  text(value: string, size: number): void {
    writeText(value, this.#buffer, this.#at);
    this.#at += size;
  }

  /** Text of which the last byte stays NUL. */
  symbol(value: string, size: number): void {
    if (!isText(value, size)) throw notWritable(`${JSON.stringify(value)} is not text of at most ${size - 1} bytes`);
    this.text(value, size);
  }

  #integer(value: number, size: 1 | 2 | 4): void {
    const isInRange = Number.isInteger(value) && value >= 0 && value < 2 ** (8 * size);
    if (!isInRange) throw notWritable(`${value} is no unsigned integer of ${size} bytes`);
    this.#at = this.#buffer.writeUIntLE(value, this.#at, size);
  }
}
