import { getEventListeners } from 'node:events';
import { describe, expect, test } from 'vitest';
import { DbnEncoder } from '../../../../adapters/databento/dbn/encoder.ts';
import { liveMetadata } from '../../../../adapters/databento/dbn/metadata.ts';
import { LiveClient } from '../../../../adapters/databento/live/live-client.ts';
import { systemClock } from '../../../../adapters/databento/live/live-clock.ts';
import type { LiveLogEntry } from '../../../../adapters/databento/live/live-event.ts';
import { barClientOf, brief, clientOf, collect, collectBrief } from './live-harness.ts';
import {
  ack,
  bar,
  DATASET,
  mapping,
  marker,
  replayed,
  ScriptedGateway,
  START_NS,
  TEST_KEY,
} from './scripted-gateway.ts';
import { TestClock, until } from './test-clock.ts';

describe('a live client', () => {
  test('says in its log with whom it speaks, which attempt it is, and why sessions ended', async () => {
    await using gateway = await ScriptedGateway.listen(async (connection) => {
      if (connection.number === 2) await connection.begin();
      connection.end();
    });
    const logged: LiveLogEntry[] = [];
    let ends = 0;
    const client = barClientOf(gateway, { onLog: (entry) => logged.push(entry) });
    await collect(client, ({ kind }) => kind === 'disconnected' && ++ends === 2);
    const address = { host: '127.0.0.1', port: gateway.port };
    expect(logged).toEqual([
      { level: 'info', message: 'connecting', fields: { ...address, attempt: 1 } },
      {
        level: 'warn',
        message: 'disconnected',
        fields: { reason: 'the gateway closed the connection during authentication', retryInMs: 250, failures: 1 },
      },
      { level: 'info', message: 'connecting', fields: { ...address, attempt: 2 } },
      { level: 'info', message: 'authenticated', fields: { gatewayVersion: '0.8.0', sessionId: '2' } },
      { level: 'info', message: 'streaming', fields: { sessionId: '2', tsOut: false } },
      {
        level: 'warn',
        message: 'disconnected',
        fields: { reason: 'the gateway closed the connection', retryInMs: expect.any(Number), failures: 2 },
      },
    ]);
  });

  test('sends more than 500 symbols on several lines of one subscription', async () => {
    const requests: unknown[] = [];
    await using gateway = await ScriptedGateway.listen(async (connection) => {
      const asked = await connection.begin();
      requests.push(...asked.map(({ id, isLast, symbols }) => [id, isLast, symbols.length]));
    });
    const client = clientOf(gateway);
    client.subscribe({ schema: 'trades', symbols: Array.from({ length: 1_001 }, (_, index) => `s${index}`) });
    client.subscribe({ schema: 'mbo', symbols: ['ALL_SYMBOLS'], snapshot: true });
    await collect(client, ({ kind }) => kind === 'connected');
    expect(requests).toEqual([
      [1, false, 500],
      [1, false, 500],
      [1, true, 1],
      [2, true, 1],
    ]);
  });

  test('runs once', async () => {
    const client = barClientOf({ port: 1 });
    client.stop();
    await client.run({ onRecord: () => undefined });
    expect(client.state).toBe('stopped');
    await expect(client.run({ onRecord: () => undefined })).rejects.toMatchObject({ code: 'usage' });
  });

  test.each(['', 'GLBX', 'GLBX MDP3', 'glbx.mdp3|x=1'])('refuses %j as a data set', (dataset) => {
    expect(() => new LiveClient({ key: TEST_KEY, dataset })).toThrow(expect.objectContaining({ code: 'usage' }));
  });

  test('gives what it has received before it was stopped', async () => {
    await using gateway = await ScriptedGateway.listen(async (connection) => {
      await connection.begin();
      connection.send(bar(0), bar(1), bar(2));
    });
    const client = barClientOf(gateway);
    const seen: string[] = [];
    for await (const event of client.events()) {
      if (event.kind === 'connected') {
        await until(() => client.backlog.events === 3);
        client.stop();
      }
      seen.push(brief(event));
    }
    expect(seen).toEqual(['connected', 'bar 0', 'bar 1', 'bar 2']);
  });

  test('reads DBN of every version, in the newest layouts', async () => {
    for (const version of [1, 2, 3] as const) {
      await using gateway = await ScriptedGateway.listen(async (connection) => {
        await connection.authenticate();
        await connection.subscriptions();
        const encoder = new DbnEncoder({ version });
        encoder.metadata(liveMetadata({ dataset: DATASET, version }));
        for (const record of [ack(1, 'ohlcv-1m'), mapping(1, 'ES.FUT', 'ESZ6'), bar(0), replayed('ohlcv-1m')]) {
          encoder.record(record);
        }
        connection.send(encoder.take());
      });
      const client = barClientOf(gateway);
      const events = await collectBrief(client, 'replay-completed');
      expect(events).toEqual([
        ...['connected', 'system_v2', 'subscribed', 'symmap_v2', 'bar 0', 'system_v2', 'replay-completed'],
      ]);
      expect(client.symbols.get(1)?.symbolOut).toBe('ESZ6');
    }
  });
});

describe('where live records begin, if the session ends before any has come', () => {
  const wallMs = Number(START_NS / 1_000_000n) + 600_000;
  /** Starts of the second session, of a live subscription to trades and of one to bars with the given start. */
  async function secondStarts(
    header: { readonly start: bigint },
    { start = null, acked = null }: { readonly start?: bigint | null; readonly acked?: bigint | null } = {},
  ): Promise<readonly (bigint | null)[]> {
    let starts: readonly (bigint | null)[] = [];
    await using gateway = await ScriptedGateway.listen(async (connection) => {
      const requests = await connection.begin(header);
      if (acked !== null) connection.send(ack(1, 'trades', acked));
      if (connection.number === 1) connection.end();
      else starts = requests.map((request) => request.start);
    });
    // Time stands, but for the delay between the sessions.
    const client = clientOf(gateway, { clock: new TestClock({ startMs: wallMs }) });
    client.subscribe({ schema: 'trades', symbols: ['ESZ6'] });
    client.subscribe({ schema: 'ohlcv-1m', symbols: ['ESZ6'], start });
    let sessions = 0;
    await collect(client, ({ kind }) => kind === 'connected' && ++sessions === 2);
    return starts;
  }

  test('is told by the header', async () => {
    expect(await secondStarts({ start: START_NS + 7n })).toEqual([START_NS + 7n, START_NS]);
  });

  test('is the time of our clock when the header says nothing, or when a replay began', async () => {
    const nowNs = BigInt(wallMs) * 1_000_000n;
    expect(await secondStarts({ start: 0n })).toEqual([nowNs, nowNs]);
    expect(await secondStarts({ start: START_NS }, { start: START_NS })).toEqual([nowNs, START_NS]);
  });

  test('is better told by the acknowledgement', async () => {
    expect(await secondStarts({ start: START_NS }, { acked: START_NS + 9n })).toEqual([START_NS + 9n, START_NS]);
  });
});

test('a clock of ours that is days ahead gives up nothing that the gateway still has', async () => {
  const starts: (bigint | null)[] = [];
  await using gateway = await ScriptedGateway.listen(async (connection) => {
    const [request] = await connection.begin();
    starts.push(request!.start);
    connection.send(ack(1, 'ohlcv-1m'), bar(0), marker(0));
    if (connection.number === 1) connection.end();
  });
  const clock = new TestClock({ startMs: Number(START_NS / 1_000_000n) + 3 * 86_400_000 });
  const client = clientOf(gateway, { clock });
  client.subscribe({ schema: 'ohlcv-1m', symbols: ['ESZ6'], start: START_NS });
  let sessions = 0;
  const events = await collect(client, ({ kind }) => kind === 'connected' && ++sessions === 2);
  expect(starts).toEqual([START_NS, START_NS]);
  expect(events.some(({ kind }) => kind === 'gap')).toBe(false);
});

describe('stopping is prompt and leaves nothing behind', () => {
  /** Time-outs that are running; those of the test runner are the same before and after. */
  const timeouts = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;

  async function stopWhen(client: LiveClient, isReached: () => boolean, stop = () => client.stop()): Promise<void> {
    const running = client.run({ onRecord: () => undefined });
    await until(isReached);
    stop();
    await running;
    expect(client.state).toBe('stopped');
  }

  const real = { clock: systemClock, random: () => 0.9 };

  test('while it connects', async () => {
    const before = timeouts();
    let isAsked = false;
    const lookup = (): void => {
      isAsked = true;
    };
    await stopWhen(barClientOf({ port: 1 }, { ...real, host: 'gateway.test', lookup }), () => isAsked);
    expect(timeouts()).toBe(before);
  });

  test('while it authenticates', async () => {
    await using gateway = await ScriptedGateway.listen((connection) => connection.send('lsg_version=1\n'));
    const before = timeouts();
    await stopWhen(barClientOf(gateway, real), () => gateway.connections.length === 1);
    await gateway.connections[0]!.closed();
    expect(timeouts()).toBe(before);
  });

  test('while it streams', async () => {
    await using gateway = await ScriptedGateway.listen(async (connection) => {
      await connection.begin();
    });
    const before = timeouts();
    const client = barClientOf(gateway, real);
    await stopWhen(client, () => client.state === 'streaming');
    await gateway.connections[0]!.closed();
    expect(timeouts()).toBe(before);
  });

  test('so that no record comes any more', async () => {
    await using gateway = await ScriptedGateway.listen(async (connection) => {
      await connection.begin();
      connection.send(bar(0), bar(1), bar(2));
    });
    const client = barClientOf(gateway);
    let records = 0;
    await client.run({
      onRecord: () => {
        records += 1;
        if (records === 2) client.stop();
      },
    });
    expect(records).toBe(2);
  });

  test('while it waits for the next attempt', async () => {
    await using gateway = await ScriptedGateway.listen((connection) => connection.end());
    const before = timeouts();
    const client = barClientOf(gateway, real);
    await stopWhen(client, () => client.state === 'waiting');
    expect(timeouts()).toBe(before);
  });

  test('while it is paused, or the consumer has it wait', async () => {
    await using gateway = await ScriptedGateway.listen(async (connection) => {
      await connection.begin();
      connection.send(bar(0));
    });
    const paused = barClientOf(gateway, real);
    paused.pause();
    await stopWhen(paused, () => paused.state === 'streaming');
    const waiting = barClientOf(gateway, real);
    const running = waiting.run({ onRecord: () => new Promise<void>(() => undefined) });
    await until(() => waiting.counters.records === 1);
    waiting.stop();
    await running;
    for (const connection of gateway.connections) await connection.closed();
  });

  test('by a signal', async () => {
    await using gateway = await ScriptedGateway.listen(async (connection) => {
      await connection.begin();
    });
    const controller = new AbortController();
    const client = barClientOf(gateway);
    const running = client.run({ onRecord: () => undefined }, controller.signal);
    await until(() => client.state === 'streaming');
    controller.abort();
    await running;
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
    const late = barClientOf(gateway);
    await late.run({ onRecord: () => undefined }, controller.signal);
    expect(gateway.connections.length).toBe(1);
  });
});

describe('an error of the consumer while no session is open', () => {
  test('comes out at once', async () => {
    await using gateway = await ScriptedGateway.listen((connection) => connection.end());
    const mistake = new Error('my own mistake');
    let reject: (error: Error) => void = () => undefined;
    const clock = new TestClock({ hurryMs: 0, startMs: Number(START_NS / 1_000_000n) });
    const client = barClientOf(gateway, { clock });
    const running = client.run({
      onRecord: () => undefined,
      onNotice: () =>
        new Promise<void>((_, no) => {
          reject = no;
        }),
    });
    await until(() => client.state === 'waiting');
    reject(mistake);
    await expect(running).rejects.toBe(mistake);
  });
});
