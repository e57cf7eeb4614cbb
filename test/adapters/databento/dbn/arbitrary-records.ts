import fc from 'fast-check';
import { rtypes } from '#adapters/databento/dbn/enums.ts';
import { type Field, TS_OUT_BYTES, WORD_BYTES } from '#adapters/databento/dbn/field.ts';
import { type DbnVersion, type LayoutName, layoutOf, layouts } from '#adapters/databento/dbn/layouts.ts';
import type { StoredRecord } from '#adapters/databento/dbn/record.ts';

const versions: readonly DbnVersion[] = [1, 2, 3];

/** Each layout with each version in which it exists. */
export const versionedLayouts: readonly (readonly [LayoutName, DbnVersion])[] = versions.flatMap((version) =>
  (Object.keys(layouts) as LayoutName[])
    .filter((layout) => rtypesOf(layout, version).length > 0)
    .map((layout) => [layout, version] as const),
);

/** Record types that have a layout in a version. */
export function rtypesOf(layout: LayoutName, version: DbnVersion): readonly number[] {
  return Object.values(rtypes).filter((rtype) => layoutOf(rtype, version)?.name === layout);
}

function integer(bits: number, isSigned: boolean): fc.Arbitrary<number> {
  const [min, max] = isSigned ? [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1] : [0, 2 ** bits - 1];
  return fc.oneof(fc.integer({ min, max }), fc.constantFrom(min, max));
}

function bigInteger(isSigned: boolean): fc.Arbitrary<bigint> {
  const [min, max] = isSigned ? [-(2n ** 63n), 2n ** 63n - 1n] : [0n, 2n ** 64n - 1n];
  return fc.oneof(fc.bigInt({ min, max }), fc.constantFrom(min, max));
}

/** Bytes that are not NUL. */
const letter = fc.integer({ min: 1, max: 255 }).map((code) => String.fromCharCode(code));

/** Text that a field of so many bytes can hold, in UTF-8 with its closing NUL. */
export function fieldText(bytes: number): fc.Arbitrary<string> {
  const unit = fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }).filter((one) => one !== '\0');
  return fc.string({ unit, maxLength: bytes - 1 }).map((text) => {
    const letters = Array.from(text);
    while (Buffer.byteLength(letters.join('')) >= bytes) letters.pop();
    return letters.join('');
  });
}

function fieldValue({ type, size }: Field): fc.Arbitrary<number | bigint | string> {
  switch (type) {
    case 'char':
      return fc.oneof(letter, fc.constant(''));
    case 'text':
      return fieldText(size);
    case 'u64':
    case 'time':
      return bigInteger(false);
    case 'i64':
    case 'price':
      return bigInteger(true);
    default:
      return integer(8 * size, type.startsWith('i'));
  }
}

/** Any record of a layout of a version; with `ts_out` if asked for. */
export function recordOf(layout: LayoutName, version: DbnVersion, hasTsOut: boolean): fc.Arbitrary<StoredRecord> {
  const { size, fields } = layouts[layout];
  const length = (size + (hasTsOut ? TS_OUT_BYTES : 0)) / WORD_BYTES;
  const values = Object.fromEntries(fields.map((field) => [field.name, fieldValue(field)]));
  return fc
    .record(
      {
        layout: fc.constant(layout),
        ...values,
        length: fc.constant(length),
        rtype: fc.constantFrom(...rtypesOf(layout, version)),
        ...(hasTsOut ? { ts_out: bigInteger(false) } : {}),
      },
      { noNullPrototype: true },
    )
    .map((record) => record as unknown as StoredRecord);
}

/** Any record of a version, also of no known type. */
export function anyRecordOf(version: DbnVersion, hasTsOut: boolean): fc.Arbitrary<StoredRecord> {
  const known = versionedLayouts
    .filter(([, its]) => its === version)
    .map(([layout]) => recordOf(layout, version, hasTsOut));
  return fc.oneof(...known, unknownRecord);
}

const unknownRecord: fc.Arbitrary<StoredRecord> = fc
  .tuple(fc.uint8Array({ minLength: 24, maxLength: 1020 }), fc.constantFrom(0xee, 0x02, 0xff))
  .map(([bytes, rtype]) => {
    const raw = bytes.slice(0, bytes.length - (bytes.length % WORD_BYTES));
    raw[0] = raw.length / WORD_BYTES;
    raw[1] = rtype;
    const view = new DataView(raw.buffer);
    return {
      layout: 'unknown',
      length: raw[0],
      rtype,
      publisher_id: view.getUint16(2, true),
      instrument_id: view.getUint32(4, true),
      ts_event: view.getBigUint64(8, true),
      raw,
    };
  });
