import { describe, expect, test } from 'vitest';
import type { Gateway } from '#adapters/databento/gateway/gateway.ts';
import { readRawSymbol } from '#adapters/databento/gateway/raw-symbol.ts';
import type { GatewaySource } from '#adapters/databento/gateway/source.ts';
import {
  bar,
  ES_H,
  ES_M,
  ES_SPREAD,
  instrument,
  type MadeRecord,
  madeSource,
  minute,
  NQ_H,
  record,
  START_NS,
} from './made-source.ts';
import { openGateway, startedClient } from './opened.ts';
import { subscription, told } from './raw-client.ts';

const bars = [bar(1, 0), bar(2, 0), bar(3, 0), bar(4, 0)];
const source = madeSource(bars);

/** What a client is told of symbols, and the instruments of the bars it is sent. */
async function given(asked: Record<string, string>, options: { source?: GatewaySource; gateway?: Gateway } = {}) {
  const gateway = options.gateway ?? (await openGateway({ source: options.source ?? source }));
  const client = await startedClient(gateway, [subscription(asked)]);
  await client.end();
  return {
    symbols: client.records.filter(({ layout }) => ['symmap_v2', 'error_v2'].includes(layout)),
    texts: client.records.map(told).filter((text) => /->|error/.test(text)),
    bars: client.records.filter(({ layout }) => layout === 'ohlcv').map(({ instrument_id }) => instrument_id),
  };
}

describe('a subscription by', () => {
  test('parent covers the futures of the root and their spreads', async () => {
    expect(await given({ stype_in: 'parent', symbols: 'ES.FUT' })).toMatchObject({
      texts: ['ES.FUT -> ESH6 (1)', 'ES.FUT -> ESM6 (2)', 'ES.FUT -> ESH6-ESM6 (3)'],
      bars: [1, 2, 3],
    });
  });

  test('raw symbol covers those named', async () => {
    expect(await given({ stype_in: 'raw_symbol', symbols: 'NQH6,ESH6-ESM6' })).toMatchObject({
      texts: ['ESH6-ESM6 -> ESH6-ESM6 (3)', 'NQH6 -> NQH6 (4)'],
      bars: [3, 4],
    });
  });

  test('instrument id covers those numbered', async () => {
    expect(await given({ stype_in: 'instrument_id', symbols: '2' })).toMatchObject({
      texts: ['2 -> ESM6 (2)'],
      bars: [2],
    });
  });

  test('ALL_SYMBOLS covers everything', async () => {
    const { texts, bars: all } = await given({ stype_in: 'raw_symbol', symbols: 'ALL_SYMBOLS' });
    expect(texts).toContain('NQH6 -> NQH6 (4)');
    expect(all).toEqual([1, 2, 3, 4]);
  });

  test('ALL_SYMBOLS covers records of instruments that the source does not name', async () => {
    const unnamed = madeSource([bar(77, 0)], { instruments: [] });
    expect(await given({ stype_in: 'raw_symbol', symbols: 'ALL_SYMBOLS' }, { source: unnamed })).toMatchObject({
      texts: ['77 -> 77 (77)'],
      bars: [77],
    });
  });

  test('symbols that stand for nothing gets one error for each of them, the last marked, and data for the rest', async () => {
    const { symbols, bars: sent } = await given({ stype_in: 'raw_symbol', symbols: 'XXH6,ESH6,YYH6' });
    expect(symbols).toMatchObject([
      { layout: 'symmap_v2', stype_in_symbol: 'ESH6' },
      { layout: 'error_v2', code: 4, err: 'Failed to resolve symbol: XXH6', is_last: 0 },
      { layout: 'error_v2', code: 4, err: 'Failed to resolve symbol: YYH6', is_last: 1 },
    ]);
    expect(sent).toEqual([1]);
  });

  test('a mapping says from when to when the instrument exists', async () => {
    const listed = { ...ES_H, listedNs: START_NS - 5n, expiryNs: START_NS + 5n };
    const { symbols } = await given(
      { symbols: 'ES.FUT' },
      { source: madeSource([bar(1, 0)], { instruments: [listed] }) },
    );
    expect(symbols).toMatchObject([{ stype_in: 4, stype_out: 1, start_ts: START_NS - 5n, end_ts: START_NS + 5n }]);
  });

  test('parent gets the mapping of an instrument that is listed later, before its first record', async () => {
    const later = { ...ES_M, listedNs: minute(1) };
    const gateway = await openGateway({ source: madeSource([bar(1, 0), bar(2, 1)], { instruments: [ES_H, later] }) });
    const client = await startedClient(gateway, [subscription()]);
    await client.end();
    expect(client.records.map(told)).toEqual([
      'Subscription request 1 for ohlcv-1m data succeeded',
      ...['ES.FUT -> ESH6 (1)', 'ohlcv 1', 'End of interval for ohlcv-1m'],
      ...['ES.FUT -> ESM6 (2)', 'ohlcv 2', 'End of interval for ohlcv-1m'],
    ]);
  });
});

describe('a continuous symbol', () => {
  // The nearest contract trades least.
  const trades = [bar(1, 0, 10), bar(2, 0, 20), bar(1, 1, 10), bar(2, 1, 20)];
  const instruments = [ES_H, ES_M, ES_SPREAD, NQ_H];

  test('of rule c goes by expiry', async () => {
    const asked = { stype_in: 'continuous', symbols: 'ES.c.0,ES.c.1,ES.c.2' };
    expect((await given(asked, { source: madeSource(trades, { instruments }) })).texts).toEqual([
      ...['ES.c.0 -> ESH6 (1)', 'ES.c.1 -> ESM6 (2)', 'error: Failed to resolve symbol: ES.c.2'],
    ]);
  });

  test('of rule c passes over what has expired', async () => {
    const expired = { ...ES_H, expiryNs: START_NS - 1n };
    const known = madeSource(trades, { instruments: [expired, ES_M] });
    expect((await given({ stype_in: 'continuous', symbols: 'ES.c.0' }, { source: known })).texts).toEqual([
      'ES.c.0 -> ESM6 (2)',
    ]);
  });

  test('of rule v goes by the volume of the last day', async () => {
    const before = [bar(1, -60, 500), bar(2, -60, 5), ...trades];
    const startNs = minute(0);
    const gateway = await openGateway({ source: madeSource(before, { instruments }), startNs });
    const asked = { stype_in: 'continuous', symbols: 'ES.v.0,ES.v.1' };
    expect((await given(asked, { gateway })).texts).toEqual(['ES.v.0 -> ESH6 (1)', 'ES.v.1 -> ESM6 (2)']);
  });

  test('of rule v goes by the volume to come at the very beginning, and of rule n without open interest too', async () => {
    const asked = { stype_in: 'continuous', symbols: 'ES.v.0,ES.n.0' };
    const { texts, bars: sent } = await given(asked, { source: madeSource(trades, { instruments }) });
    expect(texts).toEqual(['ES.v.0 -> ESM6 (2)', 'ES.n.0 -> ESM6 (2)']);
    // Covered twice and sent once.
    expect(sent).toEqual([2, 2]);
  });

  test('of rule n goes by the newest open interest', async () => {
    const interest = (instrument_id: number, quantity: bigint, ts_recv: bigint): MadeRecord => ({
      schema: 'statistics',
      availableNs: ts_recv,
      record: record('statistics', { instrument_id, ts_recv, stat_type: 9, quantity }),
    });
    const statistics = [interest(1, 10n, minute(-90)), interest(2, 50n, minute(-80)), interest(1, 90n, minute(-70))];
    const known = madeSource([...statistics, ...trades], { instruments });
    const gateway = await openGateway({ source: known, startNs: minute(0) });
    expect((await given({ stype_in: 'continuous', symbols: 'ES.n.0' }, { gateway })).texts).toEqual([
      'ES.n.0 -> ESH6 (1)',
    ]);
  });

  test('stays what it was when it was resolved, and rolls for those who ask again', async () => {
    const gateway = await openGateway({ source: madeSource(trades, { instruments }), pace: 'stepped' });
    const line = subscription({ stype_in: 'continuous', symbols: 'ES.c.0' });
    const client = await startedClient(gateway, [line]);
    await client.until(() => client.records.length === 2);
    expect(await gateway.control('roll ES')).toBe('ack roll');
    await gateway.control('advance 60s');
    client.send(`${line}\n`);
    await client.until(() => client.records.length === 6);
    await gateway.control('advance 60s');
    await client.end();
    expect(client.records.map(told).filter((text) => !text.startsWith('End'))).toEqual([
      ...['Subscription request 1 for ohlcv-1m data succeeded', 'ES.c.0 -> ESH6 (1)', 'ohlcv 1'],
      ...['Subscription request 2 for ohlcv-1m data succeeded', 'ES.c.0 -> ESM6 (2)', 'ohlcv 1', 'ohlcv 2'],
    ]);
  });

  test('is taken as it stands from a file of continuous data', async () => {
    const known = madeSource([bar(9, 0)], { instruments: [instrument(9, 'ES.v.0')] });
    expect(await given({ stype_in: 'continuous', symbols: 'ES.v.0' }, { source: known })).toMatchObject({
      texts: ['ES.v.0 -> ES.v.0 (9)'],
      bars: [9],
    });
  });
});

describe('the symbols of a gateway', () => {
  test('may fail to resolve and resolve later: then mapping and data arrive', async () => {
    const gateway = await openGateway({
      source: madeSource([bar(1, 0), bar(1, 1)]),
      pace: 'stepped',
      unresolvable: ['ESH6'],
    });
    const client = await startedClient(gateway, [subscription({ stype_in: 'raw_symbol', symbols: 'ESH6' })]);
    await client.until(() => client.records.length === 2);
    await gateway.control('advance 60s');
    expect(await gateway.control('resolve ESH6')).toBe('ack resolve');
    await gateway.control('advance 60s');
    await client.end();
    expect(client.records.map(told)).toEqual([
      ...['Subscription request 1 for ohlcv-1m data succeeded', 'error: Failed to resolve symbol: ESH6'],
      ...['End of interval for ohlcv-1m', 'ESH6 -> ESH6 (1)', 'ohlcv 1', 'End of interval for ohlcv-1m'],
    ]);
  });

  test('may change their ids: the new mapping comes before the first record under it', async () => {
    const gateway = await openGateway({
      source: madeSource([bar(1, 0), bar(4, 0), bar(1, 1), bar(4, 1)]),
      pace: 'stepped',
    });
    const client = await startedClient(gateway, [subscription({ stype_in: 'raw_symbol', symbols: 'ESH6,NQH6' })]);
    await client.until(() => client.records.length === 3);
    await gateway.control('advance 60s');
    expect(await gateway.control('remap ESH6')).toBe('ack remap 900000000');
    expect(await gateway.control('remap XXH6')).toBe('nack remap there is no instrument XXH6');
    await gateway.control('advance 60s');
    await client.end();
    expect(client.records.map(told).slice(3)).toEqual([
      ...['ohlcv 1', 'ohlcv 4', 'End of interval for ohlcv-1m'],
      ...['ESH6 -> ESH6 (900000000)', 'ohlcv 900000000', 'ohlcv 4', 'End of interval for ohlcv-1m'],
    ]);
  });
});

describe('a raw symbol says', () => {
  const [summer, autumn] = [BigInt(Date.UTC(2026, 6, 1)) * 1_000_000n, BigInt(Date.UTC(2026, 9, 1)) * 1_000_000n];
  const expiry = (year: number, month: number, day: number) =>
    BigInt(Date.UTC(year, month - 1, day, 13, 30)) * 1_000_000n;

  test.each([
    ['ESU6', summer, ['ES.FUT'], false, expiry(2026, 9, 18)],
    ['ESU6', autumn, ['ES.FUT'], false, expiry(2036, 9, 19)],
    ['ESU26', summer, ['ES.FUT'], false, expiry(2026, 9, 18)],
    ['6EZ6', summer, ['6E.FUT'], false, expiry(2026, 12, 18)],
    ['M2KZ6', summer, ['M2K.FUT'], false, expiry(2026, 12, 18)],
    ['HGN7', summer, ['HG.FUT'], false, expiry(2027, 7, 16)],
    ['ESU6-ESZ6', summer, ['ES.FUT'], true, expiry(2026, 9, 18)],
    ['ESU6 C5000', summer, ['ES.OPT'], false, null],
    ['ES.v.0', summer, ['ES.FUT'], false, null],
    ['AAPL', summer, [], false, null],
  ] as const)('%s: its parent, whether it is a spread, its end', (symbol, onNs, parents, isSpread, expiryNs) => {
    expect(readRawSymbol(symbol, onNs)).toEqual({ parents, isSpread, expiryNs });
  });
});
