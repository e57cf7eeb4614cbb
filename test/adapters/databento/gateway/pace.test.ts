import { describe, expect, test } from 'vitest';
import { bar, ES_H, MINUTE_NS, madeSource, manyDefinitions, minute, SECOND_NS, START_NS } from './made-source.ts';
import { ManualClock } from './manual-clock.ts';
import { connectTo, openGateway, startedClient } from './opened.ts';
import { sentNs, subscription, told } from './raw-client.ts';

const source = madeSource([bar(1, 0), bar(1, 1), bar(1, 2)], { instruments: [ES_H] });
const [PREAMBLE, marker] = [2, 'End of interval for ohlcv-1m'];

describe('at a pace', () => {
  test('records come when their time has come', async () => {
    const clock = new ManualClock();
    const gateway = await openGateway({ source, clock, pace: 60, endWithSource: false });
    const client = await startedClient(gateway, [subscription()], { ts_out: 1 });
    await client.until(() => client.records.length === PREAMBLE);
    clock.advance(999);
    expect(client.records).toHaveLength(PREAMBLE);
    clock.advance(1);
    await client.until(() => client.records.length === PREAMBLE + 2);
    clock.advance(1000);
    await client.until(() => client.records.length === PREAMBLE + 4);
    clock.advance(1000);
    await client.until(() => client.records.length === PREAMBLE + 6);
    const sent = client.records.slice(PREAMBLE).map((one) => Number(sentNs(one)! - START_NS) / Number(SECOND_NS));
    expect(sent).toEqual([60, 60, 120, 120, 180, 180]);
    await gateway.ended;
    clock.advance(500);
    expect(gateway.clock.now()).toBe(START_NS + 210n * SECOND_NS);
  });

  test('a reader who takes nothing for long is warned when it reads again', async () => {
    const clock = new ManualClock();
    const busy = madeSource(manyDefinitions(2, 25_000), { instruments: [ES_H], batchRecords: 512 });
    const gateway = await openGateway({ source: busy, clock, pace: 1 });
    const client = await startedClient(gateway, [subscription({ schema: 'definition' })]);
    await client.until(() => client.records.length === PREAMBLE);
    client.socket.pause();
    clock.advance(2000);
    // Until the connection is full.
    await expect.poll(async () => (await gateway.control('status')).includes('"blocked":true')).toBe(true);
    clock.advance(5000);
    client.socket.resume();
    await client.end();
    const warnings = client.records.map(told).filter((text) => text.startsWith('Warning: slow reading'));
    expect(warnings[0]).toMatch(/^Warning: slow reading, [57]000 ms behind$/);
    expect(client.records.filter(({ layout }) => layout === 'def_v3')).toHaveLength(50_000);
  });

  test('latency and jitter shift when records are sent, and nothing else', async () => {
    const gateway = await openGateway({ source, latencyMs: 250, jitterMs: 500 });
    const client = await startedClient(gateway, [subscription()], { ts_out: 1 });
    await client.end();
    const market = client.records.slice(PREAMBLE);
    expect(market.map(told)).toEqual(['ohlcv 1', marker, 'ohlcv 1', marker, 'ohlcv 1', marker]);
    const delays = market.map((one, index) => Number(sentNs(one)! - minute(1 + Math.floor(index / 2))) / 1e6);
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(250);
    expect(Math.max(...delays)).toBeLessThan(750);
    expect(new Set(delays).size).toBe(3);
  });
});

describe('as fast as clients read', () => {
  test('time stands while a client does not read, for all', async () => {
    const busy = madeSource(manyDefinitions(200, 250), { instruments: [ES_H], batchRecords: 250 });
    const gateway = await openGateway({ source: busy, sessionsToStart: 2 });
    const clients = [await connectTo(gateway), await connectTo(gateway)] as const;
    for (const client of clients) await client.authenticate();
    clients[0].socket.pause();
    for (const client of clients) client.start(subscription({ schema: 'definition' }));
    const settled = async (): Promise<bigint> => {
      let before = -1n;
      while (before !== gateway.clock.now()) {
        before = gateway.clock.now();
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      return before;
    };
    const stoodAt = await settled();
    expect(stoodAt).toBeLessThan(START_NS + 200n * SECOND_NS);
    clients[0].socket.resume();
    await Promise.all(clients.map((client) => client.end()));
    for (const client of clients)
      expect(client.records.filter(({ layout }) => layout === 'def_v3')).toHaveLength(50_000);
  });

  test('a weekend takes no time, and all its minutes are marked', async () => {
    const weekend = madeSource([bar(1, 0), bar(1, 48 * 60)], { instruments: [ES_H] });
    const client = await startedClient(await openGateway({ source: weekend }), [subscription()]);
    await client.end();
    expect(client.records.filter((record) => told(record) === marker)).toHaveLength(48 * 60 + 1);
  });
});

describe('stepped', () => {
  test('an answer to "advance" comes when everything due was sent', async () => {
    const gateway = await openGateway({ source, pace: 'stepped', endWithSource: false });
    const client = await startedClient(gateway, [subscription()]);
    await client.until(() => client.records.length === PREAMBLE);
    expect(await gateway.control('advance 59s')).toBe(`ack advance ${START_NS + 59n * SECOND_NS}`);
    expect(await gateway.control('advance 2026-02-05T15:02')).toBe(`ack advance ${START_NS + 2n * MINUTE_NS}`);
    await client.until(() => client.records.length === PREAMBLE + 4);
    expect(await gateway.control('advance 1s')).toMatch(/^ack/);
    expect(client.records).toHaveLength(PREAMBLE + 4);
    expect(await gateway.control('advance -1s')).toBe(
      'nack advance "-1s" is neither a duration such as 60s nor a time',
    );
    expect(await gateway.control('advance 2026-02-05T15:00')).toBe('nack advance the clock does not go back');
  });

  test('what a session starts late is the present, unless it asks for the past', async () => {
    const gateway = await openGateway({ source, pace: 'stepped', endWithSource: false });
    await gateway.control('advance 2m');
    const client = await startedClient(gateway, [subscription()]);
    await client.until(() => client.records.length === PREAMBLE);
    await gateway.control('advance 1m');
    await client.until(() => client.records.length === PREAMBLE + 2);
    expect(client.metadata?.start).toBe(minute(2));
    expect(client.records[PREAMBLE]).toMatchObject({ ts_event: minute(2) });
  });
});

describe('heartbeats', () => {
  const beats = ({ records }: { records: readonly { readonly layout: string }[] }): number =>
    records.filter((record) => 'msg' in record && record.msg === 'Heartbeat').length;

  test('come after an interval of silence, with the time of the market', async () => {
    const clock = new ManualClock();
    const gateway = await openGateway({ source, clock, pace: 'stepped' });
    const client = await startedClient(gateway, [subscription()], { heartbeat_interval_s: 10 });
    await client.until(() => client.records.length === PREAMBLE);
    clock.advance(10_000);
    await client.until(() => beats(client) === 1);
    clock.advance(9999);
    expect(beats(client)).toBe(1);
    clock.advance(1);
    await client.until(() => beats(client) === 2);
    expect(client.records.at(-1)).toMatchObject({ code: 0, ts_event: START_NS });
  });

  test('come only when nothing else was sent in the interval', async () => {
    const clock = new ManualClock();
    const gateway = await openGateway({ source, clock, pace: 'stepped' });
    const client = await startedClient(gateway, [subscription()], { heartbeat_interval_s: 10 });
    await client.until(() => client.records.length === PREAMBLE);
    clock.advance(6000);
    await gateway.control('advance 60s');
    await client.until(() => client.records.length === PREAMBLE + 2);
    clock.advance(9999);
    await gateway.control('unknown');
    await client.until(() => client.records.length === PREAMBLE + 3);
    expect(beats(client)).toBe(0);
    clock.advance(10_000);
    await client.until(() => beats(client) === 1);
  });

  test('come every 30 seconds when the client names no interval, and before any subscription', async () => {
    const clock = new ManualClock();
    const gateway = await openGateway({ source, clock, pace: 'stepped' });
    const client = await startedClient(gateway, []);
    await client.until(() => client.metadata !== null);
    clock.advance(29_999);
    clock.advance(1);
    await client.until(() => beats(client) === 1);
    expect(client.records).toHaveLength(1);
  });

  test('go on after the end of the source', async () => {
    const clock = new ManualClock();
    const gateway = await openGateway({ source, clock, endWithSource: false });
    const client = await startedClient(gateway, [subscription()]);
    await gateway.ended;
    clock.advance(30_000);
    await client.until(() => beats(client) === 1);
    expect(client.records.at(-1)).toMatchObject({ ts_event: minute(3) });
  });
});
