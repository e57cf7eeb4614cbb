import { openDatabentoFeed } from '#adapters/databento/databento-feed.ts';
import { startGateway } from '#adapters/databento/gateway/gateway.ts';
import { startHistoricalServer } from '#adapters/databento/gateway/historical-server.ts';
import { makeRandom } from '#adapters/databento/gateway/random.ts';
import { cmeCalendar } from '#core/market/cme-hours.ts';
import type { FeedEvent } from '#core/market/feed.ts';
import { madeWeek } from './made-week.ts';

/** What became of a seed's week on its way through our feed. */
export interface FeedSoakOutcome {
  readonly failures: readonly string[];
  readonly events: number;
  readonly disconnects: number;
}

const KEY = 'db-soaksoaksoaksoaksoaksoaksoak1';
const NS_PER_MS = 1_000_000n;
/** Of faults after which the machine's own time need not pass. */
const rates = {
  eof: 0.0005,
  reset: 0.0005,
  'internal-error': 0.0003,
  slow: 0.001,
  unknown: 0.01,
  duplicate: 0.02,
} as const;

/**
 * Sends the week of a seed through both simulators and our feed, as the ingest service does, and holds its events to
 * those that the week was made from, each minute proved.
 */
export async function feedSoak(seed: number): Promise<FeedSoakOutcome> {
  const week = await madeWeek(seed, { random: makeRandom(seed, 'feed soak'), lateShare: 0 });
  const { source, gate, universe } = week;
  const connections = { connectionsPerSecond: null, endWithSource: true };
  const gateway = await startGateway({ source, keys: [KEY], seed, faults: rates, ...connections });
  const history = await startHistoricalServer({ source, keys: [KEY], port: 0, now: () => gateway.clock.now() });
  gate.heard(gateway.clock.now());
  let disconnects = 0;
  try {
    const feed = await openDatabentoFeed({
      ...{ key: KEY, dataset: source.dataset, universe, calendar: cmeCalendar() },
      ...{ historySessions: 0, historyUsdMax: 0, random: () => 0 },
      ...{ host: '127.0.0.1', port: gateway.port, historicalUrl: history.url },
      signal: new AbortController().signal,
      onLog(_level, message) {
        if (!message.includes('disconnected')) return;
        disconnects += 1;
        gate.release();
      },
      onLive: () => undefined,
    });
    const lastMs = Number(source.endNs! / NS_PER_MS);
    void gateway.ended.then(() => feed.endAt(lastMs));
    const wanted = week.events.map((event) => (event.kind === 'closed' ? { ...event, grade: 'proved' } : event));
    const told: FeedEvent[] = [];
    for await (const event of feed.events()) {
      told.push(event);
      if (event.kind === 'closed') gate.heard(BigInt(event.closeTimeMs) * NS_PER_MS);
    }
    return { failures: differences(told, wanted), events: told.length, disconnects };
  } finally {
    await Promise.all([gateway.close(), history.close()]);
  }
}

function differences(told: readonly object[], wanted: readonly object[]): string[] {
  const at = wanted.findIndex((event, index) => JSON.stringify(event) !== JSON.stringify(told[index]));
  if (at !== -1) return [`event ${at} is ${JSON.stringify(told[at])} instead of ${JSON.stringify(wanted[at])}`];
  return told.length === wanted.length ? [] : [`${told.length} events instead of ${wanted.length}`];
}
