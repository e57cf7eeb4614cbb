/**
 * Types of fields. `price` is a signed 64-bit integer in units of 1e-9, `time` an unsigned 64-bit number of nanoseconds
 * since the epoch, `char` one byte of text, `text` bytes up to the first NUL, all integers little-endian.
 */
export type FieldType =
  | 'u8'
  | 'u16'
  | 'u32'
  | 'u64'
  | 'i8'
  | 'i16'
  | 'i32'
  | 'i64'
  | 'price'
  | 'time'
  | 'char'
  | 'text';

/** Type and byte offset in the record; text has its bytes too, the closing NUL included. */
export type FieldSpec = readonly [type: Exclude<FieldType, 'text'>, offset: number] | readonly ['text', number, number];
export type FieldSpecs = Readonly<Record<string, FieldSpec>>;

/** One field of a layout. */
export interface Field {
  readonly name: string;
  readonly type: FieldType;
  readonly offset: number;
  /** Bytes of it. */
  readonly size: number;
}

/** How the bytes of one kind of record are laid out. */
export interface Layout<Name extends string = string, Specs extends FieldSpecs = FieldSpecs> {
  readonly name: Name;
  /** Bytes of the record without `ts_out`. */
  readonly size: number;
  readonly specs: Specs;
  /** In the order of their offsets, the header's included. */
  readonly fields: readonly Field[];
}

const sizes = { u8: 1, u16: 2, u32: 4, u64: 8, i8: 1, i16: 2, i32: 4, i64: 8, price: 8, time: 8, char: 1 } as const;

/** Fields at the start of every record. `length` counts words of four bytes. */
export const headerSpecs = {
  length: ['u8', 0],
  rtype: ['u8', 1],
  publisher_id: ['u16', 2],
  instrument_id: ['u32', 4],
  ts_event: ['time', 8],
} as const satisfies FieldSpecs;
export const HEADER_BYTES = 16;
export const WORD_BYTES = 4;
export const TS_OUT_BYTES = 8;
/** Bytes of the longest record that its length, one byte, can say. */
export const RECORD_BYTES_MAX = 255 * WORD_BYTES;

/** The fields of the header. */
export const headerFields = fieldsOf(headerSpecs);

/** The TypeScript value of a field type: 64-bit integers are exact, as bigint. */
export type FieldValue<Type extends FieldType> = Type extends 'u64' | 'i64' | 'price' | 'time'
  ? bigint
  : Type extends 'char' | 'text'
    ? string
    : number;

/** The fields of a record as plain values. */
export type FieldValues<Specs extends FieldSpecs> = { -readonly [Name in keyof Specs]: FieldValue<Specs[Name][0]> };

/** Makes a layout of `size` bytes; the header's fields are added. */
export function defineLayout<const Name extends string, const Specs extends FieldSpecs>(
  name: Name,
  size: number,
  specs: Specs,
): Layout<Name, typeof headerSpecs & Specs> {
  const all = { ...headerSpecs, ...specs };
  return { name, size, specs: all, fields: fieldsOf(all) };
}

function fieldsOf(specs: FieldSpecs): readonly Field[] {
  return Object.entries(specs).map(([name, [type, offset, bytes]]) => ({
    name,
    type,
    offset,
    size: type === 'text' ? (bytes ?? 0) : sizes[type],
  }));
}
