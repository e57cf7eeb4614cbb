import { describe, expect, test } from 'vitest';
import {
  bar,
  ES_H,
  MINUTE_NS,
  madeSource,
  minute,
  NQ_H,
  SECOND_NS,
  START_NS,
  sourceMarker,
  tick,
} from './made-source.ts';
import { openGateway, startedClient } from './opened.ts';
import { sentNs, subscription, told } from './raw-client.ts';

const bars = Array.from({ length: 6 }, (_, index) => [bar(1, index), bar(4, index)]).flat();
const trades = Array.from({ length: 12 }, (_, index) => tick('trades', 1, 30 * index));
const source = madeSource([...bars, ...trades], { instruments: [ES_H, NQ_H] });
/** Half of it is the past. */
const startNs = minute(3);
const marker = 'End of interval for ohlcv-1m';

/** Everything after the acknowledgements and mappings: what each record is, and minutes from the start. */
async function streamed(lines: readonly string[], options: Partial<Parameters<typeof openGateway>[0]> = {}) {
  const client = await startedClient(await openGateway({ source, startNs, ...options }), lines);
  await client.end();
  const records = client.records.filter(
    (record) => record.layout !== 'symmap_v2' && !told(record).includes('succeeded'),
  );
  return records.map((record) => `${told(record)} @${Number(record.ts_event - START_NS) / Number(MINUTE_NS)}`);
}

describe('a replay', () => {
  test('gives what is there from its start on, says that it is finished, and live goes on without a gap or twice', async () => {
    expect(await streamed([subscription({ start: minute(1) })])).toEqual([
      ...[`${marker} @1`, 'ohlcv 1 @1', `${marker} @2`, 'ohlcv 1 @2', `${marker} @3`, 'Finished ohlcv-1m replay @3'],
      ...['ohlcv 1 @3', `${marker} @4`, 'ohlcv 1 @4', `${marker} @5`, 'ohlcv 1 @5', `${marker} @6`],
    ]);
  });

  test('goes schema by schema, not in order of time', async () => {
    const lines = [subscription({ start: minute(2) }), subscription({ schema: 'trades', start: minute(2) })];
    expect(await streamed(lines)).toEqual([
      ...[`${marker} @2`, 'ohlcv 1 @2', `${marker} @3`, 'Finished ohlcv-1m replay @3'],
      ...['trade 1 @2', 'trade 1 @2.5', 'trade 1 @3', 'Finished trades replay @3'],
      ...['trade 1 @3.5', 'ohlcv 1 @3', 'trade 1 @4', `${marker} @4`, 'trade 1 @4.5', 'ohlcv 1 @4', 'trade 1 @5'],
      ...[`${marker} @5`, 'trade 1 @5.5', 'ohlcv 1 @5', `${marker} @6`],
    ]);
  });

  test('gives each symbol from the start that was asked for it', async () => {
    const lines = [
      subscription({ start: minute(2), symbols: 'ES.FUT' }),
      subscription({ start: minute(1), symbols: 'NQ.FUT' }),
    ];
    const replayed = (await streamed(lines)).filter((text) => text.startsWith('ohlcv')).slice(0, 3);
    expect(replayed).toEqual(['ohlcv 4 @1', 'ohlcv 1 @2', 'ohlcv 4 @2']);
  });

  test('leaves out the schema and the symbols that did not ask for one', async () => {
    const lines = [
      subscription({ symbols: 'NQ.FUT' }),
      subscription({ start: minute(2) }),
      subscription({ schema: 'trades' }),
    ];
    const texts = await streamed(lines);
    expect(texts.slice(0, 4)).toEqual([`${marker} @2`, 'ohlcv 1 @2', `${marker} @3`, 'Finished ohlcv-1m replay @3']);
    expect(texts).not.toContain('Finished trades replay @3');
    expect(texts.slice(4, 7)).toEqual(['trade 1 @3.5', 'ohlcv 1 @3', 'ohlcv 4 @3']);
  });

  test('marks every minute up to now, also where the source is silent', async () => {
    const silent = madeSource([bar(1, 0), bar(1, 9)], { instruments: [ES_H] });
    const texts = await streamed([subscription({ start: minute(2) })], { source: silent, startNs: minute(5) });
    expect(texts.slice(0, 6)).toEqual([
      ...[
        `${marker} @2`,
        `${marker} @3`,
        `${marker} @4`,
        `${marker} @5`,
        'Finished ohlcv-1m replay @5',
        `${marker} @6`,
      ],
    ]);
  });

  test('gives the markers that a source brings itself', async () => {
    const marked = madeSource(
      [bar(1, 0), bar(1, 1), sourceMarker('ohlcv-1m', 2), bar(1, 2), sourceMarker('ohlcv-1m', 3)],
      {
        instruments: [ES_H],
        hasMarkers: true,
      },
    );
    expect(await streamed([subscription({ start: minute(1) })], { source: marked, startNs: minute(2) })).toEqual([
      ...['ohlcv 1 @1', `${marker} @2`, 'Finished ohlcv-1m replay @2', 'ohlcv 1 @2', `${marker} @3`],
    ]);
  });

  test('cuts quotes at intervals by when they were received', async () => {
    const quotes = madeSource([tick('bbo-1s', 1, 10), tick('bbo-1s', 1, 11)], { instruments: [ES_H] });
    const line = subscription({ schema: 'bbo-1s', start: START_NS + 11n * SECOND_NS });
    const texts = await streamed([line], { source: quotes, startNs: minute(1) });
    expect(texts.filter((text) => text.startsWith('bbo'))).toHaveLength(1);
  });

  test('from 0 is of everything that is kept, and the metadata say so', async () => {
    const client = await startedClient(await openGateway({ source, startNs, replayWindowS: 60 }), [
      subscription({ start: 0 }),
    ]);
    await client.end();
    expect(client.metadata?.start).toBe(0n);
    const first = client.records.find(({ layout }) => layout === 'ohlcv');
    expect(first?.ts_event).toBe(minute(2));
  });

  test('states the earliest start in the metadata', async () => {
    const lines = [subscription({ start: minute(2) }), subscription({ schema: 'trades', start: minute(1) })];
    const client = await startedClient(await openGateway({ source, startNs }), lines);
    await client.until(() => client.metadata !== null);
    expect(client.metadata?.start).toBe(minute(1));
  });

  test('that is too old is refused with error 8 and the end', async () => {
    const gateway = await openGateway({ source, startNs, replayWindowS: 60 });
    const client = await startedClient(gateway, [subscription({ start: minute(2) - 1n })]);
    await client.end();
    expect(client.records).toMatchObject([{ layout: 'error_v2', code: 8, is_last: 1 }]);
  });

  test('that is too old is cut to what is kept for a schema that may be skipped', async () => {
    const quotes = madeSource(
      [0, 100, 170].map((seconds) => tick('mbp-1', 1, seconds)),
      { instruments: [ES_H] },
    );
    const line = subscription({ schema: 'mbp-1', start: minute(0) });
    const texts = await streamed([line], { source: quotes, startNs, replayWindowS: 60 });
    expect(texts).toHaveLength(2);
    expect(texts[1]).toBe('Finished mbp-1 replay @3');
  });

  test('reaches back a week for the order book', async () => {
    const orders = madeSource([tick('mbo', 1, 1)], { instruments: [ES_H] });
    const line = subscription({ schema: 'mbo', start: START_NS });
    const texts = await streamed([line], { source: orders, startNs: minute(60 * 24 * 6) });
    expect(texts[0]).toMatch(/^mbo 1 @/);
  });

  test('is not given to a subscription made after the start', async () => {
    const gateway = await openGateway({ source, startNs, pace: 'stepped' });
    const client = await startedClient(gateway, [subscription()]);
    await client.until(() => client.records.length === 2);
    client.send(`${subscription({ symbols: 'NQ.FUT', start: minute(1) })}\n`);
    await client.until(() => client.records.length === 4);
    await gateway.control('advance 1h');
    await client.end();
    expect(client.records.map(told)).not.toContain('Finished ohlcv-1m replay');
    expect(client.records.filter((record) => told(record) === 'ohlcv 4')).toHaveLength(3);
  });

  test('stamps what it sends with the time of sending', async () => {
    const gateway = await openGateway({ source, startNs });
    const client = await startedClient(gateway, [subscription({ start: minute(1) })], { ts_out: 1 });
    await client.end();
    const sent = client.records.filter(({ layout }) => layout === 'ohlcv').map(sentNs);
    expect(sent).toEqual([minute(3), minute(3), minute(4), minute(5), minute(6)]);
  });
});
