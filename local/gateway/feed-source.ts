import type { GatewayInstrument, GatewaySource } from '#adapters/databento/gateway/source.ts';
import { contractError } from '#core/errors.ts';
import type { FeedEvent } from '#core/market/feed.ts';
import { feedRecords } from './feed-records.ts';
import { calendarSpread, instrumentOfId, listedContracts, outright } from './listed-contracts.ts';
import { RecordLog } from './record-log.ts';

export interface FeedSourceOptions {
  /** Roots whose contracts are listed, whether they trade or not. */
  readonly universe: readonly string[];
  /** Whether calendar spreads are listed and trade; not when not given. */
  readonly spreads?: boolean;
}

const NS_PER_MS = 1_000_000n;
const DATASET = 'GLBX.MDP3';

/**
 * Makes a feed of ours what a gateway gives out: bars as `ohlcv-1m` of CME contracts, closed minutes as end-of-interval
 * markers. `events` starts the feed from its beginning, each time with the same events. Throws a contract error when the
 * feed says nothing.
 */
export async function feedSource(
  events: () => AsyncIterable<FeedEvent>,
  { universe, spreads: hasSpreads = false }: FeedSourceOptions,
): Promise<GatewaySource> {
  const log = new RecordLog(() => feedRecords(events(), hasSpreads));
  const startNs = await log.startNs();
  if (startNs === null) throw contractError('a gateway needs bars to give out, and the feed has none');
  const known = new Map<number, GatewayInstrument | undefined>();
  return {
    dataset: DATASET,
    startNs,
    get endNs() {
      return log.endNs;
    },
    schemas: new Set(['ohlcv-1m']),
    hasMarkers: true,
    instruments(atNs) {
      const contracts = universe.flatMap((root) => listedContracts(root, Number(atNs / NS_PER_MS)));
      return [...contracts.map(outright), ...(hasSpreads ? contracts.map(calendarSpread) : [])];
    },
    instrument(instrumentId) {
      if (!known.has(instrumentId)) known.set(instrumentId, instrumentOfId(instrumentId));
      return known.get(instrumentId);
    },
    async *records({ schemas, fromNs }) {
      if (schemas.has('ohlcv-1m')) yield* log.read(fromNs);
    },
  };
}
