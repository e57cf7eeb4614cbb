import { DatabentoError } from '../errors.ts';
import { type Field, TS_OUT_BYTES, WORD_BYTES } from './field.ts';
import { type LayoutName, layouts } from './layouts.ts';
import type { StoredRecord } from './record.ts';

/** Writes the value of one field of a record; throws code `range` when it does not fit. */
type FieldWriter = (bytes: DataView, at: number, record: Readonly<Record<string, unknown>>) => void;

const smallWriters = {
  u8: (bytes: DataView, at: number, value: number) => bytes.setUint8(at, value),
  u16: (bytes: DataView, at: number, value: number) => bytes.setUint16(at, value, true),
  u32: (bytes: DataView, at: number, value: number) => bytes.setUint32(at, value, true),
  i8: (bytes: DataView, at: number, value: number) => bytes.setInt8(at, value),
  i16: (bytes: DataView, at: number, value: number) => bytes.setInt16(at, value, true),
  i32: (bytes: DataView, at: number, value: number) => bytes.setInt32(at, value, true),
};

interface LayoutWriter {
  readonly fields: readonly FieldWriter[];
  /** Whether bytes between the fields have to be made zeros. */
  readonly hasReserved: boolean;
}

const layoutWriters = Object.fromEntries(
  Object.values(layouts).map(({ name, size, fields }) => {
    const used = fields.reduce((sum, field) => sum + field.size, 0);
    const hasText = fields.some(({ type }) => type === 'text');
    return [name, { fields: fields.map(writerOf), hasReserved: used < size || hasText }];
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
  const size = recordBytes(record);
  if (record.layout === 'unknown') {
    placeOf(bytes, at, size).set(record.raw);
    return size;
  }
  const { fields, hasReserved } = layoutWriters[record.layout];
  if (hasReserved) placeOf(bytes, at, size).fill(0);
  const values = record as unknown as Readonly<Record<string, unknown>>;
  for (let index = 0; index < fields.length; index++) fields[index]!(bytes, at, values);
  bytes.setUint8(at, size / WORD_BYTES);
  if (record.ts_out !== undefined) bytes.setBigUint64(at + size - TS_OUT_BYTES, record.ts_out, true);
  return size;
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
  if (field.type === 'text') return textWriter(field);
  if (field.type === 'char') return charWriter(field);
  return field.size === 8 ? bigWriter(field) : smallWriter(field);
}

function smallWriter(field: Field): FieldWriter {
  const { name, offset, size, type } = field;
  const span = 2 ** (8 * size);
  const least = isSigned(field) ? -span / 2 : 0;
  const write = smallWriters[type as keyof typeof smallWriters];
  return (bytes, at, record) => {
    const value = record[name] as number;
    if (!Number.isInteger(value) || value < least || value >= least + span) throw outOfRange(field, value);
    write(bytes, at + offset, value);
  };
}

function bigWriter(field: Field): FieldWriter {
  const { name, offset } = field;
  if (isSigned(field)) {
    return (bytes, at, record) => {
      const value = record[name] as bigint;
      if (typeof value !== 'bigint' || BigInt.asIntN(64, value) !== value) throw outOfRange(field, value);
      bytes.setBigInt64(at + offset, value, true);
    };
  }
  return (bytes, at, record) => {
    const value = record[name] as bigint;
    if (typeof value !== 'bigint' || BigInt.asUintN(64, value) !== value) throw outOfRange(field, value);
    bytes.setBigUint64(at + offset, value, true);
  };
}

function charWriter(field: Field): FieldWriter {
  const { name, offset } = field;
  return (bytes, at, record) => {
    const text = record[name] as string;
    if (typeof text !== 'string' || text.length > 1 || text.charCodeAt(0) > 255) throw outOfRange(field, text);
    bytes.setUint8(at + offset, text === '' ? 0 : text.charCodeAt(0));
  };
}

function textWriter(field: Field): FieldWriter {
  const { name, offset, size } = field;
  return (bytes, at, record) => {
    const text = record[name] as string;
    // The last byte stays NUL.
    if (typeof text !== 'string' || text.length >= size) throw outOfRange(field, text);
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index);
      if (code === 0 || code > 255) throw outOfRange(field, text);
      bytes.setUint8(at + offset + index, code);
    }
  };
}

function isSigned({ type }: Field): boolean {
  return type.startsWith('i') || type === 'price';
}

function outOfRange({ name, type, size }: Field, value: unknown): DatabentoError {
  const room = type === 'text' ? `text of at most ${size - 1} bytes` : type;
  return new DatabentoError('range', `field ${name} is ${room} and cannot hold ${JSON.stringify(String(value))}`);
}
