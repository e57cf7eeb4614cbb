import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { readDbnFile, writeDbnFile } from '#adapters/databento/dbn/dbn-file.ts';
import { type DbnMetadata, liveMetadata } from '#adapters/databento/dbn/metadata.ts';
import { encodeMetadata } from '#adapters/databento/dbn/metadata-writer.ts';
import type { OhlcvRecord, StoredRecord, SystemRecord } from '#adapters/databento/dbn/record.ts';
import { encodeRecord } from '#adapters/databento/dbn/record-writer.ts';
import { looksLikeDbn, type OpenOptions, openDbn } from '#adapters/databento/dbn/stream.ts';
import { type EncodeOptions, encodeDbn } from '#adapters/databento/dbn/stream-writer.ts';
import { inChunks } from './decoded.ts';

const metadata: DbnMetadata = { ...liveMetadata({ dataset: 'GLBX.MDP3' }), symbols: ['ESH6'] };
const bars = Array.from(
  { length: 5000 },
  (_, minute): OhlcvRecord => ({
    ...{ layout: 'ohlcv', length: 14, rtype: 0x21, publisher_id: 1, instrument_id: 7, ts_event: BigInt(minute) },
    ...{ open: 1_000_000_000n, high: 2_000_000_000n, low: -500_000_000n, close: 0n, volume: 5n },
  }),
);
const heartbeat: SystemRecord = {
  ...{ layout: 'system_v2', length: 80, rtype: 0x17, publisher_id: 0, instrument_id: 0, ts_event: 5n },
  ...{ msg: 'Heartbeat', code: 0 },
};
const few: readonly StoredRecord[] = [bars[0]!, heartbeat, bars[1]!];

/** Reads a record and does nothing with it. */
function ignore(): void {}

async function encoded(options: Partial<EncodeOptions> = {}): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of encodeDbn({ metadata, records: few, ...options })) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function readAll(bytes: Uint8Array, size = 65_536, options?: OpenOptions) {
  const stream = await openDbn(inChunks(bytes, size), options);
  const records: StoredRecord[] = [];
  for await (const record of stream.records()) records.push(record);
  return { metadata: stream.metadata, records };
}

describe('a stream is written and read', () => {
  test.each(['none', 'zstd'] as const)('with compression %s, in many chunks', async (compression) => {
    const bytes = await encoded({ records: bars, compression });
    for (const size of [1000, 65_536]) expect(await readAll(bytes, size)).toEqual({ metadata, records: bars });
  });

  test('in an older version, which its reader upgrades again', async () => {
    const v1 = await encoded({ version: 1 });
    expect(v1.subarray(0, 4)).toEqual(Buffer.from('DBN\x01', 'latin1'));
    expect(await readAll(v1)).toEqual({ metadata, records: few });
    const stored = await openDbn(inChunks(v1, 9), { upgrade: false });
    expect([stored.metadata?.version, stored.storedVersion]).toEqual([1, 1]);
    const layouts: string[] = [];
    for await (const { layout } of stored.records()) layouts.push(layout);
    expect(layouts).toEqual(['ohlcv', 'system_v1', 'ohlcv']);
  });

  test('with records that come asynchronously, and with times of sending', async () => {
    async function* sent() {
      for (const record of few) yield await Promise.resolve({ ...record, ts_out: 9n } as StoredRecord);
    }
    const withTsOut = { ...metadata, ts_out: true };
    const { records } = await readAll(await encoded({ metadata: withTsOut, records: sent() }), 50);
    expect(records.map((record) => (record.layout === 'unknown' ? null : record.ts_out))).toEqual([9n, 9n, 9n]);
  });

  test('as a fragment, which is told by its first record', async () => {
    for (const compression of ['none', 'zstd'] as const) {
      const fragment = await encoded({ metadata: null, compression });
      for (const size of [1, 65_536]) expect(await readAll(fragment, size)).toEqual({ metadata: null, records: few });
    }
    const old = await encoded({ metadata: null, version: 1 });
    expect(await readAll(old)).toEqual({ metadata: null, records: few });
    const withTsOut = encodeRecord({ ...bars[0]!, ts_out: 9n });
    const expected = { metadata: null, records: [{ ...bars[0], length: 16, ts_out: 9n }] };
    expect(await readAll(withTsOut, 10)).toEqual(expected);
    expect(await readAll(withTsOut, 10, { fragment: { tsOut: true } })).toEqual(expected);
  });

  test('to and from a file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'rooney-dbn-'));
    try {
      const path = join(folder, 'made.dbn.zst');
      await writeDbnFile(path, { metadata, records: bars, compression: 'zstd' });
      expect(looksLikeDbn(await readFile(path))).toBe(true);
      const stream = await readDbnFile(path);
      let volume = 0;
      await stream.forEach((view) => {
        if (view.layout === 'ohlcv') volume += view.volume_f64;
      });
      expect(volume).toBe(25_000);
      await expect(readDbnFile(join(folder, 'none'))).rejects.toMatchObject({ code: 'ENOENT' });
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('reading', () => {
  test('gives the batches of the chunks, and what a callback picks with its place', async () => {
    const bytes = await encoded();
    const headerBytes = encodeMetadata(metadata).length;
    const stream = await openDbn(inChunks(bytes, 200));
    const batches: unknown[] = [];
    const pick = stream.collect((view) =>
      view.layout === 'ohlcv' ? [stream.place.index, stream.place.byteOffset, view.open_f64] : null,
    );
    for await (const batch of pick) batches.push(batch);
    // The bar, and a heartbeat later the other bar.
    expect(batches).toEqual([[[0, headerBytes, 1]], [[2, headerBytes + 56 + 320, 1]]]);
  });

  test('can be done once', async () => {
    const stream = await openDbn(inChunks(await encoded(), 100));
    await stream.forEach(ignore);
    await expect(stream.forEach(ignore)).rejects.toMatchObject({ code: 'usage' });
    await expect(stream.batches().next()).rejects.toMatchObject({ code: 'usage' });
  });

  test('gives the records before an error first', async () => {
    const bytes = await encoded();
    bytes[bytes.length - 56] = 1;
    const records: StoredRecord[] = [];
    const reading = async () => {
      for await (const batch of (await openDbn(inChunks(bytes, 65_536))).batches()) records.push(...batch);
    };
    await expect(reading()).rejects.toMatchObject({ code: 'corrupt', byteOffset: bytes.length - 56 });
    expect(records).toEqual(few.slice(0, 2));
  });
});

describe('the input is released', () => {
  /** Chunks that tell when they are no longer wanted. */
  function watched(bytes: Uint8Array): { chunks: AsyncIterable<Uint8Array>; isReleased: () => boolean } {
    let released = false;
    async function* chunks() {
      try {
        for (;;) yield* inChunks(bytes, 100);
      } finally {
        released = true;
      }
    }
    return { chunks: chunks(), isReleased: () => released };
  }

  test.each(['none', 'zstd'] as const)('when its reader stops, compression %s', async (compression) => {
    const { chunks, isReleased } = watched(await encoded({ records: bars, compression }));
    for await (const _ of (await openDbn(chunks)).records()) break;
    expect(isReleased()).toBe(true);
  });

  test('when it is closed unread', async () => {
    const { chunks, isReleased } = watched(await encoded());
    await (await openDbn(chunks)).close();
    expect(isReleased()).toBe(true);
  });

  test('when it cannot be opened', async () => {
    const { chunks, isReleased } = watched(Buffer.from('no DBN at all, but text'));
    await expect(openDbn(chunks)).rejects.toMatchObject({ code: 'not-dbn' });
    expect(isReleased()).toBe(true);
  });

  test('when the callback throws', async () => {
    const { chunks, isReleased } = watched(await encoded({ records: bars }));
    const failing = (await openDbn(chunks)).forEach(() => {
      throw new Error('the consumer failed');
    });
    await expect(failing).rejects.toThrow('the consumer failed');
    expect(isReleased()).toBe(true);
  });
});

describe('what the input is, is told by its first bytes', () => {
  test.each([
    ['nothing', Buffer.alloc(0), 'truncated', /empty/],
    ['text', Buffer.from('open_time_utc,root\n'), 'not-dbn', /letters DBN/],
    ['compressed text', zstdCompressSync('a,b,c,d,e,f,g'), 'not-dbn', /letters DBN/],
    ['compressed nothing', zstdCompressSync(''), 'truncated', /header at byte 0 has 0/],
    ['a record of a length that no layout has', Buffer.from([15, 0x21, 0, 0]), 'not-dbn', /letters DBN/],
    ['half a header', encodeMetadata(metadata).subarray(0, 50), 'truncated', /has 50 of 200/],
  ])('%s is refused', async (_, bytes, code, reason) => {
    for (const size of [1, 65_536]) {
      const opening = openDbn(inChunks(bytes, size));
      await expect(opening).rejects.toMatchObject({ code, message: expect.stringMatching(reason) });
    }
  });

  test('a fragment is not taken for one where metadata is required', async () => {
    const fragment = await encoded({ metadata: null });
    await expect(openDbn(inChunks(fragment, 100), { fragment: false })).rejects.toMatchObject({ code: 'not-dbn' });
  });

  test('metadata, zstd and DBZ look like DBN, text does not', () => {
    const heads = [Buffer.from('DBN'), zstdCompressSync('a'), Buffer.from('502a4d18', 'hex'), Buffer.from('DBX')];
    expect(heads.map(looksLikeDbn)).toEqual([true, true, true, false]);
  });
});
