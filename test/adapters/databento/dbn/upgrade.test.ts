import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DbnDecoder } from '#adapters/databento/dbn/decoder.ts';
import { downgradeRecord } from '#adapters/databento/dbn/downgrade.ts';
import { UNDEF_PRICE, UNDEF_STAT_QUANTITY } from '#adapters/databento/dbn/enums.ts';
import type { DbnVersion, LayoutName } from '#adapters/databento/dbn/layouts.ts';
import type {
  DbnRecord,
  DefinitionRecord,
  OldLayoutName,
  RecordOf,
  StoredRecord,
} from '#adapters/databento/dbn/record.ts';
import { toObject } from '#adapters/databento/dbn/record-object.ts';
import { encodeRecord } from '#adapters/databento/dbn/record-writer.ts';
import { newestLayouts, upgradeRecord } from '#adapters/databento/dbn/upgrade.ts';
import { recordOf, versionedLayouts } from './arbitrary-records.ts';
import { decodeChunks } from './decoded.ts';

const changed = versionedLayouts.filter(([layout]) => layout in newestLayouts) as readonly (readonly [
  OldLayoutName,
  DbnVersion,
])[];

/** What definitions no longer have. */
const dropped = ['trading_reference_price', 'trading_reference_date', 'md_security_trading_status', 'settl_price_type'];
/** What only newer layouts have, as it is when an older record did not say it. */
const added: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  def_v3: {
    ...{ leg_price: UNDEF_PRICE, leg_delta: UNDEF_PRICE, leg_instrument_id: 0, leg_underlying_id: 0 },
    ...{ leg_ratio_price_numerator: 0, leg_ratio_price_denominator: 0 },
    ...{ leg_ratio_qty_numerator: 0, leg_ratio_qty_denominator: 0 },
    ...{ leg_count: 0, leg_index: 0, leg_raw_symbol: '', leg_instrument_class: '', leg_side: 'N' },
  },
  stat_v3: {},
  symmap_v2: { stype_in: 255, stype_out: 255 },
  system_v2: { code: expect.any(Number) },
  error_v2: { code: expect.any(Number), is_last: 255 },
};
const lengths: Readonly<Record<string, number>> = {
  def_v3: 130,
  stat_v3: 20,
  symmap_v2: 44,
  system_v2: 80,
  error_v2: 80,
};

describe.each(changed)('%s of version %i', (layout, version) => {
  test.each([false, true])('is upgraded by the names of its fields, ts_out %s', (hasTsOut) => {
    fc.assert(
      fc.property(recordOf(layout, version, hasTsOut), (record) => {
        const newest = newestLayouts[layout];
        const { layout: _, length: __, ...fields } = record as unknown as Record<string, unknown>;
        for (const name of dropped) delete fields[name];
        if (typeof fields.raw_instrument_id === 'number') fields.raw_instrument_id = BigInt(fields.raw_instrument_id);
        if (typeof fields.quantity === 'number') {
          fields.quantity = fields.quantity === 2 ** 31 - 1 ? UNDEF_STAT_QUANTITY : BigInt(fields.quantity);
        }
        const length = lengths[newest]! + (hasTsOut ? 2 : 0);
        const expected = { ...added[newest], ...fields, layout: newest, length };
        expect(upgradeRecord(record)).toEqual(expected);
        const options = { fragment: { version, tsOut: hasTsOut } };
        expect(decodeChunks([encodeRecord(record)], options).records).toEqual([upgradeRecord(record)]);
      }),
      { numRuns: 25 },
    );
  });

  test('comes back from being upgraded and downgraded, but for the fields that no longer exist', () => {
    fc.assert(
      fc.property(recordOf(layout, version, true), (record) => {
        const newest = upgradeRecord(record);
        const back = downgradeRecord(newest, version);
        const kept = (all: object) =>
          Object.fromEntries(Object.entries(all).filter(([name]) => !dropped.includes(name)));
        expect(kept(back)).toEqual(kept(record));
        expect(upgradeRecord(back)).toEqual(newest);
        expect(encodeRecord(back)).toHaveLength(encodeRecord(record).length);
      }),
      { numRuns: 25 },
    );
  });
});

test('records whose layout never changed are the same in every version', () => {
  const same = versionedLayouts.filter(([layout, version]) => version === 1 && !(layout in newestLayouts));
  for (const [layout] of same) {
    const [record] = fc.sample(recordOf(layout, 1, true), { numRuns: 1, seed: 7 }) as [DbnRecord];
    expect(upgradeRecord(record)).toBe(record);
    for (const version of [1, 2, 3] as const) expect(downgradeRecord(record, version)).toBe(record);
  }
});

describe('codes follow from the text of version 1', () => {
  const header = { length: 20, publisher_id: 0, instrument_id: 0, ts_event: 0n };
  test.each([
    ['Heartbeat', 0],
    ['Heartbeat ', 255],
    ['Subscription request 3 for ohlcv-1m data succeeded', 1],
    ['Subscription request 3 for ohlcv-1m data', 255],
    ['Warning: slow reading, 3 records', 2],
    ['Finished trades replay', 3],
    ['Finished trades', 255],
    ['End of interval for ohlcv-1m', 4],
    ['', 255],
  ])('system %j is %i', (msg, code) => {
    expect(upgradeRecord({ ...header, layout: 'system_v1', rtype: 0x17, msg })).toMatchObject({ msg, code });
  });

  test.each([
    ['User or API key deactivated', 2],
    ['User has reached their open connection limit', 3],
    ['Failed to resolve symbol: XX.FUT', 4],
    ['Internal error', 6],
    ['Internal error!', 255],
    ['Slow client detected for GLBX.MDP3', 7],
    ['Authentication failed', 255],
  ])('error %j is %i', (err, code) => {
    expect(upgradeRecord({ ...header, layout: 'error_v1', rtype: 0x15, err })).toMatchObject({
      err,
      code,
      is_last: 255,
    });
  });
});

test('of what follows an old layout only ts_out is kept', () => {
  const [record] = fc.sample(recordOf('stat_v1', 2, false), { numRuns: 1, seed: 3 }) as [RecordOf<'stat_v1'>];
  const body = encodeRecord(record);
  const longer = Buffer.concat([body, Buffer.alloc(12, 0xaa), Buffer.from([5, 0, 0, 0, 0, 0, 0, 0])]);
  longer[0] = longer.length / 4;
  const read = (tsOut: boolean) => {
    const results: { record: StoredRecord; bytes: number }[] = [];
    new DbnDecoder({ fragment: { version: 2, tsOut } }).feed(longer, (view) =>
      results.push({ record: toObject(view), bytes: view.byteLength }),
    );
    return results[0];
  };
  const newest = upgradeRecord(record);
  expect(read(false)).toEqual({ record: newest, bytes: 80 });
  expect(read(true)).toEqual({ record: { ...newest, length: 22, ts_out: 5n }, bytes: 88 });
});

test('text without its closing NUL is upgraded whole', () => {
  const [record] = fc.sample(recordOf('symmap_v1', 1, false), { numRuns: 1, seed: 3 }) as [RecordOf<'symmap_v1'>];
  const bytes = encodeRecord({ ...record, stype_out_symbol: '' });
  bytes.fill(0x41, 38, 60);
  expect(decodeChunks([bytes], { fragment: true }).records).toMatchObject([
    { layout: 'symmap_v2', stype_out_symbol: 'A'.repeat(22) },
  ]);
});

describe('what an older layout cannot hold is refused, never cut', () => {
  const any = <Name extends LayoutName>(layout: Name) =>
    fc.sample(recordOf(layout, 3, false), { numRuns: 1, seed: 11 })[0] as unknown as RecordOf<Name>;
  const definition = { ...any('def_v3'), raw_instrument_id: 1n, raw_symbol: 'A', asset: 'ES', leg_count: 2 };
  const cases: readonly (readonly [string, DbnRecord, DbnVersion, string])[] = [
    ['a raw symbol of 22 bytes', { ...definition, raw_symbol: 'x'.repeat(22) }, 1, 'raw_symbol is text of at most 21'],
    ['an asset of 7 bytes', { ...definition, asset: 'x'.repeat(7) }, 2, 'asset is text of at most 6'],
    ['an id of more than 32 bits', { ...definition, raw_instrument_id: 2n ** 32n }, 2, 'raw_instrument_id is u32'],
    ['a quantity of more than 31 bits', { ...any('stat_v3'), quantity: 2n ** 31n }, 2, 'quantity is i32'],
    ['a quantity that would be undefined', { ...any('stat_v3'), quantity: 2n ** 31n - 1n }, 1, 'quantity is i32'],
    ['a long symbol', { ...any('symmap_v2'), stype_in_symbol: 'x'.repeat(22) }, 1, 'stype_in_symbol is text'],
    ['a long message', { ...any('system_v2'), msg: 'x'.repeat(64) }, 1, 'msg is text of at most 63'],
    ['a long error', { ...any('error_v2'), err: 'x'.repeat(64) }, 1, 'err is text of at most 63'],
  ];
  test.each(cases)('%s', (_, record, version, reason) => {
    expect(() => downgradeRecord(record, version)).toThrow(expect.objectContaining({ code: 'range' }));
    expect(() => downgradeRecord(record, version)).toThrow(reason);
  });

  test('but legs, which older definitions do not have, are left out', () => {
    const old = downgradeRecord(definition as DefinitionRecord, 2);
    expect(old).toMatchObject({ layout: 'def_v2', raw_symbol: 'A', raw_instrument_id: 1, settl_price_type: 255 });
    expect(old).not.toHaveProperty('leg_count');
    expect(encodeRecord(old)).toHaveLength(400);
  });
});
