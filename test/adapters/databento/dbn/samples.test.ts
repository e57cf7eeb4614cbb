import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readDbnFile } from '#adapters/databento/dbn/dbn-file.ts';
import { DbnDecoder } from '#adapters/databento/dbn/decoder.ts';
import { DbnEncoder } from '#adapters/databento/dbn/encoder.ts';
import { layouts } from '#adapters/databento/dbn/layouts.ts';
import { decodeMetadata, readPrelude } from '#adapters/databento/dbn/metadata.ts';
import { encodeMetadata } from '#adapters/databento/dbn/metadata-writer.ts';
import type { AnyView, StoredRecord } from '#adapters/databento/dbn/record.ts';
import { toObject } from '#adapters/databento/dbn/record-object.ts';
import { openDbn } from '#adapters/databento/dbn/stream.ts';
import { upgradeMetadata, upgradeRecord } from '#adapters/databento/dbn/upgrade.ts';
import { decompressZstd, isZstd } from '#adapters/databento/dbn/zstd-frames.ts';
import { dbnSamples, hasDbnSamples } from './dbn-files.ts';
import { chunksOf, decodeChunks, inChunks, inExpectedTerms, recordInExpectedTerms } from './decoded.ts';

interface Expected {
  readonly legacy_dbz?: true;
  readonly decompressed?: { readonly sha256: string; readonly bytes: number };
  readonly fragment_detected_version?: number;
  readonly metadata: { readonly version: number; readonly ts_out: boolean } | null;
  readonly metadata_raw?: { readonly encoded_bytes: number; readonly end_padding: number };
  readonly metadata_roundtrips_byte_exact?: boolean;
  readonly records_roundtrip_byte_exact: boolean;
  readonly trailing_bytes: number;
  readonly records: readonly { readonly _layout?: string }[];
  readonly records_upgraded_to_v3?: readonly unknown[];
}

const sample = (name: string): Buffer => readFileSync(new URL(name, dbnSamples));
const expectedOf = (name: string): Expected => JSON.parse(sample(`${name}.expected.json`).toString());

const names = hasDbnSamples
  ? readdirSync(dbnSamples, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.expected.json') && !name.includes('.dbz'))
      .map((name) => name.replace('.expected.json', ''))
  : [];

async function plainBytes(name: string): Promise<Buffer> {
  const bytes = sample(name);
  if (!isZstd(bytes)) return bytes;
  const chunks: Uint8Array[] = [];
  for await (const chunk of decompressZstd(inChunks(bytes, 100))) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Every field of a view, each read by itself. */
function readEachField(view: AnyView): Record<string, unknown> {
  if (view.layout === 'unknown') return toObject(view) as unknown as Record<string, unknown>;
  const read = view as unknown as Record<string, unknown>;
  const values: Record<string, unknown> = { layout: view.layout };
  for (const { name } of layouts[view.layout].fields) values[name] = read[name];
  if (view.hasTsOut) values.ts_out = view.ts_out;
  return values;
}

describe.skipIf(!hasDbnSamples)('samples of ../shared/data/dbn, which are skipped when absent', () => {
  test('there are samples of every version, plain, compressed and as fragments', () => {
    expect(names.length).toBeGreaterThanOrEqual(94);
  });

  test.each(names)('%s decodes to what an independent reader found', async (name) => {
    const expected = expectedOf(name);
    const plain = await plainBytes(name);
    if (expected.decompressed !== undefined) {
      const sha256 = createHash('sha256').update(plain).digest('hex');
      expect({ sha256, bytes: plain.length }).toEqual(expected.decompressed);
    }
    const fragment = expected.metadata === null;
    const stored = decodeChunks([plain], { upgrade: false, fragment });
    expect(stored.error?.code).toBe(expected.trailing_bytes > 0 ? 'truncated' : undefined);
    expect(inExpectedTerms(stored.metadata)).toEqual(expected.metadata);
    expect(stored.records.map(recordInExpectedTerms)).toEqual(expected.records);

    const upgraded = decodeChunks([plain], { fragment });
    expect(upgraded.records.map(recordInExpectedTerms)).toEqual(expected.records_upgraded_to_v3 ?? expected.records);
    expect(stored.records.map(upgradeRecord)).toEqual(upgraded.records);
    if (stored.metadata !== null) expect(upgraded.metadata).toEqual(upgradeMetadata(stored.metadata));
    for (const sizes of [[1], [7], [64], [3, 500, 1]]) {
      expect(decodeChunks(chunksOf(plain, ...sizes), { fragment }).records).toEqual(upgraded.records);
    }
  });

  test.each(names)('%s is opened by its content, and each field of a view is that of the object', async (name) => {
    const expected = expectedOf(name);
    const stream = await openDbn(inChunks(sample(name), 64), { upgrade: false });
    expect(stream.storedVersion).toBe(expected.metadata?.version ?? null);
    const records: unknown[] = [];
    const reading = stream.forEach((view) => {
      const record = toObject(view);
      expect(readEachField(view)).toEqual(record);
      records.push(recordInExpectedTerms(record));
    });
    if (expected.trailing_bytes > 0) await expect(reading).rejects.toMatchObject({ code: 'truncated' });
    else await reading;
    expect(records).toEqual(expected.records);
    const version = expected.fragment_detected_version;
    if (version !== undefined)
      expect(new Set(expected.records.map((r) => r._layout))).toEqual(new Set([`def_v${version}`]));
  });

  test.each(names)('%s is encoded to the same bytes', async (name) => {
    const expected = expectedOf(name);
    const plain = await plainBytes(name);
    const whole = plain.subarray(0, plain.length - expected.trailing_bytes);
    const options = { upgrade: false, fragment: expected.metadata === null };
    const { metadata, records } = decodeChunks([whole], options);
    const version = metadata?.version ?? ((expected.fragment_detected_version ?? 3) as 1 | 2 | 3);
    const encoder = new DbnEncoder({ version, tsOut: metadata?.ts_out ?? false });
    const copier = new DbnEncoder({ version, tsOut: metadata?.ts_out ?? false });
    if (metadata !== null) {
      const header = encodeMetadata(metadata);
      expect(header).toHaveLength(expected.metadata_raw!.encoded_bytes);
      expect(Buffer.from(header).equals(plain.subarray(0, header.length))).toBe(
        expected.metadata_roundtrips_byte_exact,
      );
      expect(
        Buffer.from(header.subarray(header.length - expected.metadata_raw!.end_padding)).every((b) => b === 0),
      ).toBe(true);
      encoder.metadata(metadata);
      copier.metadata(metadata);
    }
    for (const record of records) encoder.record(record);
    expect(Buffer.from(encoder.take()).equals(whole)).toBe(expected.records_roundtrip_byte_exact);
    // Raw copies are exact always, reserved bytes included.
    new DbnDecoder(options).feed(whole, (view) => copier.raw(view.bytes()));
    expect(Buffer.from(copier.take()).equals(whole)).toBe(true);
  });

  test.each(names)('%s, upgraded, can be written as version 3 and read again', async (name) => {
    const plain = await plainBytes(name);
    const { metadata, records } = decodeChunks([plain], { fragment: expectedOf(name).metadata === null });
    const encoder = new DbnEncoder({ tsOut: metadata?.ts_out ?? false });
    if (metadata !== null) {
      encoder.metadata(metadata);
      expect(encoder.pendingBytes % 8).toBe(0);
      expect(decodeMetadata(encodeMetadata(metadata))).toEqual(metadata);
    }
    for (const record of records) encoder.record(record);
    const again = decodeChunks([encoder.take()], { upgrade: false, fragment: metadata === null });
    expect(again).toEqual({ metadata, records, error: null });
  });

  test('the cut-off sample gives its 14 whole records and then says what is missing', async () => {
    const stream = await openDbn(inChunks(sample('synthetic/live-session.v3.truncated.dbn'), 1000));
    const records: StoredRecord[] = [];
    const reading = async () => {
      for await (const record of stream.records()) records.push(record);
    };
    await expect(reading()).rejects.toMatchObject({
      code: 'truncated',
      byteOffset: 2816,
      message: expect.stringContaining('record 14 at byte 2816 has 43 of 56 bytes'),
    });
    expect(records).toHaveLength(14);
  });

  test('the legacy DBZ format is refused by its name', async () => {
    await expect(openDbn(inChunks(sample('dbn/test_data.ohlcv-1m.dbz'), 1))).rejects.toMatchObject({
      code: 'legacy-dbz',
      byteOffset: 0,
      message: expect.stringMatching(/DBZ.*download/),
    });
  });
});

describe.skipIf(!hasDbnSamples)('files of another project, which are skipped when absent', () => {
  const folder = new URL('nautilus/', dbnSamples);
  const counts: Readonly<Record<string, readonly [layout: string, records: number]>> = {
    'esh4-glbx-mdp3-20231224.mbo.dbn.zst': ['mbo', 8725],
    'futures_definition.dbn.zst': ['def_v3', 2],
    'futures_mbp-1_2024-07-01T23-58_2024-07-02T00-02.dbn.zst': ['mbp1', 2288],
    'futures_ohlcv-1m_2024-07-01T23-40_2024-07-02T00-10.dbn.zst': ['ohlcv', 60],
    'futures_trades_2024-07-01T23-58_2024-07-02T00-02.dbn.zst': ['trade', 120],
    'test_data.definition.option.dbn.zst': ['def_v3', 2],
    'test_data.mbp-10.dbn.zst': ['mbp10', 2],
    'test_data.statistics.dbn.zst': ['stat_v3', 2],
    'test_data.status.dbn.zst': ['status', 4],
  };
  const files = hasDbnSamples ? readdirSync(folder).filter((name) => /\.dbn(\.zst)?$/.test(name)) : [];

  test.each(files)('%s is read to its end, all records known and of its schema', async (name) => {
    const stream = await readDbnFile(new URL(name, folder).pathname);
    const { schema, start, end, limit } = stream.metadata!;
    const layoutsFound = new Map<string, number>();
    await stream.forEach((view) => {
      layoutsFound.set(view.layout, (layoutsFound.get(view.layout) ?? 0) + 1);
      expect(view.instrument_id).toBeGreaterThan(0);
      // Definitions and statistics are older than the query that finds them.
      if (view.layout === 'def_v3' || view.layout === 'stat_v3') return;
      const time = 'ts_recv' in view ? view.ts_recv : view.ts_event;
      expect(time >= start && (end === null || time < end)).toBe(true);
    });
    expect([...layoutsFound.keys()].length).toBeLessThanOrEqual(1);
    const [[layout, records] = ['none', 0]] = layoutsFound;
    expect(schema).not.toBeNull();
    if (limit !== null) expect(records).toBeLessThanOrEqual(Number(limit));
    if (counts[name] !== undefined) expect([layout, records]).toEqual(counts[name]);
  });

  test('there are 29 of them', () => {
    expect(files).toHaveLength(29);
  });
});

test('every layout of the table has the bytes and fields that the format says', () => {
  // Sizes as of the specification, by hand.
  const sizes = Object.fromEntries(Object.values(layouts).map(({ name, size }) => [name, size]));
  expect(sizes).toEqual({
    ...{
      trade: 48,
      mbp1: 80,
      mbp10: 368,
      bbo: 80,
      cmbp1: 80,
      cbbo: 80,
      mbo: 56,
      ohlcv: 56,
      status: 40,
      imbalance: 112,
    },
    ...{ stat_v1: 64, stat_v3: 80, symmap_v1: 80, symmap_v2: 176, system_v1: 80, system_v2: 320 },
    ...{ error_v1: 80, error_v2: 320, def_v1: 360, def_v2: 400, def_v3: 520 },
  });
  for (const { name, size, fields } of Object.values(layouts)) {
    const inOrder = [...fields].sort((a, b) => a.offset - b.offset);
    expect({ name, size: size % 8 }).toEqual({ name, size: 0 });
    inOrder.forEach(({ offset, size: bytes }, index) => {
      const next = inOrder[index + 1]?.offset ?? size;
      expect(offset + bytes, `${name} field ${index} overlaps`).toBeLessThanOrEqual(next);
    });
  }
});

test('the length of a header is read from its first eight bytes', () => {
  expect(readPrelude(Buffer.from('DBN\x03\x78\0\0\0', 'latin1'))).toEqual({ version: 3, headerBytes: 128 });
});
