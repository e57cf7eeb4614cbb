import { startGateway } from '#adapters/databento/gateway/gateway.ts';
import { startHistoricalServer } from '#adapters/databento/gateway/historical-server.ts';
import type { GatewaySource } from '#adapters/databento/gateway/source.ts';
import type { SessionCalendar } from '#core/market/session-calendar.ts';
import { feedSource } from './gateway/feed-source.ts';
import { type MarketSpec, openMarketData } from './market-data.ts';

/** Where a run gets its bars from: the simulators over generated or recorded bars, or the real Databento. */
export type BarSource = MarketSpec | DatabentoSource;

/** The real Databento, or whatever answers at the addresses instead. */
export interface DatabentoSource {
  readonly kind: 'databento';
  readonly key: string;
  /** null for the data set's own. */
  readonly gateway: { readonly host: string; readonly port: number } | null;
  readonly historicalUrl: string | null;
}

/** A source that the ingest service can connect to. */
export interface BarMarket {
  /** Where the bars come from, in a few words. */
  readonly description: string;
  /** What the service's secret has to hold. */
  readonly key: string;
  /** Variables of the ingest service: where the source is, and how much of its past to ask for. */
  readonly environment: Readonly<Record<string, string>>;
  /** UTC end of the data, when all of it has been sent. A real source has none; rejects when it cannot be read. */
  readonly ended: Promise<number>;
  /** Bars of a file that were left out because they lie outside their session; known at the end. */
  setAsideBars(): number;
  close(): Promise<void>;
}

const NS_PER_MS = 1_000_000n;
const HOST = '127.0.0.1';
/** Keys are 32 characters; this one opens nothing but the simulators of one run. */
const SIMULATOR_KEY = 'db-simulator-of-a-local-run-0000';

/** Opens a source. For recorded and generated bars the two simulators are started in this process, on free ports. */
export async function openBarMarket(
  source: BarSource,
  options: { readonly calendar: SessionCalendar; readonly universe: readonly string[] },
): Promise<BarMarket> {
  return source.kind === 'databento' ? databentoMarket(source) : await simulatedMarket(source, options);
}

function databentoMarket({ key, gateway, historicalUrl }: DatabentoSource): BarMarket {
  return {
    description: `Databento${gateway === null ? '' : ` at ${gateway.host}:${gateway.port}`}`,
    key,
    environment: {
      ...(gateway !== null && { LIVE_HOST: gateway.host, LIVE_PORT: String(gateway.port) }),
      ...(historicalUrl !== null && { HISTORICAL_URL: historicalUrl }),
    },
    ended: new Promise(() => undefined),
    setAsideBars: () => 0,
    close: () => Promise.resolve(),
  };
}

async function simulatedMarket(spec: MarketSpec, options: Parameters<typeof openBarMarket>[1]): Promise<BarMarket> {
  const market = await openMarketData(spec, options);
  const source = await feedSource(market.events, { universe: options.universe });
  // The service sets the pace; the gateway sends what is asked for, and then ends the session.
  const startNs = BigInt(market.startMs) * NS_PER_MS;
  const served = { source, keys: [SIMULATOR_KEY] };
  const gateway = await startGateway({ ...served, startNs, pace: 'max', endWithSource: true });
  const history = await startHistoricalServer({
    ...served,
    port: 0,
    usdPerGigabyte: 0,
    now: () => gateway.clock.now(),
    isDegraded: (date) => market.isHoled(date),
  });
  // While the rest of the system starts, so that the history is at hand when it is asked for.
  const readAhead = readUntil(source, startNs);
  const ended = Promise.all([gateway.ended, readAhead]).then(() => market.endMs());
  // Whoever runs the system hears of it, though not from the first moment on.
  ended.catch(() => undefined);
  const bars = spec.kind === 'file' ? spec.path : `seed ${spec.seed}`;
  return {
    description: `a Databento gateway simulator at ${HOST}:${gateway.port}, over ${bars}`,
    key: SIMULATOR_KEY,
    environment: {
      LIVE_HOST: HOST,
      LIVE_PORT: String(gateway.port),
      HISTORICAL_URL: history.url,
      HISTORY_SESSIONS: String(market.historySessions),
    },
    ended,
    setAsideBars: () => market.setAsideBars(),
    async close() {
      await Promise.all([gateway.close(), history.close()]);
    },
  };
}

/** Reads what a source has until a time; the source keeps what was read for the next one who asks. */
async function readUntil(source: GatewaySource, timeNs: bigint): Promise<void> {
  for await (const batch of source.records({ schemas: source.schemas, fromNs: 0n })) {
    if (batch.length > 0 && batch.availableNs[0]! > timeNs) return;
  }
}
