import {
  type DatabentoFeed,
  type DatabentoFeedOptions,
  openDatabentoFeed,
} from '#adapters/databento/databento-feed.ts';
import { type Gateway, type GatewayOptions, startGateway } from '#adapters/databento/gateway/gateway.ts';
import { startHistoricalServer } from '#adapters/databento/gateway/historical-server.ts';
import type { FeedEvent } from '#core/market/feed.ts';
import { feedSource } from '#local/gateway/feed-source.ts';
import { calendar } from '../../core/market/feed-events.ts';

const NS_PER_MS = 1_000_000n;
export const KEY = 'db-unittestapikey1234567890FFFFF';

/** What is simulated, and how. */
export interface Simulated {
  readonly events: readonly FeedEvent[];
  readonly universe: readonly string[];
  /** UTC time at which the market stands. */
  readonly startMs: number;
  readonly spreads?: boolean;
  readonly usdPerGigabyte?: number;
  readonly gateway?: Partial<GatewayOptions>;
}

/** Both simulators over some events. */
export interface Simulators {
  readonly gateway: Gateway;
  readonly historicalUrl: string;
  /** UTC end of the events. */
  readonly endMs: number;
  stop(): Promise<void>;
}

/** Starts both simulators on free ports; they accept `KEY`. */
export async function startSimulators(simulated: Simulated): Promise<Simulators> {
  const { events, universe, startMs, spreads = false } = simulated;
  async function* again(): AsyncGenerator<FeedEvent> {
    yield* events;
  }
  const source = await feedSource(again, { universe, spreads });
  const gateway = await startGateway({
    ...{ source, keys: [KEY], startNs: BigInt(startMs) * NS_PER_MS, endWithSource: true, connectionsPerSecond: null },
    ...simulated.gateway,
  });
  const history = await startHistoricalServer({
    ...{ source, keys: [KEY], port: 0, now: () => gateway.clock.now() },
    usdPerGigabyte: simulated.usdPerGigabyte ?? 0,
  });
  const last = events.at(-1);
  return {
    gateway,
    historicalUrl: history.url,
    endMs: last?.kind === 'gap' ? last.toMs : last?.kind === 'closed' ? last.closeTimeMs : 0,
    stop: async () => {
      await Promise.all([gateway.close(), history.close()]);
    },
  };
}

/** A Databento feed over the simulators, and what it said beside its events. */
export interface SimulatedFeed extends Simulators {
  readonly feed: DatabentoFeed;
  /** Level and message of each line of the log. */
  readonly log: string[];
}

/** Starts both simulators and opens a feed on them, which ends where the events do. */
export async function simulatedFeed(
  simulated: Simulated & { readonly feed?: Partial<DatabentoFeedOptions> },
): Promise<SimulatedFeed> {
  const simulators = await startSimulators(simulated);
  const { gateway, historicalUrl, endMs, stop } = simulators;
  const log: string[] = [];
  try {
    const feed = await openDatabentoFeed({
      ...{ key: KEY, dataset: 'GLBX.MDP3', universe: simulated.universe, calendar },
      ...{ historySessions: 1, historyUsdMax: 0 },
      ...{ host: '127.0.0.1', port: gateway.port, historicalUrl, random: () => 0 },
      signal: new AbortController().signal,
      onLog: (level, message) => log.push(`${level} ${message}`),
      onLive: () => log.push('live'),
      ...simulated.feed,
    });
    void gateway.ended.then(() => feed.endAt(endMs));
    return { ...simulators, feed, log };
  } catch (error) {
    await stop();
    throw error;
  }
}
