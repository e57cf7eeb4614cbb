import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { LiveClient } from '../../../../adapters/databento/live/live-client.ts';
import type { LiveLogEntry } from '../../../../adapters/databento/live/live-event.ts';
import { DATASET, ScriptedGateway, TEST_KEY } from './scripted-gateway.ts';
import { TestClock } from './test-clock.ts';

describe('client quality: keys in logs', () => {
  test('a key is in no log entry, error, event or inspected object, whatever happens', async () => {
    await using gateway = await ScriptedGateway.listen(async (connection) => {
      connection.send('lsg_version=0.8.0\ncram=x\n');
      await connection.line();
      if (connection.number === 1) connection.reset();
      else connection.send(`success=0|error=no such key ${TEST_KEY}\n`);
    });
    const shown: unknown[] = [];
    const client = new LiveClient({
      key: TEST_KEY,
      dataset: DATASET,
      host: '127.0.0.1',
      port: gateway.port,
      clock: new TestClock(),
      random: () => 0,
      onLog: (entry) => shown.push(entry),
    });
    client.subscribe({ schema: 'trades', symbols: ['ESZ6'] });
    try {
      for await (const event of client.events()) shown.push(event, inspect(client, { depth: 20, showHidden: true }));
    } catch (error) {
      shown.push(error, inspect(error, { depth: 20, showHidden: true }), (error as Error).stack);
    }
    expect(shown.length).toBeGreaterThan(4);
    const text = inspect(shown, { depth: 20, showHidden: true, maxArrayLength: null, maxStringLength: null });
    expect(text).not.toContain(TEST_KEY);
    expect(text).not.toContain(TEST_KEY.slice(0, 12));
    expect(text).toContain('key ending in FFFFF');
    // The key itself never crosses the wire either.
    expect(gateway.connections.flatMap(({ lines }) => lines).join()).not.toContain(TEST_KEY);
  });

  test('a key that cannot be one is refused without being repeated', () => {
    const make = (): LiveClient => new LiveClient({ key: 'db-secret', dataset: DATASET });
    expect(make).toThrow('has 32 characters, this text has 9');
    expect(make).not.toThrow('db-secret');
  });

  test('a key without the usual prefix is warned of', () => {
    const logged: LiveLogEntry[] = [];
    const key = '32-character-with-lots-of-filler';
    new LiveClient({ key, dataset: DATASET, onLog: (entry) => logged.push(entry) });
    expect(logged).toMatchObject([{ level: 'warn', message: expect.stringContaining('db-') }]);
  });
});
