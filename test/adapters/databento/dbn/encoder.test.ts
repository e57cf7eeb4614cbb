import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DbnEncoder } from '#adapters/databento/dbn/encoder.ts';
import { liveMetadata } from '#adapters/databento/dbn/metadata.ts';
import type { OhlcvRecord, StoredRecord, UnknownRecord } from '#adapters/databento/dbn/record.ts';
import { encodeRecord } from '#adapters/databento/dbn/record-writer.ts';
import { upgradeRecord } from '#adapters/databento/dbn/upgrade.ts';
import { anyRecordOf, recordOf } from './arbitrary-records.ts';
import { decodeChunks } from './decoded.ts';

const bar: OhlcvRecord = {
  ...{ layout: 'ohlcv', length: 14, rtype: 0x21, publisher_id: 1, instrument_id: 42001, ts_event: 1n },
  ...{ open: 1n, high: 2n, low: -3n, close: 0n, volume: 7n },
};

test('what was taken is never written to again, however small the buffers are', () => {
  const records = fc.sample(anyRecordOf(3, false), { numRuns: 60, seed: 5 });
  const encoder = new DbnEncoder({ bufferBytes: 2000 });
  const taken: { bytes: Uint8Array; copy: Uint8Array }[] = [];
  records.forEach((record, index) => {
    encoder.record(record);
    if (index % 3 > 0) return;
    const pending = encoder.pendingBytes;
    const bytes = encoder.take();
    expect([bytes.length, encoder.pendingBytes]).toEqual([pending, 0]);
    taken.push({ bytes, copy: bytes.slice() });
  });
  taken.push({ bytes: encoder.take(), copy: new Uint8Array(0) });
  expect(encoder.take()).toHaveLength(0);
  for (const { bytes, copy } of taken.slice(0, -1)) expect(bytes).toEqual(copy);
  const whole = Buffer.concat(taken.map(({ bytes }) => bytes));
  expect(decodeChunks([whole], { fragment: true }).records).toEqual(records);
});

describe('the time of sending', () => {
  const read = (bytes: Uint8Array) => decodeChunks([bytes], { fragment: { tsOut: true } }).records;

  test('is the argument, or else that of the record', () => {
    const encoder = new DbnEncoder({ tsOut: true });
    encoder.record(bar, 5n);
    encoder.record({ ...bar, ts_out: 6n });
    encoder.record({ ...bar, ts_out: 6n }, 7n);
    encoder.raw(encodeRecord(bar), 8n);
    expect(read(encoder.take())).toEqual([5n, 6n, 7n, 8n].map((ts_out) => ({ ...bar, length: 16, ts_out })));
  });

  test('must be there, and is left out of a stream without it', () => {
    const encoder = new DbnEncoder({ tsOut: true });
    expect(() => encoder.record(bar)).toThrow(expect.objectContaining({ code: 'usage' }));
    expect(() => encoder.record(bar, -1n)).toThrow(expect.objectContaining({ code: 'range' }));
    expect(encoder.pendingBytes).toBe(0);
    const plain = new DbnEncoder();
    plain.record({ ...bar, ts_out: 6n }, 7n);
    plain.raw(encodeRecord(bar), 7n);
    expect(decodeChunks([plain.take()], { fragment: true }).records).toEqual([bar, bar]);
  });

  test('can be given to one whole record only', () => {
    const encoder = new DbnEncoder({ tsOut: true });
    const two = Buffer.concat([encodeRecord(bar), encodeRecord(bar)]);
    expect(() => encoder.raw(two, 1n)).toThrow(expect.objectContaining({ code: 'usage' }));
    expect(() => encoder.raw(new Uint8Array(4).fill(1), 1n)).toThrow(expect.objectContaining({ code: 'usage' }));
    const longest = new Uint8Array(1020).fill(255);
    expect(() => encoder.raw(longest, 1n)).toThrow(expect.objectContaining({ code: 'range' }));
    expect(encoder.pendingBytes).toBe(0);
  });

  test('of a record that is not known is part of its bytes, unless a new one is given', () => {
    const raw = new Uint8Array(24).fill(3);
    raw.set([6, 0xee]);
    const unknown = { layout: 'unknown', rtype: 0xee, raw } as unknown as UnknownRecord;
    const encoder = new DbnEncoder({ tsOut: true });
    encoder.record(unknown);
    expect(encoder.take()).toEqual(raw);
    encoder.record(unknown, 9n);
    expect(encoder.take()).toEqual(Uint8Array.from([8, 0xee, ...raw.subarray(2), 9, 0, 0, 0, 0, 0, 0, 0]));
  });
});

describe('records are written in the layout of the version', () => {
  const mapping = {
    ...fc.sample(recordOf('symmap_v2', 3, true), 1)[0]!,
    stype_in_symbol: 'ES.FUT',
    stype_out_symbol: 'ESH6',
  };

  test.each([
    [1, 80],
    [2, 176],
    [3, 176],
  ] as const)('in version %i a symbol mapping has %i bytes', (version, bytes) => {
    const encoder = new DbnEncoder({ version });
    encoder.record(mapping as StoredRecord);
    expect(encoder.pendingBytes).toBe(bytes);
  });

  test('an older record is upgraded to it', () => {
    const old = fc.sample(recordOf('def_v1', 1, false), { numRuns: 1, seed: 2 })[0]!;
    const encoder = new DbnEncoder();
    encoder.record(old);
    expect(encoder.take()).toEqual(encodeRecord(upgradeRecord(old)));
  });

  test('a layout that is not that of the record type is refused', () => {
    const encoder = new DbnEncoder({ version: 2 });
    for (const rtype of [0x00, 0x13, 0xee, 300]) {
      expect(() => encoder.record({ ...bar, rtype })).toThrow(expect.objectContaining({ code: 'usage' }));
    }
    expect(() => encoder.record({ ...bar, rtype: 0x00 })).toThrow('ohlcv cannot be written with rtype 0 (mbp-0)');
  });

  test('a value that does not fit leaves nothing behind', () => {
    const encoder = new DbnEncoder();
    encoder.record(bar);
    expect(() => encoder.record({ ...bar, volume: -1n })).toThrow(expect.objectContaining({ code: 'range' }));
    encoder.record(bar);
    expect(decodeChunks([encoder.take()], { fragment: true }).records).toEqual([bar, bar]);
  });
});

test('metadata of another version or with another ts_out is refused', () => {
  const metadata = liveMetadata({ dataset: 'GLBX.MDP3' });
  for (const options of [{ version: 2 as const }, { tsOut: true }]) {
    expect(() => new DbnEncoder(options).metadata(metadata)).toThrow(expect.objectContaining({ code: 'usage' }));
  }
  const encoder = new DbnEncoder({ version: 3 });
  encoder.metadata(metadata);
  expect(encoder.pendingBytes).toBe(128);
});
