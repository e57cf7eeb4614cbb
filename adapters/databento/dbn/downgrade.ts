import { DatabentoError } from '../errors.ts';
import { UNDEF_PRICE, UNDEF_STAT_QUANTITY, UNDEF_STAT_QUANTITY_V1 } from './enums.ts';
import { type Field, type FieldType, type FieldValue, type Layout, TS_OUT_BYTES, WORD_BYTES } from './field.ts';
import { type DbnVersion, layoutOf, layouts } from './layouts.ts';
import type { DbnRecord, StoredRecord, UnknownRecord } from './record.ts';

type Value = FieldValue<FieldType>;
type KnownRecord = Exclude<StoredRecord, UnknownRecord>;

/** Values of fields of old definitions that no longer exist. */
const unset: Readonly<Record<string, Value>> = {
  trading_reference_price: UNDEF_PRICE,
  trading_reference_date: 0xffff,
  md_security_trading_status: 0xff,
  settl_price_type: 0xff,
};

/**
 * The record in the layout that its type has in a version. Fields that do not exist there are left out: the legs of
 * definitions, symbology types of mappings, codes of system and error records. Throws code `range` when a text or number
 * does not fit.
 */
export function downgradeRecord<Newest extends DbnRecord>(
  record: Newest,
  version: DbnVersion,
): Newest extends UnknownRecord ? UnknownRecord : KnownRecord;
export function downgradeRecord(record: DbnRecord, version: DbnVersion): StoredRecord {
  if (record.layout === 'unknown') return record;
  const older = layoutOf(record.rtype, version);
  if (older === undefined || older.name === record.layout) return record;
  const newer = layouts[record.layout] as Layout;
  const values = record as unknown as Readonly<Record<string, Value>>;
  const downgraded: Record<string, Value | undefined> = { layout: older.name };
  for (const field of older.fields) {
    const from = newer.fields.find(({ name }) => name === field.name);
    downgraded[field.name] = from === undefined ? unset[field.name] : narrowed(values[field.name]!, from, field);
  }
  const hasTsOut = record.ts_out !== undefined;
  if (hasTsOut) downgraded.ts_out = record.ts_out;
  downgraded.length = (older.size + (hasTsOut ? TS_OUT_BYTES : 0)) / WORD_BYTES;
  return downgraded as unknown as StoredRecord;
}

function narrowed(value: Value, from: Field, to: Field): Value {
  if (to.type === from.type && to.size === from.size) return value;
  if (typeof value === 'string') {
    if (value.length < to.size) return value;
  } else if (to.type === 'i32') {
    if (value === UNDEF_STAT_QUANTITY) return UNDEF_STAT_QUANTITY_V1;
    if (value >= -(2 ** 31) && value < UNDEF_STAT_QUANTITY_V1) return Number(value);
  } else if (value >= 0 && value < 2 ** 32) {
    return Number(value);
  }
  const room = to.type === 'text' ? `text of at most ${to.size - 1} bytes` : to.type;
  throw new DatabentoError(
    'range',
    `field ${to.name} is ${room} in the older layout and cannot hold ${JSON.stringify(String(value))}`,
  );
}
