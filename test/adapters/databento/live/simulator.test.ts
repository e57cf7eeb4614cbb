import { describe, expect, test } from 'vitest';
import type { OhlcvRecord, TradeRecord } from '#adapters/databento/dbn/record.ts';
import type { FaultRates } from '#adapters/databento/gateway/faults.ts';
import { makeRandom } from '#adapters/databento/gateway/random.ts';
import { LiveClient } from '#adapters/databento/live/live-client.ts';
import { systemClock } from '#adapters/databento/live/live-clock.ts';
import type { LiveClientOptions } from '#adapters/databento/live/live-options.ts';
import { bar, type MadeRecord, madeSource, minute, record, SECOND_NS } from '../gateway/made-source.ts';
import { openGateway } from '../gateway/opened.ts';
import { KEY } from '../gateway/raw-client.ts';

const MINUTES = 240;
const SPEED = 100;

/** Time that passes a hundred times as fast, so that a hung connection is given up after 0.4 s. */
const fastClock: LiveClientOptions['clock'] = {
  now: () => systemClock.now(),
  monotonic: () => systemClock.monotonic() * SPEED,
  sleep: (ms, signal) => systemClock.sleep(ms / SPEED, signal),
};

/** Four hours of bars of three instruments, with holes, and of trades, many of the same time. */
function makeMarket(seed: number): readonly MadeRecord[] {
  const random = makeRandom(seed, 'market');
  const records: MadeRecord[] = [];
  for (let count = 0; count < MINUTES; count++) {
    for (const instrumentId of [1, 2, 4]) {
      if (random.uniform() < 0.7) records.push(bar(instrumentId, count, records.length));
      for (let trades = random.below(6); trades > 0; trades--) {
        const availableNs = minute(count) + BigInt(random.below(60)) * SECOND_NS;
        // The exchange's time, of which the order is another than that of arrival.
        const ts_event = availableNs - BigInt(random.below(3)) * SECOND_NS;
        const made = { instrument_id: instrumentId, ts_event, ts_recv: availableNs, sequence: records.length };
        records.push({ schema: 'trades', availableNs, record: record('trades', made) });
      }
    }
  }
  return records.toSorted((a, b) => Number(a.availableNs - b.availableNs));
}

const barText = ({
  instrument_id,
  ts_event,
  volume,
}: Pick<OhlcvRecord, 'instrument_id' | 'ts_event' | 'volume'>): string =>
  `${instrument_id} at ${ts_event} with ${volume}`;
const tradeText = ({ instrument_id, sequence }: Pick<TradeRecord, 'instrument_id' | 'sequence'>): string =>
  `${instrument_id} as ${sequence}`;

/** What a client has got, or should get. */
interface Received {
  readonly bars: string[];
  /** By instrument. */
  readonly trades: Map<number, string[]>;
}

function expected(market: readonly MadeRecord[]): Received {
  const bars = market.map(({ record: made }) => made).filter((made) => made.layout === 'ohlcv');
  const trades = market.map(({ record: made }) => made).filter((made) => made.layout === 'trade');
  const byInstrument = [...Map.groupBy(trades, ({ instrument_id }) => instrument_id)];
  return { bars: bars.map(barText), trades: new Map(byInstrument.map(([id, some]) => [id, some.map(tradeText)])) };
}

/** Everything that a client gets of a market through a gateway with faults, and the number of sessions that took. */
async function follow(
  market: readonly MadeRecord[],
  { seed, faults, ...options }: { seed: number; faults: FaultRates } & Partial<LiveClientOptions>,
): Promise<Received & { markers: bigint[]; sessions: number }> {
  const gateway = await openGateway({
    source: madeSource(market, { batchRecords: 50 }),
    ...{ seed, faults, endWithSource: false },
  });
  const address = { host: '127.0.0.1', port: gateway.port };
  const client = new LiveClient({
    key: KEY,
    dataset: 'GLBX.MDP3',
    ...address,
    clock: fastClock,
    random: () => 0,
    ...options,
  });
  const wanted = { stypeIn: 'parent', symbols: ['ES.FUT', 'NQ.FUT'], start: 0n } as const;
  client.subscribe({ ...wanted, schema: 'ohlcv-1m' });
  client.subscribe({ ...wanted, schema: 'trades' });
  // When the gateway has sent everything, a further session replays what may be missing.
  let hasEnded = false;
  let isFurther = false;
  void gateway.ended.then(() => {
    hasEnded = true;
    client.reconnect();
  });
  const received: Received = { bars: [], trades: new Map() };
  const markers: bigint[] = [];
  await client.run({
    onRecord: (view) => {
      if (view.layout === 'ohlcv') received.bars.push(barText(view));
      if (view.layout === 'system_v2' && view.msg === 'End of interval for ohlcv-1m') markers.push(view.ts_event);
      if (view.layout !== 'trade') return;
      const trades = received.trades.get(view.instrument_id) ?? [];
      received.trades.set(view.instrument_id, trades);
      trades.push(tradeText(view));
    },
    onNotice: (notice) => {
      if (notice.kind === 'connected') isFurther = hasEnded;
      if (notice.kind === 'replay-completed' && notice.schema === 'trades' && isFurther) client.stop();
    },
  });
  return { ...received, markers, sessions: client.counters.sessions };
}

const strikes: FaultRates = {
  eof: 0.005,
  reset: 0.005,
  'internal-error': 0.003,
  hang: 0.0003,
  slow: 0.01,
  unknown: 0.01,
};

describe('four hours of a gateway that fails at random', () => {
  test.each([1, 2])('every record comes once and in the order of the gateway (seed %i)', async (seed) => {
    const market = makeMarket(seed);
    const { markers, sessions, ...received } = await follow(market, { seed, faults: strikes });
    expect(received).toEqual(expected(market));
    expect(markers).toEqual([...new Set(markers)].sort((a, b) => Number(a - b)));
    expect(sessions).toBeGreaterThan(3);
  });

  test.each([5])('bars that come late or twice are neither lost nor doubled (seed %i)', async (seed) => {
    const market = makeMarket(seed);
    const faults = { ...strikes, late: 0.05, duplicate: 0.05, 'missing-marker': 0.05 };
    const { bars } = await follow(market, { seed, faults });
    expect(new Set(bars)).toEqual(new Set(expected(market).bars));
    expect(bars.length).toBe(expected(market).bars.length);
  });

  test('compressed and with the time of sending it is the same', async () => {
    const market = makeMarket(7);
    const options = { compression: 'zstd', tsOut: true } as const;
    const { bars, trades } = await follow(market, { seed: 7, faults: strikes, ...options });
    expect({ bars, trades }).toEqual(expected(market));
  });
});
