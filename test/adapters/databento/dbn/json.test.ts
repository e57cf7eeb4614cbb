import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { jsonOf, recordOfJson } from '#adapters/databento/dbn/json.ts';
import type { DbnVersion } from '#adapters/databento/dbn/layouts.ts';
import { toObject } from '#adapters/databento/dbn/record-object.ts';
import { openDbn } from '#adapters/databento/dbn/stream.ts';
import { expectedSamples } from './expected-records.ts';
import { anyRecord, readRecord } from './made-records.ts';

const bar = {
  rtype: 33,
  publisher_id: 1,
  instrument_id: 5482,
  ts_event: '1609160400000000000',
  open: '372025000000000',
  high: '372350000000000',
  low: '-372025000000000',
  close: '372225000000000',
  volume: '9385',
};

describe('a record as JSON', () => {
  // Needs ../shared/data/dbn.
  test.for(expectedSamples)('$name: as an independent reader prints it, stored and upgraded', async (sample) => {
    for (const [upgrade, expected] of [
      [false, sample.records],
      [true, sample.upgraded],
    ] as const) {
      const stream = await openDbn(oneChunk(sample.bytes), { upgrade });
      const lines: string[] = [];
      const reading = stream.forEach((view) => void lines.push(jsonOf(view)));
      await (sample.isTruncated ? expect(reading).rejects.toThrow(/truncated/) : reading);
      // Texts are compared, so that the order of the keys is too.
      expect(lines).toEqual(expected.map((record) => JSON.stringify(record)));
    }
  });

  test('any record is the same again after it was JSON', () => {
    fc.assert(
      fc.property(anyRecord, (made) => {
        const [line, record] = readRecord(made, (view) => [jsonOf(view), toObject(view)] as const);
        expect(recordOfJson(line, made.version)).toEqual(record);
      }),
    );
  });

  test('keys may come in any order, and _rtype, _layout and length may be left out', () => {
    const reversed = Object.fromEntries(Object.entries(bar).reverse());
    const record = recordOfJson(JSON.stringify(reversed));
    expect(record).toEqual(recordOfJson(JSON.stringify({ _rtype: 'ohlcv-1m', _layout: 'ohlcv', length: 14, ...bar })));
    expect(record).toMatchObject({ layout: 'ohlcv', length: 14, low: -372025000000000n, volume: 9385n });
  });

  test('64-bit integers may be numbers as long as these are exact', () => {
    expect(recordOfJson(JSON.stringify({ ...bar, volume: 9385 }))).toMatchObject({ volume: 9385n });
    expect(() => recordOfJson(JSON.stringify({ ...bar, ts_event: 1609160400000000000 }))).toThrow(/ts_event.*quotes/);
  });

  test.for<[DbnVersion, string]>([
    [1, 'def_v1'],
    [2, 'def_v2'],
    [3, 'def_v2'],
  ])('without _layout, fields of old definitions are for version %i those of %s', ([version, layout]) => {
    const old = readRecord({ version: 2, tsOut: false, bytes: definition() }, (view) => JSON.parse(jsonOf(view)));
    expect(recordOfJson(JSON.stringify({ ...old, _layout: undefined }), version).layout).toBe(layout);
  });

  test.for<[unknown, RegExp]>([
    ['{"rtype":', /not JSON/],
    [[1], /object in braces/],
    [null, /object in braces/],
    [{ ...bar, rtype: undefined }, /rtype is missing/],
    [{ ...bar, rtype: 'bar' }, /rtype is not a whole number: "bar"/],
    [{ ...bar, close: undefined, open: undefined }, /missing: open, close/],
    [{ ...bar, clse: '1' }, /no clse; their fields are length, rtype/],
    [{ ...bar, close: '3722.25' }, /close is not a whole number: "3722.25"; prices are in units of/],
    [{ ...bar, close: null }, /close is not a whole number: null/],
    [{ ...bar, close: '9'.repeat(21) }, /close is not a whole number/],
    [{ ...bar, _rtype: 'trades' }, /_rtype is "trades", but rtype 33 is ohlcv-1m/],
    [{ ...bar, _layout: 'trade' }, /_layout is "trade", but ohlcv-1m records are ohlcv/],
    [{ ...bar, rtype: 0xee }, /rtype 238 is not known/],
    [{ _raw: '08ee' }, /_raw is not a whole record/],
    [{ _raw: `04ee${'0'.repeat(27)}x` }, /_raw is not a whole record/],
    [{ _raw: `04ee${'0'.repeat(28)}`, instrument_id: 7 }, /instrument_id is 7, but in the bytes of _raw it is 0/],
    [{ rtype: 23, publisher_id: 0, instrument_id: 0, ts_event: '0', msg: 5, code: 0 }, /msg is text/],
  ])('%j is refused with the reason', ([value, reason]) => {
    expect(() => recordOfJson(typeof value === 'string' ? value : JSON.stringify(value))).toThrow(reason);
  });
});

function definition(): Uint8Array {
  const bytes = new Uint8Array(400);
  bytes.set([100, 0x13]);
  return bytes;
}

async function* oneChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield bytes;
}
