import { DatabentoError } from '../errors.ts';
import { type Field, RECORD_BYTES_MAX, TS_OUT_BYTES, WORD_BYTES } from './field.ts';
import { type LayoutName, layouts } from './layouts.ts';
import type { StoredRecord, UnknownRecord } from './record.ts';
import { writeOhlcv, writeTrade } from './straight-records.ts';
import { isText, writeText } from './text.ts';
import { codeOf, isCharacter, isI8, isI16, isI32, isI64, isU8, isU16, isU32, isU64 } from './value-range.ts';

/** Writes the value of one field of a record; throws code `range` when it does not fit. */
type FieldWriter = (bytes: DataView, at: number, record: Readonly<Record<string, unknown>>) => void;

type KnownRecord = Exclude<StoredRecord, UnknownRecord>;

interface LayoutWriter {
  readonly size: number;
  readonly fields: readonly FieldWriter[];
  /** Whether bytes between the fields have to be made zeros. */
  readonly hasReserved: boolean;
}

const layoutWriters = Object.fromEntries(
  Object.values(layouts).map(({ name, size, fields }) => {
    const used = fields.reduce((sum, field) => sum + field.size, 0);
    const hasText = fields.some(({ type }) => type === 'text');
    // The length is written last, from the size.
    const values = fields.filter(({ name: field }) => field !== 'length');
    return [name, { size, fields: values.map(writerOf), hasReserved: used < size || hasText }];
  }),
) as unknown as Readonly<Record<LayoutName, LayoutWriter>>;

/** Bytes of a record: what its layout needs, and those of `ts_out` when it has one. */
export function recordBytes(record: StoredRecord): number {
  if (record.layout === 'unknown') return record.raw.length;
  return layouts[record.layout].size + (record.ts_out === undefined ? 0 : TS_OUT_BYTES);
}

/**
 * Writes a record at a place and returns the number of its bytes. `length` follows from the layout, whatever the record
 * says; reserved bytes are zeros. Throws code `range` when a value does not fit its field; what has been written by then
 * is of no use.
 */
export function writeRecord(record: StoredRecord, bytes: DataView, at: number): number {
  if (record.layout === 'unknown') {
    placeOf(bytes, at, record.raw.length).set(record.raw);
    return record.raw.length;
  }
  const size = writeRecordBody(record, bytes, at);
  return record.ts_out === undefined ? size : writeTsOut(bytes, at, record.ts_out);
}

/** Puts a send time behind the record that is written at a place, and returns the number of bytes of both. */
export function writeTsOut(bytes: DataView, at: number, tsOut: bigint): number {
  const size = bytes.getUint8(at) * WORD_BYTES;
  if (size + TS_OUT_BYTES > RECORD_BYTES_MAX) {
    throw new DatabentoError('range', `a record of ${size} bytes has no room for ts_out`);
  }
  if (!isU64(tsOut)) throw outOfRange({ name: 'ts_out', type: 'time', offset: size, size: TS_OUT_BYTES }, tsOut);
  bytes.setBigUint64(at + size, tsOut, true);
  bytes.setUint8(at, (size + TS_OUT_BYTES) / WORD_BYTES);
  return size + TS_OUT_BYTES;
}

/** As `writeRecord`, but without `ts_out`. */
export function writeRecordBody(record: KnownRecord, bytes: DataView, at: number): number {
  const { size, fields, hasReserved } = layoutWriters[record.layout];
  if (!writeStraight(record, bytes, at)) {
    if (hasReserved) placeOf(bytes, at, size).fill(0);
    const values = record as unknown as Readonly<Record<string, unknown>>;
    for (let index = 0; index < fields.length; index++) fields[index]!(bytes, at, values);
  }
  bytes.setUint8(at, size / WORD_BYTES);
  return size;
}

/** False when the record has to be written by the table. */
function writeStraight(record: KnownRecord, bytes: DataView, at: number): boolean {
  if (record.layout === 'ohlcv') return writeOhlcv(record, bytes, at);
  return record.layout === 'trade' && writeTrade(record, bytes, at);
}

/** The bytes of one record. */
export function encodeRecord(record: StoredRecord): Uint8Array {
  const bytes = new Uint8Array(recordBytes(record));
  writeRecord(record, new DataView(bytes.buffer), 0);
  return bytes;
}

function placeOf(bytes: DataView, at: number, size: number): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset + at, size);
}

function writerOf(field: Field): FieldWriter {
  switch (field.type) {
    case 'u8':
      return numberWriter(field, isU8, (bytes, at, value) => bytes.setUint8(at, value));
    case 'u16':
      return numberWriter(field, isU16, (bytes, at, value) => bytes.setUint16(at, value, true));
    case 'u32':
      return numberWriter(field, isU32, (bytes, at, value) => bytes.setUint32(at, value, true));
    case 'i8':
      return numberWriter(field, isI8, (bytes, at, value) => bytes.setInt8(at, value));
    case 'i16':
      return numberWriter(field, isI16, (bytes, at, value) => bytes.setInt16(at, value, true));
    case 'i32':
      return numberWriter(field, isI32, (bytes, at, value) => bytes.setInt32(at, value, true));
    case 'u64':
    case 'time':
      return unsignedWriter(field);
    case 'i64':
    case 'price':
      return signedWriter(field);
    case 'char':
      return charWriter(field);
    case 'text':
      return textWriter(field);
  }
}

function numberWriter(
  field: Field,
  fits: (value: number) => boolean,
  write: (bytes: DataView, at: number, value: number) => void,
): FieldWriter {
  const { name, offset } = field;
  return (bytes, at, record) => {
    const value = record[name] as number;
    if (!fits(value)) throw outOfRange(field, value);
    write(bytes, at + offset, value);
  };
}

function unsignedWriter(field: Field): FieldWriter {
  const { name, offset } = field;
  return (bytes, at, record) => {
    const value = record[name] as bigint;
    if (!isU64(value)) throw outOfRange(field, value);
    bytes.setBigUint64(at + offset, value, true);
  };
}

function signedWriter(field: Field): FieldWriter {
  const { name, offset } = field;
  return (bytes, at, record) => {
    const value = record[name] as bigint;
    if (!isI64(value)) throw outOfRange(field, value);
    bytes.setBigInt64(at + offset, value, true);
  };
}

function charWriter(field: Field): FieldWriter {
  const { name, offset } = field;
  return (bytes, at, record) => {
    const text = record[name] as string;
    if (!isCharacter(text)) throw outOfRange(field, text);
    bytes.setUint8(at + offset, codeOf(text));
  };
}

function textWriter(field: Field): FieldWriter {
  const { name, offset, size } = field;
  return (bytes, at, record) => {
    const text = record[name] as string;
    if (!isText(text, size)) throw outOfRange(field, text);
    writeText(text, bytes, at + offset);
  };
}

function outOfRange({ name, type, size }: Field, value: unknown): DatabentoError {
  const room = type === 'text' ? `text of at most ${size - 1} bytes` : type;
  return new DatabentoError('range', `field ${name} is ${room} and cannot hold ${JSON.stringify(String(value))}`);
}
