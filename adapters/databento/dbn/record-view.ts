import { DatabentoError } from '../errors.ts';
import {
  type Field,
  type FieldSpecs,
  type FieldType,
  type FieldValue,
  headerFields,
  TS_OUT_BYTES,
  WORD_BYTES,
} from './field.ts';
import { readText } from './text.ts';

/** Fields read a second way, as a double: prices in units of the currency, null when undefined, and 64-bit counts. */
type Doubles<Specs extends FieldSpecs> = {
  readonly [Name in keyof Specs & string as Specs[Name][0] extends 'price' ? `${Name}_f64` : never]: number | null;
} & {
  readonly [Name in keyof Specs & string as Specs[Name][0] extends 'u64' | 'i64' ? `${Name}_f64` : never]: number;
};

/** Times read a second way: whole milliseconds since the epoch, the rest of the nanoseconds cut off. */
type Milliseconds<Specs extends FieldSpecs> = {
  readonly [Name in keyof Specs & string as Specs[Name][0] extends 'time' ? `${Name}_ms` : never]: number;
};

/** What a view of a layout offers: each field under its own name, and the readings above. */
export type ViewOf<Name extends string, Specs extends FieldSpecs> = Omit<RecordView, 'layout'> & {
  readonly layout: Name;
} & { readonly [Key in keyof Specs]: FieldValue<Specs[Key][0]> } & Doubles<Specs> &
  Milliseconds<Specs>;

/** Where the record is that views show. The views of a decoder share one, so that it moves them all at once. */
export interface RecordWindow {
  bytes: DataView;
  /** Of the first byte of the record in them. */
  at: number;
  readonly hasTsOut: boolean;
}

/**
 * A window on one record of a buffer: fields are read when they are asked for, and nothing is copied. The decoder moves
 * it on, so it is valid only until the callback that received it returns; `toObject` of `record-object.ts` keeps a record.
 */
export class RecordView {
  declare readonly layout: string;
  readonly window: RecordWindow;
  declare readonly length: number;
  declare readonly rtype: number;
  declare readonly publisher_id: number;
  declare readonly instrument_id: number;
  declare readonly ts_event: bigint;
  declare readonly ts_event_ms: number;

  constructor(window: RecordWindow) {
    this.window = window;
  }

  /** The bytes in which the record lies. */
  get cursor(): DataView {
    return this.window.bytes;
  }

  /** Where the record begins in them. */
  get at(): number {
    return this.window.at;
  }

  /** Whether the stream says when its records were sent. */
  get hasTsOut(): boolean {
    return this.window.hasTsOut;
  }

  /** Bytes of the whole record. */
  get byteLength(): number {
    const { bytes, at } = this.window;
    return bytes.getUint8(at) * WORD_BYTES;
  }

  /** When the gateway sent it, nanoseconds since the epoch; undefined when the stream does not say. */
  get ts_out(): bigint | undefined {
    const { bytes, at, hasTsOut } = this.window;
    return hasTsOut ? bytes.getBigUint64(at + this.byteLength - TS_OUT_BYTES, true) : undefined;
  }

  /** The bytes of the record where they are; copy them to keep them. */
  bytes(): Uint8Array {
    const { bytes, at } = this.window;
    return new Uint8Array(bytes.buffer, bytes.byteOffset + at, this.byteLength);
  }
}

/** Makes the class of views of a layout: a getter for each field, and a second one for prices, counts and times. */
export function defineView(layoutName: string, fields: readonly Field[]): new (window: RecordWindow) => RecordView {
  const View = class extends RecordView {};
  const define = (name: string, get: (this: RecordView) => unknown): void => {
    Object.defineProperty(View.prototype, name, { get, enumerable: true });
  };
  Object.defineProperty(View.prototype, 'layout', { value: layoutName, enumerable: true });
  for (const field of fields) {
    define(field.name, getterOf(field));
    if (field.type === 'price') define(`${field.name}_f64`, priceGetter(field));
    if (field.type === 'u64' || field.type === 'i64') define(`${field.name}_f64`, countGetter(field));
    if (field.type === 'time') define(`${field.name}_ms`, millisecondGetter(field));
  }
  return View;
}

/** Views of records of which only the header is known. */
export const UnknownRecordView = defineView('unknown', headerFields);

const HIGH_WORD = 2 ** 32;
/** High words from which on an integer does not fit the 53 bits of a double. */
const HIGH_EXACT = 2 ** 21;
const PRICE_UNITS = 1e9;

/** One character for each byte, the empty text for NUL. */
export const characters: readonly string[] = Array.from({ length: 256 }, (_, code) =>
  code === 0 ? '' : String.fromCharCode(code),
);

/** Reads the value of a field of the record at a place. */
export type FieldReader = (bytes: DataView, at: number) => FieldValue<FieldType>;

/** The reader of a field, by its type. */
export function readerOf({ type, offset, size }: Field): FieldReader {
  switch (type) {
    case 'u8':
      return (bytes, at) => bytes.getUint8(at + offset);
    case 'u16':
      return (bytes, at) => bytes.getUint16(at + offset, true);
    case 'u32':
      return (bytes, at) => bytes.getUint32(at + offset, true);
    case 'i8':
      return (bytes, at) => bytes.getInt8(at + offset);
    case 'i16':
      return (bytes, at) => bytes.getInt16(at + offset, true);
    case 'i32':
      return (bytes, at) => bytes.getInt32(at + offset, true);
    case 'u64':
    case 'time':
      return (bytes, at) => bytes.getBigUint64(at + offset, true);
    case 'i64':
    case 'price':
      return (bytes, at) => bytes.getBigInt64(at + offset, true);
    case 'char':
      return (bytes, at) => characters[bytes.getUint8(at + offset)]!;
    case 'text':
      return (bytes, at) => readText(bytes, at + offset, size);
  }
}

function getterOf(field: Field): (this: RecordView) => unknown {
  const read = readerOf(field);
  return function get(this: RecordView) {
    const { bytes, at } = this.window;
    return read(bytes, at);
  };
}

function priceGetter({ name, offset }: Field): (this: RecordView) => number | null {
  return function get(this: RecordView) {
    const { bytes } = this.window;
    const at = this.window.at + offset;
    const high = bytes.getInt32(at + 4, true);
    const low = bytes.getUint32(at, true);
    if (high === 0x7fff_ffff && low === 0xffff_ffff) return null;
    if (high >= HIGH_EXACT || high < -HIGH_EXACT) throw notExact(name);
    // The quotient of two exact doubles is the double nearest to the price.
    return (high * HIGH_WORD + low) / PRICE_UNITS;
  };
}

function countGetter({ name, type, offset }: Field): (this: RecordView) => number {
  const isSigned = type === 'i64';
  return function get(this: RecordView) {
    const { bytes } = this.window;
    const at = this.window.at + offset;
    const high = isSigned ? bytes.getInt32(at + 4, true) : bytes.getUint32(at + 4, true);
    if (high >= HIGH_EXACT || high < -HIGH_EXACT) throw notExact(name);
    return high * HIGH_WORD + bytes.getUint32(at, true);
  };
}

function millisecondGetter({ offset }: Field): (this: RecordView) => number {
  return function get(this: RecordView) {
    const { bytes } = this.window;
    const at = this.window.at + offset;
    const high = bytes.getUint32(at + 4, true);
    const low = bytes.getUint32(at, true);
    // In two steps, each of which is exact: 2^32 ns are 4294 whole milliseconds and 967296 ns.
    return high * 4294 + Math.floor((high * 967_296 + low) / 1_000_000);
  };
}

function notExact(name: string): DatabentoError {
  return new DatabentoError('range', `${name} is too large to be exact as a number; read ${name}, which is a bigint`);
}
