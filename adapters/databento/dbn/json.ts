import { DatabentoError } from '../errors.ts';
import { rtypeName } from './enums.ts';
import type { Field } from './field.ts';
import { type DbnVersion, layouts, NEWEST_VERSION } from './layouts.ts';
import type { AnyView, StoredRecord } from './record.ts';
import { recordOfValues } from './record-of-values.ts';
import { type RecordView, readerOf } from './record-view.ts';

/** Writes the value of one field of the record at a place. */
type ValueWriter = (bytes: DataView, at: number) => string | number;

interface LayoutText {
  /** What comes before each value: the comma of the value before, and the key. */
  readonly keys: readonly string[];
  readonly values: readonly ValueWriter[];
}

const layoutTexts: Readonly<Record<string, LayoutText>> = Object.fromEntries(
  Object.values(layouts).map(({ name, fields }) => [
    name,
    { keys: fields.map((field) => `,"${field.name}":`), values: fields.map(valueWriterOf) },
  ]),
);

/**
 * The record under a view as one JSON object, without a line break: `_rtype` and `_layout`, then the fields in the order
 * of the layout under the vendor's names, `ts_out` last. Integers of 64 bits are decimal strings, since a JSON number
 * is not exact beyond 2^53; undefined values stand as they are stored. A record of an unknown type or length has the
 * fields of its header and `_raw`, all of its bytes in hexadecimal.
 */
export function jsonOf(view: AnyView): string;
export function jsonOf(view: RecordView): string {
  const { layout, window, ts_out } = view;
  const text = layoutTexts[layout];
  if (text === undefined) return unknownJson(view);
  const { keys, values } = text;
  let line = `{"_rtype":"${rtypeName(view.rtype)}","_layout":"${layout}"`;
  for (let index = 0; index < keys.length; index++) line += keys[index]! + values[index]!(window.bytes, window.at);
  return ts_out === undefined ? `${line}}` : `${line},"ts_out":"${ts_out}"}`;
}

/**
 * The record that one line of JSON holds, in the form that `jsonOf` writes; keys may come in any order, 64-bit integers
 * also as numbers up to 2^53, and `_rtype`, `_layout` and `length` may be left out. Without `_layout` it is the one of
 * `version` (default the newest) or of another version that has exactly the given fields. Throws code `usage` for what
 * is no record and `range` for a value of a wrong form; whether a value fits its field is tested when it is written.
 */
export function recordOfJson(line: string, version: DbnVersion = NEWEST_VERSION): StoredRecord {
  let values: unknown;
  try {
    values = JSON.parse(line);
  } catch (cause) {
    throw new DatabentoError('usage', `this is not JSON: ${(cause as Error).message}`, { cause });
  }
  if (typeof values !== 'object' || values === null || Array.isArray(values))
    throw new DatabentoError('usage', 'a record is a JSON object in braces, one to a line');
  return recordOfValues(values as Record<string, unknown>, version);
}

function unknownJson(view: RecordView): string {
  const { length, rtype, publisher_id, instrument_id, ts_event } = view;
  const header = { _rtype: rtypeName(rtype), length, rtype, publisher_id, instrument_id, ts_event: String(ts_event) };
  return JSON.stringify({ ...header, _raw: Buffer.from(view.bytes()).toString('hex') });
}

function valueWriterOf(field: Field): ValueWriter {
  const read = readerOf(field);
  if (field.type === 'char' || field.type === 'text') return (bytes, at) => JSON.stringify(read(bytes, at));
  if (field.size === 8) return (bytes, at) => `"${read(bytes, at)}"`;
  return read as (bytes: DataView, at: number) => number;
}
