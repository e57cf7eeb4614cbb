import { LiveClient } from '../../../../adapters/databento/live/live-client.ts';
import type { LiveEvent } from '../../../../adapters/databento/live/live-event.ts';
import type { LiveClientOptions } from '../../../../adapters/databento/live/live-options.ts';
import { DATASET, MINUTE_NS, type ScriptedGateway, START_NS, TEST_KEY } from './scripted-gateway.ts';
import { TestClock } from './test-clock.ts';

/** A client of a scripted gateway on a clock of the test, whose delays between connections are the shortest. */
export function clientOf(gateway: Pick<ScriptedGateway, 'port'>, options: Partial<LiveClientOptions> = {}): LiveClient {
  const { port } = gateway;
  const basics = { key: TEST_KEY, dataset: DATASET, host: '127.0.0.1', port };
  return new LiveClient({ ...basics, clock: new TestClock(), random: () => 0, ...options });
}

/** The same, subscribed to one-minute bars. */
export function barClientOf(
  gateway: Pick<ScriptedGateway, 'port'>,
  options: Partial<LiveClientOptions> = {},
): LiveClient {
  const client = clientOf(gateway, options);
  client.subscribe({ schema: 'ohlcv-1m', stypeIn: 'parent', symbols: ['ES.FUT'] });
  return client;
}

/** An event in a few words: `bar 3`, `marker 3`, or its kind. */
export function brief(event: LiveEvent): string {
  if (event.kind !== 'record') return event.kind;
  const { record } = event;
  const minute = (record.ts_event - START_NS) / MINUTE_NS;
  if (record.layout === 'ohlcv') return `bar ${minute}`;
  if (record.layout === 'system_v2' && record.code === 4) return `marker ${minute - 1n}`;
  return record.layout;
}

/** Everything that a client brings up to and including the first event for which `isLast` holds; the client is stopped then. */
export async function collect(client: LiveClient, isLast: (event: LiveEvent) => boolean): Promise<LiveEvent[]> {
  const events: LiveEvent[] = [];
  for await (const event of client.events()) {
    events.push(event);
    if (isLast(event)) break;
  }
  return events;
}

/** As `collect`, up to an event in a few words, and only those events of which the words begin with one of `kinds`. */
export async function collectBrief(client: LiveClient, last: string, ...kinds: readonly string[]): Promise<string[]> {
  const events = await collect(client, (event) => brief(event) === last);
  return events.map(brief).filter((text) => kinds.length === 0 || kinds.some((kind) => text.startsWith(kind)));
}

/** The first delays between connections, in seconds, of a client for which random numbers are always the same. */
export async function delaysOf(gateway: ScriptedGateway, count: number, random: number): Promise<number[]> {
  const clock = new TestClock();
  return collectDelays(barClientOf(gateway, { clock, random: () => random }), clock, count);
}

/** The first delays between connections of a client, in seconds; its clock is moved on by each. */
export async function collectDelays(client: LiveClient, clock: TestClock, count: number): Promise<number[]> {
  const delays: number[] = [];
  await collect(client, (event) => {
    if (event.kind !== 'disconnected') return false;
    delays.push(Math.round(event.retryInMs / 1_000));
    void clock.advance(event.retryInMs);
    return delays.length === count;
  });
  return delays;
}
