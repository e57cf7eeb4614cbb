import { describe, expect, test } from 'vitest';
import { parseFaultRates } from '#adapters/databento/gateway/faults.ts';
import type { GatewayOptions } from '#adapters/databento/gateway/gateway.ts';
import { bar, ES_H, madeSource, minute, tick } from './made-source.ts';
import { ManualClock } from './manual-clock.ts';
import { openGateway, startedClient } from './opened.ts';
import { subscription, told } from './raw-client.ts';

const bars = Array.from({ length: 40 }, (_, index) => bar(1, index));
const source = madeSource(bars, { instruments: [ES_H] });
const marker = 'End of interval for ohlcv-1m';
/** Acknowledgement and mapping. */
const PREAMBLE = 2;

/** A gateway whose time is stepped, and a client that has been sent the first bar and its marker. */
async function stepped(options: Partial<GatewayOptions> = {}, auth = {}) {
  const gateway = await openGateway({ source, pace: 'stepped', ...options });
  const client = await startedClient(gateway, [subscription()], auth);
  await client.until(() => client.records.length === PREAMBLE);
  await gateway.control('advance 60s');
  await client.until(() => client.records.length === PREAMBLE + 2);
  return { gateway, client };
}

/** All that a client is sent from a source that is read to its end, without acknowledgement and mapping. */
async function all(options: Partial<GatewayOptions>, line = subscription()) {
  const client = await startedClient(await openGateway({ source, ...options }), [line]);
  await client.end();
  return { client, texts: client.records.slice(PREAMBLE).map(told) };
}

describe('on request a gateway', () => {
  test('ends the connection cleanly after what has been sent', async () => {
    const { gateway, client } = await stepped();
    expect(await gateway.control('eof')).toBe('ack eof 1');
    await client.end();
    expect([client.ending, client.records.length]).toEqual(['end', PREAMBLE + 2]);
  });

  test('resets the connection', async () => {
    const { gateway, client } = await stepped();
    expect(await gateway.control('reset 1')).toBe('ack reset 1');
    await client.end();
    expect(client.ending).toBe('reset');
  });

  test('falls silent, without heartbeats, and keeps the connection', async () => {
    const clock = new ManualClock();
    const { gateway, client } = await stepped({ clock });
    expect(await gateway.control('hang')).toBe('ack hang 1');
    clock.advance(300_000);
    expect(await gateway.control('advance 10m')).toMatch(/^ack advance/);
    const other = await startedClient(gateway, [subscription()]);
    await other.until(() => other.records.length === PREAMBLE);
    expect([client.ending, client.records.length]).toEqual([null, PREAMBLE + 2]);
  });

  test('that reads as fast as its clients waits for one that hangs, until it is gone', async () => {
    const gateway = await openGateway({ source, sessionsToStart: 2, faults: { hang: 1 } });
    const hung = await startedClient(gateway, [subscription()]);
    await hung.until(() => hung.records.length === PREAMBLE);
    const other = await startedClient(gateway, [subscription()]);
    await other.until(() => other.records.length > PREAMBLE);
    // Both hang in the second minute that they are sent, and time stands.
    await expect.poll(async () => /"now":"(\d+)"/.exec(await gateway.control('status'))?.[1]).toBe(String(minute(2)));
    await gateway.control('faults none');
    hung.close();
    other.close();
    const third = await startedClient(gateway, [subscription({ start: minute(0) })]);
    await third.end();
    expect(third.records.filter(({ layout }) => layout === 'ohlcv')).toHaveLength(40);
  });

  test.each([1, 2, 3, 5, 6, 8])('sends error %i and ends the connection', async (code) => {
    const { gateway, client } = await stepped();
    expect(await gateway.control(`error ${code}`)).toBe('ack error 1');
    await client.end();
    expect(client.records.at(-1)).toMatchObject({ layout: 'error_v2', code, is_last: 1 });
  });

  test.each([4, 7, 200])('sends error %i and goes on', async (code) => {
    const { gateway, client } = await stepped();
    await gateway.control(`error ${code} 1`);
    await gateway.control('advance 60s');
    await client.until(() => client.records.length === PREAMBLE + 5);
    expect(client.records.slice(PREAMBLE + 2)).toMatchObject([{ code }, { layout: 'ohlcv' }, { code: 4 }]);
  });

  test('sends a record of a type that nobody knows', async () => {
    const { gateway, client } = await stepped();
    await gateway.control('unknown');
    await gateway.control('advance 60s');
    await client.until(() => client.records.length === PREAMBLE + 5);
    expect(client.records[PREAMBLE + 2]).toMatchObject({ layout: 'unknown', rtype: 0xee, length: 6 });
    expect(told(client.records[PREAMBLE + 3]!)).toBe('ohlcv 1');
  });

  test('warns a slow reader, and leaves nothing out of what is never left out', async () => {
    const { gateway, client } = await stepped({}, { slow_reader_behavior: 'skip' });
    await gateway.control('slow');
    await gateway.control('advance 60s');
    await client.until(() => client.records.length === PREAMBLE + 5);
    expect(client.records[PREAMBLE + 2]).toMatchObject({ msg: 'Warning: slow reading, 3000 ms behind', code: 2 });
  });

  test('leaves out quotes for a slow reader who asked for that, and says how many', async () => {
    const quotes = madeSource(
      [10, 20, 130, 140].map((seconds) => tick('mbp-1', 1, seconds)),
      { instruments: [ES_H] },
    );
    const given = async (slow_reader_behavior: string): Promise<string[]> => {
      const gateway = await openGateway({ source: quotes, pace: 'stepped' });
      const client = await startedClient(gateway, [subscription({ schema: 'mbp-1' })], { slow_reader_behavior });
      await client.until(() => client.records.length === PREAMBLE);
      await gateway.control('slow');
      await gateway.control('advance 3m');
      await client.end();
      return client.records.slice(PREAMBLE).map(told);
    };
    expect(await given('skip')).toEqual([
      'error: Slow client detected for mbp-1, 2 records skipped',
      'mbp1 1',
      'mbp1 1',
    ]);
    expect(await given('warn')).toEqual([
      'Warning: slow reading, 3000 ms behind',
      'mbp1 1',
      'mbp1 1',
      'mbp1 1',
      'mbp1 1',
    ]);
  });

  test('sends no ends of intervals, and sends them again', async () => {
    const { gateway, client } = await stepped();
    await gateway.control('markers off');
    await gateway.control('advance 60s');
    await gateway.control('markers on');
    await gateway.control('advance 60s');
    await client.until(() => client.records.length === PREAMBLE + 5);
    expect(client.records.slice(PREAMBLE).map(told)).toEqual(['ohlcv 1', marker, 'ohlcv 1', 'ohlcv 1', marker]);
  });

  test('loses what happens in an outage, for a replay too', async () => {
    const { gateway, client } = await stepped();
    expect(await gateway.control('outage 2m')).toBe('ack outage');
    await gateway.control('advance 3m');
    await client.until(() => client.records.length === PREAMBLE + 4);
    expect(client.records.slice(PREAMBLE).map(({ ts_event }) => ts_event)).toEqual([
      ...[minute(0), minute(1), minute(3), minute(4)],
    ]);
    const again = await startedClient(gateway, [subscription({ start: minute(0) })]);
    await again.until(() => again.records.some((record) => told(record).startsWith('Finished')));
    expect(again.records.filter(({ layout }) => layout === 'ohlcv').map(({ ts_event }) => ts_event)).toEqual([
      ...[minute(0), minute(3)],
    ]);
  });

  test('has nobody to do it to before a session streams', async () => {
    const gateway = await openGateway({ source });
    expect(await gateway.control('eof')).toBe('nack eof no session streams');
    expect(await gateway.control('hang 7')).toBe('nack hang no session 7 streams');
  });
});

describe('at random a gateway', () => {
  test('delivers bars after their marker, or after the next one, but all of them', async () => {
    const { client, texts } = await all({ faults: { late: 0.5 } });
    const opened = client.records.filter(({ layout }) => layout === 'ohlcv').map(({ ts_event }) => ts_event);
    expect(opened).not.toEqual(opened.toSorted((a, b) => Number(a - b)));
    expect(opened.toSorted((a, b) => Number(a - b))).toEqual(Array.from({ length: 40 }, (_, index) => minute(index)));
    expect(texts.filter((text) => text === marker)).toHaveLength(40);
  });

  test('delivers replayed records twice, and live ones once', async () => {
    const line = subscription({ start: minute(0) });
    const { client } = await all({ faults: { duplicate: 1 }, startNs: minute(20) }, line);
    const opened = client.records.filter(({ layout }) => layout === 'ohlcv').map(({ ts_event }) => ts_event);
    expect(opened).toHaveLength(60);
    expect(new Set(opened).size).toBe(40);
    expect(client.records.filter((record) => told(record) === marker)).toHaveLength(41);
  });

  test('leaves out ends of intervals', async () => {
    const { texts } = await all({ faults: { 'missing-marker': 0.5 } });
    const markers = texts.filter((text) => text === marker).length;
    expect(texts.length - markers).toBe(40);
    expect(markers).toBeGreaterThan(5);
    expect(markers).toBeLessThan(35);
  });

  test('strikes sessions in minutes after their first, each time the same for the same seed', async () => {
    const length = async (seed: number): Promise<number> =>
      (await all({ seed, faults: { eof: 0.2 } })).client.records.length;
    const lengths = await Promise.all([1, 2, 3, 4, 5, 6].map(length));
    expect(new Set(lengths).size).toBeGreaterThan(2);
    expect(Math.min(...lengths)).toBeGreaterThanOrEqual(PREAMBLE + 2);
    expect(await Promise.all([1, 2, 3, 4, 5, 6].map(length))).toEqual(lengths);
  });

  test.each([
    ['reset', { ending: 'reset' }],
    ['internal-error', { ending: 'end', last: 'error: Internal error' }],
  ] as const)('strikes with %s', async (kind, expected) => {
    const { client, texts } = await all({ faults: { [kind]: 1 } });
    expect({ ending: client.ending, ...('last' in expected && { last: texts.at(-1) }) }).toEqual(expected);
  });

  test('puts in unknown records and warnings every minute but the first', async () => {
    const { texts } = await all({ faults: { unknown: 1 } });
    expect(texts.filter((text) => text === 'unknown 0')).toHaveLength(39);
    const slow = await all({ faults: { slow: 1 } });
    expect(slow.texts.filter((text) => text.startsWith('Warning: slow reading'))).toHaveLength(39);
  });
});

describe('rates of faults', () => {
  test('are read from a list', () => {
    expect(parseFaultRates('eof=0.001, late=1')).toEqual({ eof: 0.001, late: 1 });
    expect(parseFaultRates('none')).toEqual({});
    expect(parseFaultRates('')).toEqual({});
  });

  test.each([
    ['fire=1', /"fire" is no fault; the faults with a rate are eof, /],
    ['eof', /the rate of eof must be a probability from 0 to 1, not ""/],
    ['eof=2', /must be a probability/],
    ['eof=x', /must be a probability/],
  ])('%s is refused', (text, message) => {
    expect(() => parseFaultRates(text)).toThrow(message);
  });
});
