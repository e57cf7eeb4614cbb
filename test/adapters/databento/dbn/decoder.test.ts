import { describe, expect, test } from 'vitest';
import { DbnDecoder } from '#adapters/databento/dbn/decoder.ts';
import { DbnEncoder } from '#adapters/databento/dbn/encoder.ts';
import { type DbnMetadata, liveMetadata } from '#adapters/databento/dbn/metadata.ts';
import { encodeMetadata } from '#adapters/databento/dbn/metadata-writer.ts';
import type { AnyView, OhlcvRecord, StoredRecord } from '#adapters/databento/dbn/record.ts';
import { toObject } from '#adapters/databento/dbn/record-object.ts';
import { encodeRecord } from '#adapters/databento/dbn/record-writer.ts';
import { DatabentoError } from '#adapters/databento/errors.ts';
import { chunksOf, decodeChunks } from './decoded.ts';

const header = Buffer.from(encodeMetadata(liveMetadata({ dataset: 'GLBX.MDP3' })));
const bars = [0n, 1n, 2n].map(
  (minute): OhlcvRecord => ({
    ...{ layout: 'ohlcv', length: 14, rtype: 0x21, publisher_id: 1, instrument_id: 7 },
    ...{ ts_event: 1_767_225_600_000_000_000n + minute * 60_000_000_000n },
    ...{ open: 1_000_000_000n, high: 2_000_000_000n, low: -500_000_000n, close: 0n, volume: 5n },
  }),
);
const records = bars.map((bar) => Buffer.from(encodeRecord(bar)));
const whole = Buffer.concat([header, ...records]);

/** Bytes with some of them replaced. */
function changed(at: number, ...bytes: readonly number[]): Buffer {
  const copy = Buffer.from(whole);
  copy.set(bytes, at);
  return copy;
}

describe('input that is wrong is refused with the reason and the byte, in chunks of any size', () => {
  const second = header.length + 56;
  const cases: readonly (readonly [string, Buffer, string, number, RegExp, number])[] = [
    ['text', Buffer.from('open_time_utc,root\n'), 'not-dbn', 0, /letters DBN at byte 0/, 0],
    ['one byte of text', Buffer.from('a'), 'not-dbn', 0, /letters DBN/, 0],
    ['nothing', Buffer.alloc(0), 'truncated', 0, /header at byte 0 has 0 of at least 8 bytes/, 0],
    ['only the letters', Buffer.from('DBN'), 'truncated', 0, /header at byte 0 has 3 of at least 8 bytes/, 0],
    ['half a header', whole.subarray(0, 100), 'truncated', 0, /header at byte 0 has 100 of 128 bytes/, 0],
    ['a newer version', changed(3, 4), 'newer-version', 3, /version 4 at byte 3 is newer than 3/, 0],
    ['an absurd header', changed(4, 255, 255, 255, 255), 'corrupt', 4, /length of 4294967295.*at byte 4/, 0],
    ['a record without bytes', changed(second, 0), 'corrupt', second, /record 1 at byte 184 says it has 0 bytes/, 1],
    ['a record shorter than its header', changed(second, 3), 'corrupt', second, /12 bytes, fewer than the 16/, 1],
    ['half a record', whole.subarray(0, -1), 'truncated', second + 56, /record 2 at byte 240 has 55 of 56 bytes/, 2],
    ['one byte of a record', whole.subarray(0, -55), 'truncated', second + 56, /record 2 .* has 1 of 56 bytes/, 2],
  ];

  test.each(cases)('%s', (_, bytes, code, byteOffset, reason, before) => {
    for (const sizes of [[65_536], [1], [7], [50, 3]]) {
      const decoded = decodeChunks(chunksOf(bytes, ...sizes));
      expect(decoded.error).toMatchObject({
        code,
        byteOffset,
        kind: 'contract',
        message: expect.stringMatching(reason),
      });
      expect(decoded.records).toEqual(bars.slice(0, before));
    }
  });

  test('in a stream with ts_out a record must have room for it', () => {
    const withTsOut = Buffer.from(encodeMetadata(liveMetadata({ dataset: 'X', tsOut: true })));
    const short = Buffer.alloc(20);
    short[0] = 5;
    expect(decodeChunks([withTsOut, short]).error).toMatchObject({ code: 'corrupt', byteOffset: 128 });
  });
});

test('after an error the same error is thrown, whatever comes', () => {
  const decoder = new DbnDecoder();
  const given: StoredRecord[] = [];
  const feed = (bytes: Uint8Array) => errorOf(() => decoder.feed(bytes, (view) => given.push(toObject(view))));
  const error = feed(changed(header.length + 56, 1));
  expect(error).toMatchObject({ code: 'corrupt' });
  expect([
    feed(whole),
    feed(records[0]!),
    errorOf(() => decoder.end()),
    errorOf(() => decoder.feedHeader(header)),
  ]).toEqual([...[error, error, error, error]]);
  expect(given).toEqual([bars[0]]);
});

test('an error of the callback ends the decoding too, as the rest of the chunk is gone', () => {
  const decoder = new DbnDecoder();
  const own = new Error('the consumer failed');
  const failing = () => {
    throw own;
  };
  expect(errorOf(() => decoder.feed(whole, failing))).toBe(own);
  expect(errorOf(() => decoder.feed(records[0]!, () => undefined))).toBe(own);
});

function errorOf(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  return undefined;
}

test('the caller may reuse its chunk', () => {
  const decoder = new DbnDecoder();
  const chunk = Buffer.alloc(10);
  const given: StoredRecord[] = [];
  for (let at = 0; at < whole.length; at += 10) {
    const length = whole.copy(chunk, 0, at, at + 10);
    decoder.feed(chunk.subarray(0, length), (view) => given.push(toObject(view)));
    chunk.fill(0xff);
  }
  decoder.end();
  expect(given).toEqual(bars);
});

test('records are read where they are in the chunk', () => {
  const buffers = new Set<ArrayBufferLike>();
  new DbnDecoder().feed(whole, (view) => buffers.add(view.bytes().buffer));
  expect([...buffers]).toEqual([whole.buffer]);
});

test('a record and its place are told while the callback runs', () => {
  for (const size of [1000, 13, 1]) {
    const decoder = new DbnDecoder();
    const places: (readonly [number, number])[] = [];
    for (const chunk of chunksOf(whole, size)) {
      decoder.feed(chunk, () => places.push([decoder.index, decoder.byteOffset]));
    }
    expect(places).toEqual([0, 1, 2].map((index) => [index, 128 + 56 * index]));
    expect(decoder.byteOffset).toBe(whole.length);
  }
});

test('the header can be taken by itself, also when records follow it in the chunk', () => {
  const decoder = new DbnDecoder();
  expect([decoder.metadata, decoder.storedVersion]).toEqual([null, null]);
  expect(decoder.feedHeader(whole.subarray(0, 100))).toBe(100);
  expect(decoder.metadata).toBeNull();
  expect(decoder.feedHeader(whole.subarray(100, 200))).toBe(28);
  expect(decoder.metadata).toEqual(liveMetadata({ dataset: 'GLBX.MDP3' }));
  expect(decoder.feedHeader(whole.subarray(128))).toBe(0);
  const given: StoredRecord[] = [];
  decoder.feed(whole.subarray(128), (view) => given.push(toObject(view)));
  expect(given).toEqual(bars);
});

test('metadata is upgraded with the records, and the version of the input is still known', () => {
  const old: DbnMetadata = { ...liveMetadata({ dataset: 'GLBX.MDP3', version: 1 }), symbols: ['ESH6'] };
  const read = (upgrade: boolean) => {
    const decoder = new DbnDecoder({ upgrade });
    decoder.feed(encodeMetadata(old), () => undefined);
    return [decoder.metadata, decoder.storedVersion];
  };
  expect(read(false)).toEqual([old, 1]);
  expect(read(true)).toEqual([{ ...old, version: 3, symbol_cstr_len: 71 }, 1]);
});

describe('records that are not known are given as they are', () => {
  function kindsOf(...all: readonly Buffer[]): readonly string[] {
    const kinds: string[] = [];
    const decoder = new DbnDecoder();
    decoder.feed(Buffer.concat([header, ...all]), (view) => kinds.push(view.layout));
    decoder.end();
    expect(decoder.unknownRecords).toBe(kinds.filter((kind) => kind === 'unknown').length);
    return kinds;
  }

  test('by their type', () => {
    const strange = Buffer.alloc(24, 9);
    strange.set([6, 0xee], 0);
    expect(kindsOf(strange, records[0]!)).toEqual(['unknown', 'ohlcv']);
    const { records: given } = decodeChunks([header, strange]);
    expect(given).toEqual([
      {
        ...{ layout: 'unknown', length: 6, rtype: 0xee, publisher_id: 0x0909, instrument_id: 0x0909_0909 },
        ...{ ts_event: 0x0909_0909_0909_0909n, raw: new Uint8Array(strange) },
      },
    ]);
  });

  test('by a length that is shorter than their layout; longer ones are read as far as the layout goes', () => {
    const longer = Buffer.concat([records[0]!, Buffer.alloc(8)]);
    longer[0] = 16;
    const shorter = Buffer.from(records[0]!.subarray(0, 48));
    shorter[0] = 12;
    expect(kindsOf(longer, shorter, records[1]!)).toEqual(['ohlcv', 'unknown', 'ohlcv']);
    expect(decodeChunks([header, longer]).records).toEqual([{ ...bars[0], length: 16 }]);
  });

  test('with their ts_out apart, if the stream has it', () => {
    const withTsOut = Buffer.from(encodeMetadata(liveMetadata({ dataset: 'X', tsOut: true })));
    // As long as a bar, but eight bytes of it are the time of sending.
    const times: unknown[] = [];
    new DbnDecoder().feed(Buffer.concat([withTsOut, records[0]!]), (view) => times.push([view.layout, view.ts_out]));
    expect(times).toEqual([['unknown', 5n]]);
  });
});

test('ts_out comes from the metadata, also when the first chunk ends inside the header', () => {
  const encoder = new DbnEncoder({ tsOut: true });
  encoder.metadata(liveMetadata({ dataset: 'GLBX.MDP3', tsOut: true }));
  for (const bar of bars) encoder.record(bar, bar.ts_event + 9n);
  const bytes = encoder.take();
  const expected = bars.map((bar) => ({ ...bar, length: 16, ts_out: bar.ts_event + 9n }));
  for (const cut of [1, 9, 52, 53, 54, 127, 128, 129, 200]) {
    expect(decodeChunks([bytes.subarray(0, cut), bytes.subarray(cut)]).records).toEqual(expected);
  }
});

describe('fragments', () => {
  const header16 = { publisher_id: 1, instrument_id: 7, ts_event: 5n };
  const layoutsOf = (bytes: Uint8Array, options?: ConstructorParameters<typeof DbnDecoder>[0]) => {
    const found: string[] = [];
    new DbnDecoder({ upgrade: false, fragment: true, ...options }).feed(bytes, (view: AnyView) =>
      found.push(view.layout),
    );
    return found;
  };
  const sized = (rtype: number, size: number) => {
    const bytes = Buffer.alloc(size);
    bytes.set([size / 4, rtype]);
    return bytes;
  };

  test.each([
    [0x13, 360, 'def_v1'],
    [0x13, 400, 'def_v2'],
    [0x13, 520, 'def_v3'],
    [0x13, 356, 'unknown'],
    [0x16, 80, 'symmap_v1'],
    [0x16, 176, 'symmap_v2'],
    [0x17, 80, 'system_v1'],
    [0x17, 320, 'system_v2'],
    [0x15, 80, 'error_v1'],
    [0x15, 320, 'error_v2'],
    [0x18, 64, 'stat_v1'],
    [0x18, 80, 'stat_v3'],
    [0x21, 56, 'ohlcv'],
  ] as const)('a record of type %i and %i bytes has layout %s, with ts_out too', (rtype, size, layout) => {
    expect(layoutsOf(sized(rtype, size))).toEqual([layout]);
    expect(layoutsOf(sized(rtype, size + 8), { fragment: { tsOut: true } })).toEqual([layout]);
  });

  test('without a version each record tells its own; a given version decides', () => {
    const mixed = Buffer.concat([sized(0x21, 56), sized(0x18, 64), sized(0x13, 520)]);
    expect(layoutsOf(mixed)).toEqual(['ohlcv', 'stat_v1', 'def_v3']);
    expect(layoutsOf(mixed, { fragment: { version: 3 } })).toEqual(['ohlcv', 'unknown', 'def_v3']);
    expect(layoutsOf(mixed, { fragment: { version: 1 } })).toEqual(['ohlcv', 'stat_v1', 'def_v1']);
  });

  test('are upgraded by what their records are, and have no metadata', () => {
    const bytes = encodeRecord({ ...header16, layout: 'system_v1', length: 20, rtype: 0x17, msg: 'Heartbeat' });
    expect(decodeChunks([bytes], { fragment: true })).toEqual({
      metadata: null,
      records: [{ ...header16, layout: 'system_v2', length: 80, rtype: 0x17, msg: 'Heartbeat', code: 0 }],
      error: null,
    });
    expect(decodeChunks([], { fragment: true })).toEqual({ metadata: null, records: [], error: null });
  });
});

test('what a header claims is not allocated before it arrives', () => {
  const claims = Buffer.from(header);
  claims.writeUInt32LE(64 * 1024 * 1024 - 8, 4);
  const before = process.memoryUsage().arrayBuffers;
  const decoders = Array.from({ length: 200 }, () => {
    const decoder = new DbnDecoder();
    decoder.feed(claims, () => undefined);
    return decoder;
  });
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 1024 * 1024);
  for (const decoder of decoders) expect(errorOf(() => decoder.end())).toBeInstanceOf(DatabentoError);
});
