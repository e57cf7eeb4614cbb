import { describe, expect, test } from 'vitest';
import { bar, ES_H, instrument, MINUTE_NS, madeSource, minute, NQ_H, START_NS, tick } from './made-source.ts';
import { connectTo, openGateway, startedClient } from './opened.ts';
import { sentNs, subscription, told } from './raw-client.ts';

const source = madeSource([bar(1, 0), bar(2, 0), bar(4, 0), bar(1, 1), tick('trades', 1, 30)]);
const mappings = ['ES.FUT -> ESH6 (1)', 'ES.FUT -> ESM6 (2)', 'ES.FUT -> ESH6-ESM6 (3)'];

describe('a session', () => {
  test.each([1, 2, 3] as const)('begins with the metadata of a live session in version %i', async (version) => {
    const client = await startedClient(await openGateway({ source, version }), [subscription()]);
    await client.until(() => client.metadata !== null);
    expect(client.metadata).toEqual({
      ...{ version, dataset: 'GLBX.MDP3', schema: null, start: START_NS, end: null, limit: null },
      ...{ stype_in: null, stype_out: 'instrument_id', ts_out: false, symbol_cstr_len: version === 1 ? 22 : 71 },
      ...{ symbols: [], partial: [], not_found: [], mappings: [] },
    });
  });

  test('says for each request that it succeeded, its mappings, then the market with the ends of its minutes', async () => {
    const gateway = await openGateway({ source });
    const client = await startedClient(gateway, [subscription({ id: 7 })]);
    await client.end();
    expect(client.records.map(told)).toEqual([
      'Subscription request 7 for ohlcv-1m data succeeded',
      ...mappings,
      ...['ohlcv 1', 'ohlcv 2', 'End of interval for ohlcv-1m'],
      ...['ohlcv 1', 'End of interval for ohlcv-1m'],
    ]);
    const [ack, mapping, , , , , marker] = client.records;
    expect(ack).toMatchObject({ publisher_id: 0, instrument_id: 0, ts_event: START_NS, code: 1 });
    expect(mapping).toMatchObject({ stype_in: 4, stype_out: 1, ts_event: START_NS });
    expect(marker).toMatchObject({ code: 4, ts_event: START_NS + MINUTE_NS });
  });

  test('numbers requests without an id, and keeps several schemas apart', async () => {
    const gateway = await openGateway({ source });
    const lines = [subscription({ symbols: 'ESH6', stype_in: 'raw_symbol' }), subscription({ schema: 'trades' })];
    const client = await startedClient(gateway, lines);
    await client.end();
    expect(client.records.map(told)).toEqual([
      ...['Subscription request 1 for ohlcv-1m data succeeded', 'ESH6 -> ESH6 (1)'],
      ...['Subscription request 2 for trades data succeeded', ...mappings],
      ...['trade 1', 'ohlcv 1', 'End of interval for ohlcv-1m', 'ohlcv 1', 'End of interval for ohlcv-1m'],
    ]);
  });

  test('puts the lines of one request together and says once that it succeeded', async () => {
    const names = Array.from({ length: 600 }, (_, index) => `X${index}`);
    const instruments = names.map((name, index) => instrument(1000 + index, name));
    const gateway = await openGateway({ source: madeSource([bar(1000, 0), bar(1599, 0)], { instruments }) });
    const half = (from: number, isLast: number): string =>
      subscription({
        stype_in: 'raw_symbol',
        symbols: names.slice(from, from + 500).join(','),
        id: 3,
        is_last: isLast,
      });
    const client = await startedClient(gateway, [half(0, 0), half(500, 1)]);
    await client.end();
    const texts = client.records.map(told);
    expect(texts.filter((text) => text.endsWith('succeeded'))).toEqual([
      'Subscription request 3 for ohlcv-1m data succeeded',
    ]);
    expect(texts.filter((text) => text.includes('->'))).toHaveLength(600);
    expect(texts.slice(-3)).toEqual(['ohlcv 1000', 'ohlcv 1599', 'End of interval for ohlcv-1m']);
  });

  test.each(['start_session', 'start_session=', 'start_session=0'])('starts with the line %s, once', async (line) => {
    const gateway = await openGateway({ source });
    const client = await connectTo(gateway);
    await client.authenticate();
    client.start(subscription(), line);
    await client.end();
    expect(client.records.filter((record) => told(record).endsWith('succeeded'))).toHaveLength(1);
  });

  test('without a subscription is given metadata and nothing else, and time does not pass for it', async () => {
    const gateway = await openGateway({ source });
    const client = await startedClient(gateway, []);
    await client.until(() => client.metadata !== null);
    client.send(`${subscription({ symbols: 'NQ.FUT' })}\n`);
    await client.end();
    expect(client.records.map(told)).toEqual([
      'Subscription request 1 for ohlcv-1m data succeeded',
      ...['NQ.FUT -> NQH6 (4)', 'ohlcv 4', 'End of interval for ohlcv-1m', 'End of interval for ohlcv-1m'],
    ]);
  });

  test('takes further subscriptions while it runs, of a known schema and of a new one', async () => {
    const records = [
      bar(1, 0),
      bar(4, 0),
      tick('trades', 1, 30),
      bar(1, 1),
      bar(4, 1),
      tick('trades', 1, 90),
      bar(1, 2),
    ];
    const gateway = await openGateway({ source: madeSource(records), pace: 'stepped' });
    const client = await startedClient(gateway, [subscription()]);
    await client.until(() => client.records.length === 4);
    await gateway.control('advance 60s');
    await client.until(() => client.records.length === 6);
    client.records.length = 0;
    client.send(`${subscription({ symbols: 'NQ.FUT' })}\n${subscription({ schema: 'trades', symbols: 'ES.FUT' })}\n`);
    await client.until(() => client.records.length === 6);
    await gateway.control('advance 120s');
    await client.end();
    expect(client.records.map(told).filter((text) => !text.includes('->'))).toEqual([
      ...['Subscription request 2 for ohlcv-1m data succeeded', 'Subscription request 3 for trades data succeeded'],
      ...['trade 1', 'ohlcv 1', 'ohlcv 4', 'End of interval for ohlcv-1m', 'ohlcv 1', 'End of interval for ohlcv-1m'],
    ]);
  });

  test('stays connected at the end of the source, or ends cleanly when told so', async () => {
    const ending = await startedClient(await openGateway({ source, endWithSource: true }), [subscription()]);
    await ending.end();
    expect(ending.ending).toBe('end');
    const gateway = await openGateway({ source, endWithSource: false });
    const staying = await startedClient(gateway, [subscription()]);
    await gateway.ended;
    await staying.until(() => staying.records.length === ending.records.length);
    expect(await gateway.control('active_count')).toBe('ack active_count 1');
    expect(staying.ending).toBeNull();
  });

  test('writes when each record was sent behind it if asked to', async () => {
    const gateway = await openGateway({ source });
    const client = await startedClient(gateway, [subscription({ symbols: 'NQ.FUT' })], { ts_out: 1 });
    await client.end();
    expect(client.metadata?.ts_out).toBe(true);
    expect(client.records.map(sentNs)).toEqual([START_NS, START_NS, minute(1), minute(1), minute(2)]);
  });
});

describe('a wrong subscription', () => {
  const many = Array.from({ length: 501 }, (_, index) => `X${index}`).join(',');
  test.each([
    ['more than 500 symbols on a line', subscription({ symbols: many })],
    ['an unknown schema', subscription({ schema: 'ohlcv-5m' })],
    ['an unknown symbology', subscription({ stype_in: 'nickname' })],
    ['no symbols', 'schema=trades|stype_in=parent'],
    ['a snapshot with a start', subscription({ schema: 'mbo', snapshot: 1, start: 0 })],
    ['a snapshot of bars', subscription({ snapshot: 1 })],
    ['a request that is never complete', subscription({ is_last: 0 })],
    ['lines of one request that do not fit', `${subscription({ is_last: 0, id: 1 })}\n${subscription({ id: 2 })}`],
    ['a line of another kind', 'hello'],
  ])('with %s is answered by error 5 and the end once the session starts', async (_, lines) => {
    const client = await startedClient(await openGateway({ source }), [lines]);
    await client.end();
    expect(client.records).toMatchObject([{ layout: 'error_v2', code: 5, is_last: 1 }]);
    expect(told(client.records[0]!)).toMatch(/^error: Invalid subscription: /);
    expect(client.ending).toBe('end');
  });

  test('while the session runs is answered the same at once', async () => {
    const gateway = await openGateway({ source, pace: 'stepped' });
    const client = await startedClient(gateway, [subscription()]);
    await client.until(() => client.records.length === 4);
    client.send('schema=ohlcv-5m|stype_in=parent|symbols=ES.FUT\n');
    await client.end();
    expect(client.records.at(-1)).toMatchObject({ layout: 'error_v2', code: 5 });
  });

  test('does not keep the gateway from serving others', async () => {
    const gateway = await openGateway({ source: madeSource([bar(4, 0)], { instruments: [ES_H, NQ_H] }) });
    const wrong = await startedClient(gateway, ['hello']);
    await wrong.end();
    const client = await startedClient(gateway, [subscription({ symbols: 'NQ.FUT' })]);
    await client.end();
    expect(client.records.map(told)).toContain('ohlcv 4');
  });
});
