import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, test, vi } from 'vitest';
import type { GatewaySource } from '#adapters/databento/gateway/source.ts';
import { madeBar, madeBars, madeSource, madeStartNs, madeTrade } from '../historical/made-source.ts';
import { authorization, bars, dayNs, key, minuteNs, opened, recordsOf, serve } from './historical-requests.ts';

describe('a request to the historical server', () => {
  test('may be a form or a query', async () => {
    const { url, ask } = await serve(madeBars(6));
    const query = await fetch(`${url}/v0/metadata.get_record_count?${new URLSearchParams(bars)}`, {
      headers: { authorization },
    });
    expect([await query.json(), await (await ask('metadata.get_record_count', bars)).json()]).toEqual([16, 16]);
  });

  test('is counted by its id, refused or not', async () => {
    const { url, ask } = await serve([]);
    const ids = [await fetch(url), await ask('metadata.list_datasets'), await ask('metadata.no_such_call')];
    expect(ids.map(({ headers }) => headers.get('request-id'))).toEqual([
      'sim-00000001',
      'sim-00000002',
      'sim-00000003',
    ]);
    expect(ids.map(({ status }) => status)).toEqual([404, 200, 404]);
  });

  test.each([
    ['no credentials', {}],
    ['another key', { authorization: `Basic ${Buffer.from('db-another:').toString('base64')}` }],
    ['a password', { authorization: `Basic ${Buffer.from(`${key}:x`).toString('base64')}` }],
    ['the key alone', { authorization: `Basic ${Buffer.from(key).toString('base64')}` }],
    ['another scheme', { authorization: `Bearer ${key}` }],
  ])('is not let in with %s', async (_, headers) => {
    const response = await (await serve([])).ask('metadata.list_datasets', {}, { headers });
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ detail: { case: 'auth_authentication_failed', status_code: 401 } });
  });

  test('of another method, or too large, is refused', async () => {
    const { ask } = await serve([]);
    expect((await ask('metadata.list_datasets', {}, { method: 'DELETE' })).status).toBe(405);
    expect((await ask('metadata.get_cost', { symbols: 'X'.repeat(1_100_000) })).status).toBe(413);
  });

  test('that makes the source fail is answered with status 500', async () => {
    const source = {
      ...madeSource(madeBars(2)),
      records: () => {
        throw new Error('disk gone');
      },
    };
    const response = await (await serve([], { source })).ask('metadata.get_cost', bars);
    expect([response.status, await response.text()]).toEqual([500, expect.stringContaining('disk gone')]);
  });

  test('whose client goes away ends the pass over the source', async () => {
    const made = madeSource(madeBars(3_000));
    let passes = 0;
    const source: GatewaySource = {
      ...made,
      async *records(query) {
        passes += 1;
        try {
          yield* made.records(query);
        } finally {
          passes -= 1;
        }
      },
    };
    const { url } = await serve([], { source, now: () => madeStartNs + 4n * dayNs, flushBytes: 56 });
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    const body = new URLSearchParams({ ...bars, end: `${madeStartNs + 3_000n * minuteNs}` }).toString();
    const head = ['POST /v0/timeseries.get_range HTTP/1.1', 'host: server', `authorization: ${authorization}`];
    socket.write(`${head.join('\r\n')}\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
    await once(socket, 'data');
    expect(passes).toBe(1);
    socket.destroy();
    await vi.waitFor(() => expect(passes).toBe(0), 10_000);
  });
});

describe('a range that is served', () => {
  test('begins with its start and ends before its end', async () => {
    const { ask } = await serve(madeBars(6));
    const start = `${madeStartNs + minuteNs}`;
    const { metadata, records } = await opened(ask('timeseries.get_range', { ...bars, start }));
    expect(records).toEqual(recordsOf(madeBars(4).slice(4)));
    expect(metadata).toMatchObject({ version: 3, dataset: 'GLBX.MDP3', schema: 'ohlcv-1m', start: BigInt(start) });
    expect(metadata).toMatchObject({ end: BigInt(bars.end), limit: null, ts_out: false, stype_out: 'instrument_id' });
  });

  test('is cut by ts_recv where records have it', async () => {
    const trades = [0n, 5n, 9n, 10n].map((afterNs) => madeTrade(101, afterNs));
    const [start, end] = [`${madeStartNs + 5n}`, `${madeStartNs + 10n}`];
    const { records } = await opened(
      (await serve(trades)).ask('timeseries.get_range', { ...bars, schema: 'trades', start, end }),
    );
    expect(records).toEqual(recordsOf(trades.slice(1, 3)));
  });

  test('is in the order of its times, also when a bar came late', async () => {
    const late = { ...madeBar(102, 0), availableNs: madeStartNs + 3n * minuteNs };
    const made = [madeBar(101, 0), madeBar(101, 1), late, madeBar(101, 2)];
    const { records } = await opened((await serve(made)).ask('timeseries.get_range', bars));
    expect(records).toEqual(recordsOf([madeBar(101, 0), madeBar(102, 0), madeBar(101, 1), madeBar(101, 2)]));
  });

  test('has nothing that is not available yet, and cannot be asked for beyond', async () => {
    const slow = { ...madeBar(102, 1), availableNs: madeStartNs + 9n * minuteNs };
    const made = [madeBar(101, 0), madeBar(101, 1), madeBar(101, 2), slow];
    const { ask } = await serve(made, { now: () => madeStartNs + 2n * minuteNs + 30n });
    const end = `${madeStartNs + 2n * minuteNs}`;
    const { records } = await opened(ask('timeseries.get_range', { ...bars, end }));
    expect(records).toEqual(recordsOf([madeBar(101, 0), madeBar(101, 1)]));
    const beyond = await ask('timeseries.get_range', { ...bars, end: `${BigInt(end) + 1n}` });
    expect(beyond.status).toBe(422);
    expect(await beyond.json()).toMatchObject({
      detail: {
        case: 'data_end_after_available_end',
        payload: { dataset: 'GLBX.MDP3', available_end: '2026-01-05T14:32:00.000000000Z' },
      },
    });
  });

  test('lags the market when history is to', async () => {
    const { ask } = await serve(madeBars(6), { now: () => madeStartNs + 6n * minuteNs, delayNs: 2n * minuteNs });
    expect((await ask('timeseries.get_range', bars)).status).toBe(200);
    expect((await ask('timeseries.get_range', { ...bars, end: `${BigInt(bars.end) + minuteNs}` })).status).toBe(422);
  });

  test.each([
    ['2026-01-05T14:31', 4],
    ['2026-01-05T14', 24],
    ['2026-01-05', 24],
    [`${madeStartNs}`, 4],
  ])('without an end lasts as long as the span %s names', async (start, count) => {
    const { dataset, schema } = bars;
    const response = await (await serve(madeBars(6))).ask('metadata.get_record_count', { dataset, schema, start });
    expect(await response.json()).toBe(count);
  });

  test('stops at its limit', async () => {
    const { metadata, records } = await opened(
      (await serve(madeBars(6))).ask('timeseries.get_range', { ...bars, limit: '5' }),
    );
    expect(records).toEqual(recordsOf(madeBars(6).slice(0, 5)));
    expect(metadata.limit).toBe(5n);
  });

  test('is of the day in which its bars began', async () => {
    const lastMinute = 9 * 60 + 29;
    const { ask } = await serve([madeBar(101, 0), madeBar(101, lastMinute)], { now: () => madeStartNs + 2n * dayNs });
    const response = await ask('metadata.get_dataset_condition', { dataset: bars.dataset, start_date: '2026-01-05' });
    expect(await response.json()).toEqual([
      { date: '2026-01-05', condition: 'available', last_modified_date: '2026-01-06' },
      { date: '2026-01-06', condition: 'missing', last_modified_date: null },
      { date: '2026-01-07', condition: 'pending', last_modified_date: '2026-01-07' },
    ]);
  });

  test('costs its bytes at the price of a gigabyte', async () => {
    const { ask } = await serve(madeBars(6), { usdPerGigabyte: 2 ** 30 });
    const asked = ['get_billable_size', 'get_cost'].map(
      async (name) => await (await ask(`metadata.${name}`, bars)).json(),
    );
    expect(await Promise.all(asked)).toEqual([16 * 56, 16 * 56]);
  });

  test.each<[string, Record<string, string>, string]>([
    ['another dataset', { dataset: 'XNAS.ITCH' }, 'request_invalid_parameter'],
    ['a schema that is not there', { schema: 'mbo' }, 'request_invalid_parameter'],
    ['no start', { start: '' }, 'request_invalid_parameter'],
    ['a time that is none', { start: 'monday' }, 'request_invalid_parameter'],
    ['a limit that is none', { limit: '-1' }, 'request_invalid_parameter'],
    ['an encoding that is not made', { encoding: 'csv' }, 'request_invalid_parameter'],
    ['an empty symbol', { symbols: 'ESH6,,ESM6' }, 'request_invalid_parameter'],
    [
      'too many symbols',
      { symbols: Array.from({ length: 2_001 }, (_, index) => `S${index}`).join() },
      'request_invalid_parameter',
    ],
    ['symbols of which none is known', { symbols: 'ZZH6' }, 'symbology_invalid_request'],
    [
      'a pair of stypes that cannot be resolved',
      { stype_in: 'parent', stype_out: 'raw_symbol' },
      'symbology_invalid_request',
    ],
    ['an end before its start', { end: `${madeStartNs - 1n}` }, 'data_time_range_start_on_or_after_end'],
    ['a start in the future', { start: '2030-01-01', end: '2030-01-02' }, 'data_start_after_available_end'],
    ['a start before the data', { start: '2020-01-01' }, 'data_start_before_available_start'],
  ])('is refused with status 422 for %s', async (_, parameters, name) => {
    const response = await (await serve(madeBars(6))).ask('timeseries.get_range', { ...bars, ...parameters });
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({
      detail: { case: name, message: expect.any(String), docs: expect.any(String) },
    });
  });
});
