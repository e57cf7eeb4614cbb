import { DatabentoError } from '../errors.ts';
import { rtypeName } from './enums.ts';
import { type Field, HEADER_BYTES, headerFields, type Layout, TS_OUT_BYTES, WORD_BYTES } from './field.ts';
import { type DbnVersion, layoutOf } from './layouts.ts';
import type { StoredRecord, UnknownRecord } from './record.ts';
import { readerOf } from './record-view.ts';

/** Values of a record under their names, as JSON or CSV gives them; undefined for one that is not there. */
export type GivenValues = Readonly<Record<string, unknown>>;

/** No more digits than the largest integers of 64 bits have. */
const WHOLE_NUMBER = /^-?\d{1,20}$/;
/** What may be given beside the fields, and what follows from the others. */
const optional = new Set(['_rtype', '_layout', 'length', 'ts_out']);
/** Every version's layouts are tried, the newest first. */
const versions: readonly DbnVersion[] = [3, 2, 1];

/**
 * Makes a record out of named values in JSON's or CSV's form: whole numbers as numbers or decimal text, characters and
 * text as text. The layout is `_layout`, else that of `version`, else that of another version with just these fields.
 * Throws code `usage` when fields are missing, unknown or contradict each other, `range` when a value has a wrong form.
 */
export function recordOfValues(values: GivenValues, version: DbnVersion): StoredRecord {
  if (values._raw !== undefined) return unknownRecord(values, values._raw);
  if (values.rtype === undefined)
    throw new DatabentoError('usage', 'rtype is missing: the number of the record type, as 33 for ohlcv-1m');
  const rtype = smallOf('rtype', values.rtype);
  const layout = layoutOfValues(values, rtype, version);
  const hasTsOut = values.ts_out !== undefined;
  const record: Record<string, unknown> = { layout: layout.name };
  record.length = (layout.size + (hasTsOut ? TS_OUT_BYTES : 0)) / WORD_BYTES;
  for (const field of layout.fields) {
    if (field.name !== 'length') record[field.name] = fieldValue(field, values[field.name]);
  }
  if (hasTsOut) record.ts_out = bigOf('ts_out', values.ts_out);
  return record as unknown as StoredRecord;
}

function layoutOfValues(values: GivenValues, rtype: number, version: DbnVersion): Layout {
  const name = rtypeName(rtype);
  const given = values._rtype ?? name;
  if (given !== name) throw contradiction(`_rtype is ${JSON.stringify(given)}, but rtype ${rtype} is ${name}`);
  const candidates = [version, ...versions].map((each) => layoutOf(rtype, each));
  const first = candidates[0];
  if (first === undefined)
    throw new DatabentoError('usage', `rtype ${rtype} is not known; a record of it needs _raw, all its bytes in hex`);
  const names = Object.keys(values).filter((key) => values[key] !== undefined && !optional.has(key));
  if (values._layout !== undefined) {
    const named = candidates.find((layout) => layout?.name === values._layout);
    if (named) return requireFields(named, names);
    throw contradiction(
      `_layout is ${JSON.stringify(values._layout)}, but ${name} records are ${layoutNames(candidates)}`,
    );
  }
  return candidates.find((layout) => layout && hasFields(layout, names)) ?? requireFields(first, names);
}

function layoutNames(candidates: readonly (Layout | undefined)[]): string {
  return [...new Set(candidates.map((layout) => layout?.name))].join(' or ');
}

/** Whether the names are those of all fields and of nothing else. */
function hasFields({ specs, fields }: Layout, names: readonly string[]): boolean {
  // Of the fields, only `length` is optional.
  return names.length === fields.length - 1 && names.every((name) => Object.hasOwn(specs, name));
}

function requireFields(layout: Layout, names: readonly string[]): Layout {
  if (hasFields(layout, names)) return layout;
  const absent = layout.fields.filter(({ name }) => !optional.has(name) && !names.includes(name));
  if (absent.length > 0) {
    const list = absent.map(({ name }) => name).join(', ');
    throw new DatabentoError('usage', `fields of ${layout.name} records that are missing: ${list}`);
  }
  const strange = names.filter((name) => !Object.hasOwn(layout.specs, name));
  const known = layout.fields.map(({ name }) => name).join(', ');
  throw new DatabentoError('usage', `${layout.name} records have no ${strange.join(', ')}; their fields are ${known}`);
}

function fieldValue({ name, type, size }: Field, given: unknown): unknown {
  if (type === 'text' || type === 'char') return textOf(name, given);
  return size === 8 ? bigOf(name, given) : smallOf(name, given);
}

function textOf(name: string, given: unknown): string {
  if (typeof given === 'string') return given;
  throw new DatabentoError('range', `field ${name} is text, which ${JSON.stringify(given)} is not; put it in quotes`);
}

function smallOf(name: string, given: unknown): number {
  if (typeof given === 'number' && Number.isInteger(given)) return given;
  if (typeof given === 'string' && WHOLE_NUMBER.test(given)) return Number(given);
  throw notWhole(name, given);
}

function bigOf(name: string, given: unknown): bigint {
  if (typeof given === 'string' && WHOLE_NUMBER.test(given)) return BigInt(given);
  if (typeof given !== 'number' || !Number.isInteger(given)) throw notWhole(name, given);
  if (Number.isSafeInteger(given)) return BigInt(given);
  const remedy = 'write it as decimal text in quotes';
  throw new DatabentoError('range', `field ${name} is a number above 2^53, where JSON is not exact; ${remedy}`);
}

function unknownRecord(values: GivenValues, given: unknown): UnknownRecord {
  const hex = textOf('_raw', given);
  const raw = Uint8Array.from(Buffer.from(hex, 'hex'));
  if (hex.length !== 2 * raw.length || raw.length < HEADER_BYTES || raw.length !== raw[0]! * WORD_BYTES)
    throw new DatabentoError('range', 'field _raw is not a whole record in hexadecimal, its first byte its length / 4');
  const bytes = new DataView(raw.buffer);
  const record: Record<string, unknown> = { layout: 'unknown' };
  for (const field of headerFields) {
    const value = readerOf(field)(bytes, 0);
    const { [field.name]: said } = values;
    if (said !== undefined && fieldValue(field, said) !== value)
      throw contradiction(`${field.name} is ${said}, but in the bytes of _raw it is ${value}`);
    record[field.name] = value;
  }
  return { ...record, raw } as UnknownRecord;
}

function notWhole(name: string, given: unknown): DatabentoError {
  const hint = 'prices are in units of 0.000000001, times in nanoseconds since 1970';
  return new DatabentoError('range', `field ${name} is not a whole number: ${JSON.stringify(given)}; ${hint}`);
}

function contradiction(text: string): DatabentoError {
  return new DatabentoError('usage', `${text}; correct one of them`);
}
