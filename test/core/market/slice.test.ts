import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeSlice, encodeSlice, type Slice } from '#core/market/slice.ts';

const slice: Slice = {
  schemaVersion: 1,
  closeTimeMs: 1_394_060_460_000,
  previousCloseTimeMs: null,
  gap: null,
  grade: 'presumed',
  bars: [
    {
      root: 'ES',
      contract: 'ESH2014',
      timeframe: '1m',
      openTimeMs: 1_394_060_400_000,
      closeTimeMs: 1_394_060_460_000,
      open: 1872.25,
      high: 1872.5,
      low: 1872.25,
      close: 1872.5,
      volume: 12,
      revision: 0,
      grade: 'presumed',
    },
  ],
  leads: { ES: 'ESH2014' },
  source: 'file',
};

describe('a slice as text', () => {
  test('comes back the same, to the last bit of every price', () => {
    const price = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);
    fc.assert(
      fc.property(price, price, fc.option(fc.nat()), (open, close, previousCloseTimeMs) => {
        const changed = { ...slice, previousCloseTimeMs, bars: slice.bars.map((bar) => ({ ...bar, open, close })) };
        expect(decodeSlice(encodeSlice(changed))).toEqual(changed);
      }),
    );
  });

  test('is refused with the name of every field that is wrong', () => {
    const wrong = { ...slice, closeTimeMs: 1.5, extra: 1, bars: [{ ...slice.bars[0], volume: -1 }] };
    expect(() => decodeSlice(JSON.stringify(wrong))).toThrow(
      /closeTimeMs: expected int; bars\.0\.volume: too small; slice: unknown extra/,
    );
    expect(() => decodeSlice(JSON.stringify({ ...slice, schemaVersion: 2 }))).toThrow(/schemaVersion/);
    expect(() => decodeSlice('{"schemaVersion":1')).toThrow(/expected a slice as JSON, found .*schemaVersion/);
    expect(() => decodeSlice('null')).toThrow(/expected a slice of schema version 1/);
  });

  test('is refused as somebody else’s fault, never to be tried again', () => {
    expect(() => decodeSlice('[]')).toThrow(expect.objectContaining({ kind: 'contract' }));
  });
});
