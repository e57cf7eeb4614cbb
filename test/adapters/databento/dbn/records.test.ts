import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DbnDecoder } from '#adapters/databento/dbn/decoder.ts';
import { DbnEncoder } from '#adapters/databento/dbn/encoder.ts';
import { rtypeName, rtypeOfSchema, rtypes, schemaNumbers, schemas } from '#adapters/databento/dbn/enums.ts';
import type { Field } from '#adapters/databento/dbn/field.ts';
import { type DbnVersion, type LayoutName, layoutOf, layouts } from '#adapters/databento/dbn/layouts.ts';
import type { OhlcvRecord, StoredRecord, TradeRecord } from '#adapters/databento/dbn/record.ts';
import { encodeRecord, recordBytes, writeRecord } from '#adapters/databento/dbn/record-writer.ts';
import { anyRecordOf, recordOf, versionedLayouts } from './arbitrary-records.ts';
import { chunksOf, decodeChunks } from './decoded.ts';

/** The bytes of a record, put together from the layout table with Buffer's own writers. */
function bytesByTable(record: StoredRecord, layout: LayoutName): Buffer {
  const bytes = Buffer.alloc(recordBytes(record));
  const values = record as unknown as Readonly<Record<string, never>>;
  for (const field of layouts[layout].fields) writeField(bytes, field, values[field.name]!);
  if (record.layout !== 'unknown' && record.ts_out !== undefined)
    bytes.writeBigUInt64LE(record.ts_out, bytes.length - 8);
  return bytes;
}

function writeField(bytes: Buffer, { type, offset, size }: Field, value: never): void {
  if (type === 'char') bytes.write(value, offset, size, 'latin1');
  else if (type === 'text') bytes.write(value, offset, size, 'utf8');
  else if (type === 'price' || type === 'i64') bytes.writeBigInt64LE(value, offset);
  else if (type === 'time' || type === 'u64') bytes.writeBigUInt64LE(value, offset);
  else if (type.startsWith('i')) bytes.writeIntLE(value, offset, size);
  else bytes.writeUIntLE(value, offset, size);
}

describe.each(versionedLayouts)('%s in version %i', (layout, version) => {
  test.each([false, true])('any record is encoded as the table says and decoded to itself, ts_out %s', (hasTsOut) => {
    fc.assert(
      fc.property(recordOf(layout, version, hasTsOut), (record) => {
        const bytes = encodeRecord(record);
        expect(bytesByTable(record, layout).equals(bytes)).toBe(true);
        const options = { upgrade: false, fragment: { version, tsOut: hasTsOut } };
        expect(decodeChunks([bytes], options)).toEqual({ metadata: null, records: [record], error: null });
      }),
      { numRuns: 25 },
    );
  });

  test('a value outside of the range of its field is refused by the name of the field', () => {
    fc.assert(
      fc.property(
        recordOf(layout, version, true),
        fc.constantFrom(...layouts[layout].fields.filter(({ name }) => name !== 'length' && name !== 'rtype')),
        fc.nat(),
        (record, field, pick) => {
          const wrongValues = wrongFor(field);
          const wrong = { ...record, [field.name]: wrongValues[pick % wrongValues.length] } as unknown as StoredRecord;
          const expected = { code: 'range', message: expect.stringContaining(`field ${field.name} is `) };
          expect(failureOf(() => encodeRecord(wrong))).toMatchObject(expected);
        },
      ),
      { numRuns: 40 },
    );
  });
});

function wrongFor({ type, size }: Field): readonly unknown[] {
  if (type === 'char') return ['AB', '\u0100', 65, undefined];
  if (type === 'text') return ['x'.repeat(size), 'ö'.repeat(Math.ceil(size / 2)), 'a\0b', '\ud800', 1n, undefined];
  if (type === 'u64' || type === 'time') return [-1n, 2n ** 64n, 5, '5', undefined];
  if (type === 'i64' || type === 'price') return [-(2n ** 63n) - 1n, 2n ** 63n, 5, 0.5, undefined];
  const bits = 8 * size;
  const beyond = type.startsWith('i') ? [-(2 ** (bits - 1)) - 1, 2 ** (bits - 1)] : [-1, 2 ** bits];
  return [...beyond, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 1n, '1', null, undefined];
}

function failureOf(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  return undefined;
}

test.each([1, 2, 3] as const)('any stream of version %i comes back from any chunking', (version) => {
  const stream = fc
    .boolean()
    .chain((tsOut) =>
      fc.record({ tsOut: fc.constant(tsOut), records: fc.array(anyRecordOf(version, tsOut), { maxLength: 12 }) }),
    );
  const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 3000 })), {
    minLength: 1,
    maxLength: 5,
  });
  fc.assert(
    fc.property(stream, sizes, ({ tsOut, records }, chunkSizes) => {
      const encoder = new DbnEncoder({ version, tsOut, bufferBytes: 100 });
      for (const record of records) encoder.record(record);
      const options = { upgrade: false, fragment: { version, tsOut } };
      expect(decodeChunks(chunksOf(encoder.take(), ...chunkSizes), options)).toMatchObject({ records, error: null });
    }),
    { numRuns: 60 },
  );
});

test('the length of a record follows from its layout, whatever the record says', () => {
  const record = { ...bar, length: 99 } as OhlcvRecord;
  expect(encodeRecord(record)[0]).toBe(14);
  expect(encodeRecord({ ...record, ts_out: 1n })[0]).toBe(16);
});

test('writing leaves no old bytes between the fields', () => {
  const status = fc.sample(recordOf('status', 3, false), { numRuns: 1, seed: 1 })[0]!;
  const dirty = new Uint8Array(60).fill(0xff);
  const size = writeRecord(status, new DataView(dirty.buffer, 4), 3);
  expect(dirty.subarray(7, 7 + size)).toEqual(encodeRecord(status));
  expect([...dirty.subarray(0, 7), ...dirty.subarray(7 + size)].every((byte) => byte === 0xff)).toBe(true);
});

const bar: OhlcvRecord = {
  ...{ layout: 'ohlcv', length: 14, rtype: 0x21, publisher_id: 1, instrument_id: 42001, ts_event: 1n },
  ...{ open: 1n, high: 2n, low: -3n, close: 0n, volume: 7n },
};

describe('numbers lose nothing silently', () => {
  function viewOf(record: OhlcvRecord | TradeRecord, read: (view: never) => unknown): unknown {
    const results: unknown[] = [];
    new DbnDecoder({ fragment: true }).feed(encodeRecord(record), (view) => results.push(read(view as never)));
    return results[0];
  }
  const priceOf = (open: bigint) => viewOf({ ...bar, open }, ({ open_f64 }: { open_f64: number | null }) => open_f64);
  const countOf = (volume: bigint) =>
    viewOf({ ...bar, volume }, ({ volume_f64 }: { volume_f64: number }) => volume_f64);
  const msOf = (ts_event: bigint) =>
    viewOf({ ...bar, ts_event }, ({ ts_event_ms }: { ts_event_ms: number }) => ts_event_ms);

  /** The price in decimals, exactly. */
  function decimal(raw: bigint): string {
    const digits = String(raw < 0n ? -raw : raw).padStart(10, '0');
    return `${raw < 0n ? '-' : ''}${digits.slice(0, -9)}.${digits.slice(-9)}`;
  }

  test('a price as a double is the double nearest to it', () => {
    const exact = fc.bigInt({ min: -(2n ** 53n), max: 2n ** 53n - 1n });
    fc.assert(
      fc.property(fc.oneof(exact, fc.constantFrom(0n, -1n, 2n ** 53n - 1n, -(2n ** 53n))), (raw) => {
        expect(priceOf(raw)).toBe(Number(decimal(raw)));
      }),
    );
  });

  test.each([2n ** 53n, -(2n ** 53n) - 1n, 2n ** 63n - 2n, -(2n ** 63n)])(
    'a price of %s units is refused as a double, naming the exact one',
    (raw) => {
      expect(failureOf(() => priceOf(raw))).toMatchObject({
        code: 'range',
        message: expect.stringMatching(/open.*bigint/),
      });
      expect(viewOf({ ...bar, open: raw }, ({ open }: { open: bigint }) => open)).toBe(raw);
    },
  );

  test('only the undefined price is null; zero and negative prices are prices', () => {
    expect([priceOf(2n ** 63n - 1n), priceOf(0n), priceOf(-1_250_000_000n)]).toEqual([null, 0, -1.25]);
  });

  test('a count as a double is exact or refused', () => {
    expect(countOf(2n ** 53n - 1n)).toBe(2 ** 53 - 1);
    expect(countOf(5_000_000_000n)).toBe(5e9);
    for (const volume of [2n ** 53n, 2n ** 64n - 1n]) {
      expect(failureOf(() => countOf(volume))).toMatchObject({
        code: 'range',
        message: expect.stringContaining('volume'),
      });
    }
  });

  test('milliseconds are the whole ones of any time', () => {
    const time = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
    const nearEdge = fc.tuple(fc.bigInt({ min: 1n, max: 18_446_744_073_709n }), fc.bigInt({ min: -1n, max: 1n }));
    fc.assert(
      fc.property(
        fc.oneof(
          time,
          nearEdge.map(([ms, ns]) => ms * 1_000_000n + ns),
        ),
        (ns) => {
          expect(msOf(ns)).toBe(Number(ns / 1_000_000n));
        },
      ),
      { numRuns: 500 },
    );
    expect(msOf(2n ** 64n - 1n)).toBe(18_446_744_073_709);
  });
});

describe('record types', () => {
  test.each([1, 2, 3] as const)('every known one has a layout in version %i', (version: DbnVersion) => {
    for (const rtype of Object.values(rtypes)) expect(layoutOf(rtype, version)?.size).toBeGreaterThan(16);
    expect(layoutOf(0xee, version)).toBeUndefined();
  });

  test('have names, and schemas have numbers of their own', () => {
    expect([rtypeName(0x00), rtypeName(0xc4), rtypeName(0x05)]).toEqual(['mbp-0', 'bbo-1m', 'unknown-0x05']);
    expect(schemas.map((schema) => schemaNumbers[schema])).toEqual(schemas.map((_, number) => number));
    expect(['trades', 'tbbo', 'definition', 'ohlcv-1m'].map((s) => rtypeOfSchema(s as never))).toEqual([
      0, 1, 0x13, 0x21,
    ]);
  });
});
