import { describe, expect, test } from 'vitest';
import type { LiveEvent, LiveNotice } from '../../../../adapters/databento/live/live-event.ts';
import { LiveClient } from '../../../../adapters/databento/live/live-client.ts';
import type { LiveClientOptions } from '../../../../adapters/databento/live/live-options.ts';
import { ack, bar, DATASET, mapping, marker, ScriptedGateway, TEST_KEY } from './scripted-gateway.ts';
import { TestClock } from './test-clock.ts';

export function clientOf({ port }: { readonly port: number }, options: Partial<LiveClientOptions> = {}): LiveClient {
  return new LiveClient({
    key: TEST_KEY,
    dataset: DATASET,
    host: '127.0.0.1',
    port,
    clock: new TestClock(),
    random: () => 0,
    ...options,
  });
}

describe('smoke', () => {
  test('gets what comes', async () => {
    await using gateway = await ScriptedGateway.listen(async (connection) => {
      await connection.begin();
      connection.send(ack(1, 'ohlcv-1m'), mapping(1, 'ES.FUT', 'ESZ6'), bar(0), marker(0));
    });
    const client = clientOf(gateway);
    client.subscribe({ schema: 'ohlcv-1m', symbols: ['es.fut'], stypeIn: 'parent' });
    const got: (LiveEvent | LiveNotice)[] = [];
    for await (const event of client.events()) {
      got.push(event);
      if (event.kind === 'record' && event.record.layout === 'system_v2' && event.record.code === 4) break;
    }
    expect(got.map((event) => (event.kind === 'record' ? event.record.layout : event.kind))).toEqual([
      'connected',
      'system_v2',
      'subscribed',
      'symmap_v2',
      'ohlcv',
      'system_v2',
    ]);
    expect(client.state).toBe('stopped');
    await gateway.connections[0]!.closed();
  });
});
