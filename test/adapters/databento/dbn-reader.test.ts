import { readdirSync, readFileSync } from 'node:fs';
import { zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { DbnDecoder, openDbn } from '#adapters/databento/dbn-reader.ts';
import type { DbnRecord } from '#adapters/databento/dbn-records.ts';
import { kindOf } from '#core/errors.ts';
import { dbnSamples, hasDbnSamples, madeBar, madeHeader } from './dbn-files.ts';

const expectedSchema = z.object({
  metadata: z.object({
    version: z.number(),
    dataset: z.string(),
    schema: z.string().nullable(),
    start: z.string(),
    end: z.string().nullable(),
    limit: z.string().nullable(),
    stype_in: z.string().nullable(),
    stype_out: z.string().nullable(),
    ts_out: z.boolean(),
    symbol_cstr_len: z.number(),
    symbols: z.array(z.string()),
    partial: z.array(z.string()),
    not_found: z.array(z.string()),
    mappings: z.array(
      z.object({
        raw_symbol: z.string(),
        intervals: z.array(z.object({ start_date: z.number(), end_date: z.number(), symbol: z.string() })),
      }),
    ),
  }),
  record_count: z.number(),
  records: z.array(z.looseObject({ rtype: z.number(), instrument_id: z.number(), ts_event: z.string() })),
});

async function* inChunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
}

async function decodeAll(bytes: Uint8Array, size = 65_536) {
  const { metadata, batches } = await openDbn(inChunks(bytes, size));
  const records: DbnRecord[] = [];
  for await (const batch of batches) records.push(...batch);
  return { metadata, records };
}

async function failure(bytes: Uint8Array, size?: number): Promise<string> {
  try {
    await decodeAll(bytes, size);
  } catch (error) {
    expect(kindOf(error)).toBe('contract');
    return (error as Error).message;
  }
  throw new Error('expected a contract error, the input was read');
}

/** Our record in the terms of the expected files. */
function inExpectedTerms(record: DbnRecord) {
  const header = { rtype: record.rtype, instrument_id: record.instrumentId, ts_event: String(record.tsEventNs) };
  const raw = (price: number) => (Number.isNaN(price) ? '9223372036854775807' : String(Math.round(price * 1e9)));
  if (record.kind === 'ohlcv') {
    const { open, high, low, close, volume } = record;
    return { ...header, open: raw(open), high: raw(high), low: raw(low), close: raw(close), volume: String(volume) };
  }
  if (record.kind === 'symbol-mapping') {
    return { ...header, stype_in_symbol: record.stypeInSymbol, stype_out_symbol: record.stypeOutSymbol };
  }
  return header;
}

const barSamples = hasDbnSamples
  ? readdirSync(dbnSamples, { recursive: true, encoding: 'utf8' }).filter(
      (name) => /ohlcv.*\.dbn(\.zst)?$|live-session.*\.dbn(\.zst)?$/.test(name) && !/nautilus|truncated/.test(name),
    )
  : [];
const sample = (name: string): Buffer => readFileSync(new URL(name, dbnSamples));

describe.skipIf(!hasDbnSamples)('samples of ../shared/data/dbn, which are skipped when absent', () => {
  test.each(barSamples)('%s decodes to what an independent reader found, in chunks of any size', async (name) => {
    const expected = expectedSchema.parse(JSON.parse(sample(`${name}.expected.json`).toString()));
    for (const size of [65_536, 7, 1]) {
      const { metadata, records } = await decodeAll(sample(name), size);
      const m = expected.metadata;
      expect(metadata).toEqual({
        version: m.version,
        dataset: m.dataset,
        schema: m.schema,
        startNs: BigInt(m.start),
        endNs: m.end === null ? null : BigInt(m.end),
        limit: m.limit === null ? null : BigInt(m.limit),
        stypeIn: m.stype_in,
        stypeOut: m.stype_out,
        tsOut: m.ts_out,
        symbolBytes: m.symbol_cstr_len,
        symbols: m.symbols,
        partial: m.partial,
        notFound: m.not_found,
        mappings: m.mappings.map(({ raw_symbol, intervals }) => ({
          rawSymbol: raw_symbol,
          intervals: intervals.map((i) => ({ startDate: i.start_date, endDate: i.end_date, symbol: i.symbol })),
        })),
      });
      expect(records.map((record) => record.index)).toEqual(records.map((_, index) => index));
      expect(records).toHaveLength(expected.record_count);
      records.forEach((record, index) => {
        expect(expected.records[index]).toMatchObject(inExpectedTerms(record));
      });
    }
  });

  test('there are samples of every version, plain and compressed', () => {
    expect(barSamples.length).toBeGreaterThanOrEqual(20);
  });

  test('a cut-off last record is refused with its index and byte, after the whole ones were given', async () => {
    const { batches } = await openDbn(inChunks(sample('synthetic/live-session.v3.truncated.dbn'), 65_536));
    const records: DbnRecord[] = [];
    const reading = async () => {
      for await (const batch of batches) records.push(...batch);
    };
    await expect(reading()).rejects.toThrow('truncated DBN: record 14 at byte 2816 has 43 of 56 bytes');
    expect(records).toHaveLength(14);
  });

  test('the legacy DBZ format is named', async () => {
    expect(await failure(sample('dbn/test_data.ohlcv-1m.dbz'))).toMatch(/legacy DBZ at byte 0.*download/);
  });

  test('a fragment without a header is not taken for DBN', async () => {
    expect(await failure(sample('dbn/test_data.definition.v2.dbn.frag'))).toMatch(/not DBN.*byte 0/);
  });
});

const bars = [0, 1, 2].map((minute) =>
  madeBar({ instrumentId: 7, openTimeMs: Date.UTC(2026, 0, 5, 15, minute), ohlc: [1, 2, 0.5, -1.25] }),
);
const header = madeHeader({ mappings: [{ rawSymbol: 'ESH6', intervals: [[20260105, 20260106, '7']] }] });
const whole = Buffer.concat([header, ...bars]);

describe('input that cannot be read is refused with the reason and the byte', () => {
  const changed = (at: number, ...bytes: number[]): Buffer => {
    const copy = Buffer.from(whole);
    copy.set(bytes, at);
    return copy;
  };
  const cases: readonly (readonly [string, Buffer, RegExp])[] = [
    ['nothing', Buffer.alloc(0), /empty/],
    ['text', Buffer.from('open_time_utc,root\n'), /not DBN.*byte 0/],
    ['two bytes of text', Buffer.from('ab'), /not DBN.*byte 0/],
    ['only the letters DBN', Buffer.from('DBN'), /truncated DBN: the input ends at byte 3, inside its header/],
    ['a newer version', changed(3, 4), /version 4 at byte 3 is newer than 3/],
    ['version 0', changed(3, 0), /version 0 at byte 3/],
    ['a metadata length that is too small', changed(4, 99, 0, 0, 0), /metadata length 99 at byte 4/],
    ['an absurd metadata length', changed(4, 255, 255, 255, 255), /metadata length 4294967295 at byte 4/],
    ['half a header', whole.subarray(0, 150), /truncated DBN: the input ends at byte 150, inside its header/],
    [
      'an absurd count of symbols',
      changed(112, 255, 255, 255, 255),
      /4294967295 entries in the .* bytes left.*byte 116/,
    ],
    ['a schema definition', changed(108, 1), /schema definition/],
    ['a symbol length of 0', changed(53, 0, 0), /symbol length of 0/],
    [
      'a record length of 0',
      changed(header.length + 56, 0),
      new RegExp(`record 1 at byte ${header.length + 56}.*0 byt`),
    ],
    ['half a record', whole.subarray(0, -1), new RegExp(`record 2 at byte ${header.length + 112} has 55 of 56 bytes`)],
    ['one byte of a record', whole.subarray(0, -55), /record 2 at byte \d+ has 1 of 56 bytes/],
    ['a compressed text', zstdCompressSync('a,b,c'), /not DBN/],
    ['half a zstd frame', zstdCompressSync(whole).subarray(0, -9), /zstd frame at byte 0 is cut off at byte \d+/],
    [
      'rubbish after a zstd frame',
      Buffer.concat([zstdCompressSync(whole), Buffer.from('rubbish')]),
      /zstd frame at byte \d/,
    ],
  ];

  test.each(cases)('%s', async (_, bytes, reason) => {
    expect(await failure(bytes)).toMatch(reason);
    if (bytes.length > 0) expect(await failure(bytes, 1)).toMatch(reason);
  });

  test('a damaged zstd frame', async () => {
    const frame = zstdCompressSync(Buffer.concat([whole, Buffer.alloc(4096, 'noise and more noise')]));
    frame[frame.length - 12]! ^= 0x55;
    expect(await failure(frame)).toMatch(/zstd frame at byte 0 is damaged|corrupt DBN/);
  });
});

test('any split of the bytes into zstd frames, with skippable frames between, decodes to the same records', async () => {
  const skippable = Buffer.from([0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
  const plain = await decodeAll(whole);
  const cut = fc.nat({ max: whole.length });
  await fc.assert(
    fc.asyncProperty(fc.array(cut, { maxLength: 6 }), fc.integer({ min: 1, max: 400 }), async (cuts, size) => {
      const edges = [0, ...cuts.toSorted((a, b) => a - b), whole.length];
      const frames = edges
        .slice(1)
        .flatMap((edge, index) => [skippable, zstdCompressSync(whole.subarray(edges[index], edge))]);
      expect(await decodeAll(Buffer.concat(frames.slice(1)), size)).toEqual(plain);
    }),
    { numRuns: 40 },
  );
});

test('a record type that is not known is skipped by its length, and its bytes can be looked at', () => {
  const decoder = new DbnDecoder();
  const strange = Buffer.alloc(24, 9);
  strange.set([6, 0xee], 0);
  const records = [...decoder.feed(Buffer.concat([header, strange])), ...decoder.feed(bars[0]!)];
  decoder.end();
  expect(records.map(({ kind, rtype }) => [kind, rtype])).toEqual([
    ['other', 0xee],
    ['ohlcv', 0x21],
  ]);
  expect(records[0]).toMatchObject({ bytes: new Uint8Array(strange) });
});

test('a bar longer than its layout is read as far as the layout is known, a shorter one not at all', () => {
  const longer = Buffer.concat([bars[0]!, Buffer.alloc(8)]);
  longer[0] = 16;
  const shorter = bars[0]!.subarray(0, 48);
  const cut = Buffer.from(shorter);
  cut[0] = 12;
  const records = new DbnDecoder().feed(Buffer.concat([header, longer, cut, bars[1]!]));
  expect(records.map(({ kind }) => kind)).toEqual(['ohlcv', 'other', 'ohlcv']);
  expect(records[0]).toMatchObject({ open: 1, high: 2, low: 0.5, close: -1.25, volume: 1 });
});

test('an undefined price is not a number', () => {
  const undefinedOpen = Buffer.from(bars[0]!);
  undefinedOpen.writeBigInt64LE(0x7fff_ffff_ffff_ffffn, 16);
  expect(new DbnDecoder().feed(Buffer.concat([header, undefinedOpen]))[0]).toMatchObject({ open: Number.NaN, high: 2 });
});

test('the caller may reuse its chunk', () => {
  const decoder = new DbnDecoder();
  const chunk = Buffer.alloc(10);
  const records: DbnRecord[] = [];
  for (let at = 0; at < whole.length; at += 10) {
    const length = whole.copy(chunk, 0, at, at + 10);
    records.push(...decoder.feed(chunk.subarray(0, length)));
  }
  decoder.end();
  expect(records).toHaveLength(3);
  expect(records[2]).toMatchObject({ instrumentId: 7, high: 2, low: 0.5, close: -1.25 });
});
