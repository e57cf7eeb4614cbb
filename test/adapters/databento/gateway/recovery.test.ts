import { expect, test } from 'vitest';
import type { Gateway } from '#adapters/databento/gateway/gateway.ts';
import { bar, ES_H, madeSource, minute, NQ_H } from './made-source.ts';
import { connectTo, openGateway } from './opened.ts';
import { subscription } from './raw-client.ts';

const MINUTES = 240;
const bars = Array.from({ length: MINUTES }, (_, index) => [bar(1, index), bar(4, index)]).flat();
const source = madeSource(bars, { instruments: [ES_H, NQ_H], batchRecords: 50 });

/** Connects again after each end, each time from the oldest minute that is not complete, until it has all; what came. */
async function recorded(gateway: Gateway): Promise<{ readonly bars: Set<string>; readonly sessions: number }> {
  const seen = new Set<string>();
  let closedNs = minute(0);
  let sessions = 0;
  while (seen.size < bars.length) {
    sessions += 1;
    const client = await connectTo(gateway);
    await client.authenticate();
    client.start(subscription({ symbols: 'ES.FUT,NQ.FUT', start: closedNs }));
    await client.end();
    for (const one of client.records) if (one.layout === 'ohlcv') seen.add(`${one.instrument_id}:${one.ts_event}`);
    // Late bars may come after any marker, so only what was closed ten minutes before the last record is settled.
    const last = client.records.at(-1)?.ts_event ?? closedNs;
    const settledNs = last - 10n * 60_000_000_000n;
    if (settledNs > closedNs) closedNs = settledNs;
  }
  return { bars: seen, sessions };
}

test.each([1, 2, 3, 4, 5])('a client that comes back gets every record despite faults, seed %i', async (seed) => {
  const faults = { eof: 0.01, reset: 0.01, 'internal-error': 0.005, unknown: 0.01, late: 0.05, duplicate: 0.05 };
  const gateway = await openGateway({ source, seed, faults });
  const { bars: seen, sessions } = await recorded(gateway);
  expect(seen).toEqual(new Set(bars.map(({ record }) => `${record.instrument_id}:${record.ts_event}`)));
  expect(sessions).toBeGreaterThan(1);
});
