import type { LookupFunction } from 'node:net';
import { describe, expect, test } from 'vitest';
import { errorCodes } from '../../../../adapters/databento/dbn/enums.ts';
import { LiveClient } from '../../../../adapters/databento/live/live-client.ts';
import type { LiveLogEntry } from '../../../../adapters/databento/live/live-event.ts';
import { barClientOf, brief, collect, collectBrief, collectDelays, delaysOf } from './live-harness.ts';
import {
  bar,
  gatewayError,
  MINUTE_NS,
  marker,
  replayed,
  ScriptedGateway,
  START_NS,
  TEST_KEY,
  trade,
} from './scripted-gateway.ts';
import { TestClock, until } from './test-clock.ts';

describe('client quality: python issue 86, no reconnect after a clean end', () => {
  test.each([
    ['a clean end', (connection) => connection.end(), 'the gateway closed the connection'],
    ['a reset', (connection) => connection.reset(), 'the connection broke'],
    [
      'an end inside a record',
      (connection) => {
        connection.send(new Uint8Array([14, 0x21, 0]));
        connection.end();
      },
      'truncated',
    ],
    ['bytes that are no record', (connection) => connection.send(new Uint8Array([1, 2, 3, 4])), 'corrupt'],
    [
      'an internal error',
      (connection) => connection.send(gatewayError(errorCodes.internalError, 'Internal error')),
      'Internal error',
    ],
  ] as [string, (connection: { end(): void; reset(): void; send(...parts: unknown[]): void }) => void, string][])(
    '%s is followed by the next session, and told with its reason',
    async (_, end, reason) => {
      await using gateway = await ScriptedGateway.listen(async (connection) => {
        await connection.begin();
        connection.send(bar(connection.number));
        if (connection.number > 1) return;
        // Once the client has what came before, so that a reset takes nothing of it away.
        await until(() => client.counters.records > 0);
        end(connection as never);
      });
      const client = barClientOf(gateway);
      const events = await collect(client, (event) => brief(event) === 'bar 2');
      expect(events.map(brief).filter((text) => text !== 'error_v2')).toEqual([
        'connected',
        'bar 1',
        'disconnected',
        'connected',
        'bar 2',
      ]);
      expect(events.find(({ kind }) => kind === 'disconnected')).toMatchObject({
        reason: expect.stringContaining(reason),
      });
    },
  );

  test('an end before the session has begun is followed by the next attempt', async () => {
    await using gateway = await ScriptedGateway.listen(async (connection) => {
      if (connection.number === 1) connection.end();
      else if (connection.number === 2) connection.send('lsg_version=0.8.0\n');
      else if (connection.number === 3) connection.send('HTTP/1.1 400 Bad Request\n\nx=y\n'.repeat(9));
      else if (connection.number === 4) {
        await connection.authenticate();
        connection.end();
      } else await connection.begin();
      if (connection.number === 2) connection.reset();
    });
    const events = await collectBrief(barClientOf(gateway), 'connected');
    expect(events).toEqual([...Array(4).fill('disconnected'), 'connected']);
  });
});

describe('client quality: python source, a single attempt without back-off, and a start that is dropped', () => {
  test('attempts go on without end, at random delays that grow from 1 s to 60 s', async () => {
    await using gateway = await ScriptedGateway.listen((connection) => connection.end());
    expect(await delaysOf(gateway, 12, 0.999_999)).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60, 60]);
  });

  test('delays are short again after a replay that was completed', async () => {
    await using gateway = await ScriptedGateway.listen(async (connection) => {
      if (connection.number !== 5) {
        connection.end();
        return;
      }
      await connection.begin();
      connection.send(replayed('ohlcv-1m'));
      connection.end();
    });
    expect(await delaysOf(gateway, 6, 0.999_999)).toEqual([1, 2, 4, 8, 1, 2]);
  });

  test('delays are short again after a minute of good data', async () => {
    const clock = new TestClock();
    await using gateway = await ScriptedGateway.listen(async (connection) => {
      if (connection.number !== 4) {
        connection.end();
        return;
      }
      await connection.begin();
      for (let turn = 1; turn <= 3; turn++) {
        connection.send(bar(turn));
        await until(() => client.counters.records === turn);
        if (turn < 3) await clock.advance(30_000);
      }
      connection.end();
    });
    const client = barClientOf(gateway, { clock, random: () => 0.999_999 });
    expect(await collectDelays(client, clock, 5)).toEqual([1, 2, 4, 1, 2]);
  });

  test('the next session replays each schema from where that one had come to, with an overlap', async () => {
    const asked: unknown[] = [];
    await using gateway = await ScriptedGateway.listen(async (connection) => {
      const requests = await connection.begin();
      asked.push(requests.map(({ schema, start, id }) => ({ schema, start, id })));
      connection.send(bar(90), trade(START_NS + 90n * MINUTE_NS + 7n), marker(90));
      if (connection.number === 1) connection.end();
    });
    const client = barClientOf(gateway);
    client.subscribe({ schema: 'trades', symbols: ['ESZ6'], start: START_NS });
    let sessions = 0;
    await collect(client, ({ kind }) => kind === 'connected' && ++sessions === 2);
    const untilNs = START_NS + 91n * MINUTE_NS;
    expect(asked).toEqual([
      [
        { schema: 'ohlcv-1m', start: null, id: 1 },
        { schema: 'trades', start: START_NS, id: 2 },
      ],
      [
        { schema: 'ohlcv-1m', start: untilNs - 60n * MINUTE_NS, id: 1 },
        { schema: 'trades', start: START_NS + 90n * MINUTE_NS + 7n - 10_000_000_000n, id: 2 },
      ],
    ]);
  });
});

describe('client quality: python 0.67, rs 0.45, cpp 0.52, hung connections', () => {
  test('silence for the heartbeat interval and ten seconds ends a session, any byte before keeps it', async () => {
    await using gateway = await ScriptedGateway.listen(async (connection) => {
      await connection.begin();
      connection.send(bar(connection.number));
    });
    const clock = new TestClock();
    const client = barClientOf(gateway, { clock, heartbeatIntervalS: 5 });
    const events = collect(client, (event) => brief(event) === 'bar 2');
    await until(() => client.counters.records === 1);
    await clock.advance(14_000);
    // One byte of a record is a sign of life too.
    const { bytes } = client.counters;
    gateway.connections[0]!.send(new Uint8Array([14]));
    await until(() => client.counters.bytes > bytes);
    await clock.advance(14_999);
    expect(client.state).toBe('streaming');
    await clock.advance(1);
    const [, , disconnected] = await events;
    expect(disconnected).toMatchObject({
      kind: 'disconnected',
      reason: expect.stringContaining('nothing came for 15 s'),
    });
  });

  test('it is armed when the session starts, before anything has come', async () => {
    await using gateway = await ScriptedGateway.listen(async (connection) => {
      await connection.authenticate();
      await connection.subscriptions();
      if (connection.number === 2) connection.end();
    });
    const clock = new TestClock();
    const client = barClientOf(gateway, { clock });
    const events = collect(client, ({ kind }) => kind === 'disconnected');
    await until(() => gateway.connections[0]?.lines.includes('start_session') === true);
    await clock.advance(40_000);
    expect(await events).toMatchObject([{ reason: expect.stringContaining('nothing came for 40 s') }]);
  });

  test('a gateway that does not answer to authentication is given up after 30 s in all', async () => {
    await using gateway = await ScriptedGateway.listen((connection) => connection.send('lsg_version=1\n'));
    const clock = new TestClock();
    const client = barClientOf(gateway, { clock });
    const events = collect(client, ({ kind }) => kind === 'disconnected');
    await until(() => gateway.connections.length === 1 && clock.sleeping === 1);
    await clock.advance(29_999);
    expect(client.state).toBe('connecting');
    await clock.advance(1);
    expect(await events).toMatchObject([{ reason: expect.stringContaining('not authenticated within 30 s') }]);
  });

  test('an address that does not answer is given up after 10 s', async () => {
    // A name whose resolution never ends is as good as an address that never answers.
    const clock = new TestClock();
    const client = barClientOf({ port: 1 }, { clock, host: 'gateway.test', lookup: () => undefined });
    const events = collect(client, ({ kind }) => kind === 'disconnected');
    await until(() => clock.sleeping === 1);
    await clock.advance(10_000);
    expect(await events).toMatchObject([{ reason: expect.stringContaining('no answer within 10 s') }]);
  });
});

describe('client quality: cpp 0.64 and rs, one address tried and a cached one used again', () => {
  test('the name is resolved for every attempt, and every address of it is tried', async () => {
    await using gateway = await ScriptedGateway.listen(async (connection) => {
      await connection.begin();
      if (connection.number === 1) connection.end();
    });
    const asked: string[] = [];
    const lookup: LookupFunction = (name, _, callback) => {
      asked.push(name);
      // Nobody listens on the port at the other addresses.
      callback(null, [
        { address: '127.0.0.2', family: 4 },
        { address: '::1', family: 6 },
        { address: '127.0.0.1', family: 4 },
      ]);
    };
    let sessions = 0;
    const client = barClientOf(gateway, { host: 'gateway.test', lookup });
    await collect(client, ({ kind }) => kind === 'connected' && ++sessions === 2);
    expect(asked).toEqual(['gateway.test', 'gateway.test']);
  });

  test('a name that does not resolve, or whose addresses all refuse, is tried again', async () => {
    await using gateway = await ScriptedGateway.listen(async (connection) => {
      await connection.begin();
    });
    let attempts = 0;
    const lookup: LookupFunction = (name, _, callback) => {
      attempts += 1;
      if (attempts === 1) callback(Object.assign(new Error(`no such name: ${name}`), { code: 'ENOTFOUND' }), []);
      else
        callback(null, attempts === 2 ? [{ address: '127.0.0.2', family: 4 }] : [{ address: '127.0.0.1', family: 4 }]);
    };
    const events = await collect(
      barClientOf(gateway, { host: 'gateway.test', lookup }),
      ({ kind }) => kind === 'connected',
    );
    expect(events).toMatchObject([
      { kind: 'disconnected', reason: expect.stringContaining('no such name') },
      { kind: 'disconnected', reason: expect.stringContaining('ECONNREFUSED') },
      { kind: 'connected' },
    ]);
  });

  test("the address is the data set's own gateway when none is given", async () => {
    const names: string[] = [];
    const lookup: LookupFunction = (name, _, callback) => {
      names.push(name);
      callback(new Error('not here'), []);
    };
    const logged: LiveLogEntry[] = [];
    const client = new LiveClient({
      key: TEST_KEY,
      dataset: 'XNAS.BASIC.X',
      lookup,
      clock: new TestClock(),
      onLog: (entry) => logged.push(entry),
    });
    await collect(client, ({ kind }) => kind === 'disconnected');
    expect(names).toEqual(['xnas-basic-x.lsg.databento.com']);
    expect(logged[0]).toMatchObject({ message: 'connecting', fields: { port: 13_000 } });
  });
});
