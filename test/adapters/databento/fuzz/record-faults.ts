import { DbnDecoder } from '#adapters/databento/dbn/decoder.ts';
import { type Layout, WORD_BYTES } from '#adapters/databento/dbn/field.ts';
import { type DbnVersion, layoutOf, layouts } from '#adapters/databento/dbn/layouts.ts';
import type { AnyView, StoredRecord } from '#adapters/databento/dbn/record.ts';
import { toObject } from '#adapters/databento/dbn/record-object.ts';
import { encodeRecord, recordBytes } from '#adapters/databento/dbn/record-writer.ts';
import { upgradeRecord } from '#adapters/databento/dbn/upgrade.ts';
import { DatabentoError } from '#adapters/databento/errors.ts';

type Values = Readonly<Record<string, unknown>>;

/**
 * What is wrong with the object made of a view: it must say what the bytes say, and once written and read again the
 * same. `raw` are the bytes of a record that is not known.
 */
export function objectFault(view: AnyView, raw: Uint8Array | null): string | null {
  const record: StoredRecord = toObject(view);
  if (record.layout === 'unknown') {
    return raw !== null && Buffer.compare(record.raw, raw) === 0
      ? null
      : 'an unknown record has other bytes as an object';
  }
  const fault = readingsFault(view, record as unknown as Values);
  if (fault !== null) return fault;
  let written: Uint8Array;
  try {
    written = encodeRecord(record);
  } catch (error) {
    // A text without a NUL fills its field and cannot be written again.
    return error instanceof DatabentoError && error.code === 'range' ? null : `cannot be written: ${String(error)}`;
  }
  const version = ([3, 2, 1] as const).find((each) => layoutOf(record.rtype, each)?.name === record.layout);
  const decoder = new DbnDecoder({
    upgrade: false,
    fragment: { version: version!, tsOut: record.ts_out !== undefined },
  });
  let again: Values | null = null;
  decoder.feed(written, (each) => {
    again = toObject(each) as unknown as Values;
  });
  const lengthened = { ...record, length: written.length / WORD_BYTES };
  if (again === null || !isEqual(again, lengthened)) return `${record.layout} written and read again is another one`;
  const upgraded = upgradeRecord(record);
  if (upgraded.layout === 'unknown') return `${record.layout} upgraded is unknown`;
  const upgrading = new DbnDecoder({ fragment: { version: version!, tsOut: record.ts_out !== undefined } });
  upgrading.feed(written, (each) => {
    again = toObject(each) as unknown as Values;
  });
  const wanted = { ...upgraded, length: recordBytes(upgraded) / WORD_BYTES };
  return isEqual(again, wanted) ? null : `${record.layout} is upgraded in two ways`;
}

/** The readings of a view as numbers, which are exact or refused. */
function readingsFault(view: AnyView, values: Values): string | null {
  const readings = view as unknown as Values;
  for (const { name, type } of layouts[view.layout as keyof typeof layouts].fields) {
    if (!isSame(readings[name], values[name])) return `${name} of the view and of the object differ`;
    const exact = values[name];
    if (type === 'time' && readings[`${name}_ms`] !== Number((exact as bigint) / 1_000_000n))
      return `${name}_ms is wrong`;
    if (type !== 'price' && type !== 'u64' && type !== 'i64') continue;
    const reading = doubleOf(readings, `${name}_f64`);
    const isExact = BigInt(Number(exact)) === exact && Math.abs(Number(exact)) <= Number.MAX_SAFE_INTEGER;
    if (reading === undefined) {
      if (isExact && exact !== -(2n ** 53n)) return `${name}_f64 refuses ${String(exact)}`;
    } else if (type === 'price' && exact === 2n ** 63n - 1n) {
      if (reading !== null) return `${name}_f64 of no price is ${String(reading)}`;
    } else if (reading !== Number(exact) / (type === 'price' ? 1e9 : 1)) {
      return `${name}_f64 of ${String(exact)} is ${String(reading)}`;
    }
  }
  return null;
}

/** Undefined when the reading is refused because it would not be exact. */
function doubleOf(readings: Values, name: string): unknown {
  try {
    return readings[name];
  } catch (error) {
    if (error instanceof DatabentoError && error.code === 'range') return undefined;
    throw error;
  }
}

/** What is wrong with a record that was made one of the newest layout: fields are copied by name. */
export function upgradeFault(
  view: AnyView,
  from: { readonly stored: Uint8Array; readonly version: number | null; readonly layoutBytes: number },
): string | null {
  const versions = from.version === null ? ([1, 2, 3] as const) : ([from.version] as DbnVersion[]);
  const older = versions
    .map((version) => layoutOf(view.rtype, version))
    .find((layout) => layout?.size === from.layoutBytes) as Layout | undefined;
  if (older === undefined || view.layout !== layoutOf(view.rtype, 3)?.name) return `${view.layout} is not the newest`;
  const cursor = new DataView(from.stored.buffer, from.stored.byteOffset, from.stored.length);
  const readings = view as unknown as Values;
  for (const { name, type, offset, size } of older.fields) {
    if (!(name in readings) || name === 'length') continue;
    const text = Buffer.from(from.stored.subarray(offset, offset + size))
      .toString('utf8')
      .split('\0')[0]!;
    const low =
      size >= 4 ? cursor.getUint32(offset, true) : size === 2 ? cursor.getUint16(offset, true) : text.charCodeAt(0);
    const value = readings[name];
    if (type === 'text' && value !== text) return `${name} of the upgraded record`;
    if (type === 'u32' && Number(value) !== low) return `${name} of the upgraded record`;
    if (type === 'i32' && Number(value) !== (low | 0) && !(low === 0x7fff_ffff && value === 2n ** 63n - 1n)) {
      return `${name} of the upgraded record`;
    }
    const isLong = type === 'time' || type === 'price';
    if (isLong && BigInt.asUintN(64, value as bigint) !== cursor.getBigUint64(offset, true)) {
      return `${name} of the upgraded record`;
    }
  }
  return null;
}

function isEqual(a: Values, b: Values): boolean {
  const keys = Object.keys(b);
  return keys.length === Object.keys(a).length && keys.every((key) => isSame(a[key], b[key]));
}

function isSame(a: unknown, b: unknown): boolean {
  return Object.is(a, b);
}
