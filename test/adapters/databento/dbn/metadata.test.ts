import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { schemas, stypes } from '#adapters/databento/dbn/enums.ts';
import {
  type DbnMetadata,
  decodeMetadata,
  liveMetadata,
  metadataInVersion,
  readPrelude,
} from '#adapters/databento/dbn/metadata.ts';
import { encodeMetadata } from '#adapters/databento/dbn/metadata-writer.ts';
import { upgradeMetadata } from '#adapters/databento/dbn/upgrade.ts';
import { DatabentoError } from '#adapters/databento/errors.ts';
import { fieldText } from './arbitrary-records.ts';

const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
/** 0 and all ones say that there is none. */
const stated = fc.option(fc.bigInt({ min: 1n, max: 2n ** 64n - 2n }), { nil: null });

const anyMetadata: fc.Arbitrary<DbnMetadata> = fc
  .tuple(fc.constantFrom(1 as const, 2 as const, 3 as const), fc.integer({ min: 22, max: 100 }))
  .chain(([version, bytes]) => {
    const symbol_cstr_len = version === 1 ? 22 : bytes;
    const symbols = fc.array(fieldText(symbol_cstr_len), { maxLength: 4 });
    const date = fc.integer({ min: 0, max: 2 ** 32 - 1 });
    const interval = fc.record({ start_date: date, end_date: date, symbol: fieldText(symbol_cstr_len) });
    return fc.record({
      version: fc.constant(version),
      dataset: fieldText(16),
      schema: fc.option(fc.constantFrom(...schemas), { nil: null }),
      start: u64,
      end: stated,
      limit: fc.option(fc.bigInt({ min: 1n, max: 2n ** 64n - 1n }), { nil: null }),
      stype_in: fc.option(fc.constantFrom(...stypes), { nil: null }),
      stype_out: fc.constantFrom(...stypes),
      ts_out: fc.boolean(),
      symbol_cstr_len: fc.constant(symbol_cstr_len),
      symbols,
      partial: symbols,
      not_found: symbols,
      mappings: fc.array(
        fc.record({ raw_symbol: fieldText(symbol_cstr_len), intervals: fc.array(interval, { maxLength: 3 }) }),
        { maxLength: 3 },
      ),
    });
  });

test('any metadata of any version is decoded to itself, and what follows it is left alone', () => {
  fc.assert(
    fc.property(anyMetadata, fc.uint8Array({ maxLength: 9 }), (metadata, rest) => {
      const bytes = encodeMetadata(metadata);
      expect(readPrelude(bytes)).toEqual({ version: metadata.version, headerBytes: bytes.length });
      expect(decodeMetadata(Buffer.concat([bytes, rest]))).toEqual(metadata);
      if (metadata.version === 3) expect(bytes.length % 8).toBe(0);
    }),
  );
});

test('any metadata can be presented in a newer version, and in an older one if its symbols fit', () => {
  fc.assert(
    fc.property(anyMetadata, fc.constantFrom(1 as const, 2 as const, 3 as const), (metadata, version) => {
      const converted = metadataInVersion(metadata, version);
      const { version: _, symbol_cstr_len: __, ...same } = metadata;
      expect(converted).toMatchObject({ ...same, version });
      expect(converted.symbol_cstr_len).toBe(
        version === 1 ? 22 : metadata.version === 1 ? 71 : metadata.symbol_cstr_len,
      );
      if (version >= metadata.version) expect(decodeMetadata(encodeMetadata(converted))).toEqual(converted);
      expect(upgradeMetadata(metadata)).toEqual(metadataInVersion(metadata, 3));
    }),
  );
});

test('the metadata of a live session has the smallest header', () => {
  const metadata = liveMetadata({ dataset: 'GLBX.MDP3', start: 5n, tsOut: true });
  expect(metadata).toEqual({
    ...{ version: 3, dataset: 'GLBX.MDP3', schema: null, start: 5n, end: null, limit: null },
    ...{ stype_in: null, stype_out: 'instrument_id', ts_out: true, symbol_cstr_len: 71 },
    ...{ symbols: [], partial: [], not_found: [], mappings: [] },
  });
  const bytes = Buffer.from(encodeMetadata(metadata));
  expect(bytes).toHaveLength(128);
  // Offsets of the specification: start at 26 in every version, all ones for what is not stated.
  expect(bytes.readBigUInt64LE(26)).toBe(5n);
  expect(bytes.readUInt16LE(24)).toBe(0xffff);
  expect(bytes.readBigUInt64LE(34)).toBe(2n ** 64n - 1n);
  expect(encodeMetadata(liveMetadata({ dataset: 'GLBX.MDP3', version: 1 }))).toHaveLength(128);
});

const small: DbnMetadata = {
  ...liveMetadata({ dataset: 'GLBX.MDP3' }),
  symbols: ['ESH6'],
  mappings: [{ raw_symbol: 'ESH6', intervals: [{ start_date: 20260105, end_date: 20260106, symbol: '7' }] }],
};

describe('a header that contradicts itself is refused with the byte', () => {
  // The symbols begin at byte 112; mappings behind 71 bytes of one symbol and two empty lists.
  const mappingsAt = 112 + 4 + 71 + 4 + 4;
  const cases: readonly (readonly [string, number, readonly number[], string, number])[] = [
    ['version 0', 3, [0], 'version 0', 3],
    ['a length that is too small', 4, [99, 0, 0, 0], 'length of 99', 4],
    ['a length of more than 64 MiB', 4, [0, 0, 0, 4], 'length of 67108864', 4],
    ['a schema that is not known', 24, [20, 0], 'schema 20', 24],
    ['an input symbology that is not known', 50, [16], 'symbology type 16', 50],
    ['an output symbology that is not known', 51, [16], 'symbology type 16', 51],
    ['no output symbology', 51, [255], 'symbology type 255', 51],
    ['no bytes for symbols', 53, [0, 0], '0 bytes for each symbol', 53],
    ['absurdly many bytes for symbols', 53, [1, 4], '1025 bytes for each symbol', 53],
    ['a schema definition', 108, [1], 'schema definition', 108],
    ['an absurd count of symbols', 112, [255, 255, 255, 255], '4294967295 entries', 112],
    ['a count that is just too large', 112, [5, 0, 0, 0], '5 entries', 112],
    ['a count of mappings that is too large', mappingsAt, [255, 255, 255, 63], 'entries', mappingsAt],
    ['a count of intervals that is too large', mappingsAt + 75, [2, 0, 0, 0], '2 entries', mappingsAt + 75],
  ];

  test.each(cases)('%s', (_, at, bytes, reason, byteOffset) => {
    const header = Buffer.from(encodeMetadata(small));
    header.set(bytes, at);
    const expected = { code: 'corrupt', byteOffset, message: expect.stringContaining(reason) };
    expect(failureOf(() => decodeMetadata(header))).toMatchObject(expected);
    expect(failureOf(() => decodeMetadata(header))).toMatchObject({
      message: expect.stringContaining(`at byte ${byteOffset}`),
    });
  });

  test('an end of 0 says that there is none', () => {
    const header = Buffer.from(encodeMetadata(small));
    header.fill(0, 34, 42);
    expect(decodeMetadata(header).end).toBeNull();
  });
});

describe('what is no header is told apart', () => {
  const header = Buffer.from(encodeMetadata(small));
  const newer = Buffer.from(header);
  newer[3] = 4;
  test.each([
    ['other letters', Buffer.from('DBX\x03aaaaaaaa', 'latin1'), 'not-dbn', 0],
    ['a newer version', newer, 'newer-version', 3],
    ['half a prelude', header.subarray(0, 6), 'truncated', 0],
    ['half a header', header.subarray(0, 150), 'truncated', 0],
  ])('%s', (_, bytes, code, byteOffset) => {
    expect(failureOf(() => decodeMetadata(bytes))).toMatchObject({ code, byteOffset });
  });
});

describe('metadata that does not fit its layout is not written', () => {
  test.each<readonly [string, Partial<DbnMetadata>, string]>([
    ['a symbol that is too long', { symbols: ['x'.repeat(71)] }, 'at most 70 bytes'],
    ['a symbol of too many bytes', { symbols: ['€'.repeat(24)] }, 'at most 70 bytes'],
    ['a symbol with a NUL', { partial: ['a\0b'] }, 'at most 70 bytes'],
    ['a dataset that is too long', { dataset: 'x'.repeat(16) }, 'at most 15 bytes'],
    ['a negative time', { start: -1n }, '-1'],
    [
      'a date that is no number',
      { mappings: [{ raw_symbol: 'A', intervals: [{ start_date: 0.5, end_date: 1, symbol: '' }] }] },
      '0.5',
    ],
    ['symbols of another length in version 1', { version: 1, symbol_cstr_len: 71 }, 'symbol_cstr_len 71'],
    ['symbols of absurd length', { symbol_cstr_len: 5000 }, 'symbol_cstr_len 5000'],
  ])('%s', (_, change, reason) => {
    expect(failureOf(() => encodeMetadata({ ...small, ...change }))).toMatchObject({
      code: 'range',
      message: expect.stringContaining(reason),
    });
  });
});

function failureOf(action: () => unknown): DatabentoError {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(DatabentoError);
    return error as DatabentoError;
  }
  throw new Error('expected an error');
}
