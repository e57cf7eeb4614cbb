import { DbnEncoder } from '#adapters/databento/dbn/encoder.ts';
import { type DbnMetadata, liveMetadata } from '#adapters/databento/dbn/metadata.ts';
import type { OhlcvRecord, StoredRecord, SystemRecord } from '#adapters/databento/dbn/record.ts';

export const START_NS = 1_767_225_600_000_000_000n;

/** The header of a query for one-minute bars of two instruments. */
export const barsHeader: DbnMetadata = {
  ...liveMetadata({ dataset: 'GLBX.MDP3', start: START_NS }),
  schema: 'ohlcv-1m',
  end: START_NS + 3_600_000_000_000n,
  stype_in: 'raw_symbol',
  symbols: ['ESH6', 'NQH6'],
  mappings: [
    { raw_symbol: 'ESH6', intervals: [{ start_date: 20260101, end_date: 20260102, symbol: '11' }] },
    { raw_symbol: 'NQH6', intervals: [{ start_date: 20260101, end_date: 20260102, symbol: '22' }] },
  ],
};

/** A one-minute bar. */
export function bar(minute: number, instrumentId = 11): OhlcvRecord {
  const price = 6_900_250_000_000n;
  return {
    ...{ layout: 'ohlcv', length: 14, rtype: 33, publisher_id: 1, instrument_id: instrumentId },
    ts_event: START_NS + BigInt(minute) * 60_000_000_000n,
    ...{ open: price, high: price, low: price, close: price, volume: 3n },
  };
}

/** A message of the gateway. */
export function heartbeat(): SystemRecord {
  return {
    ...{ layout: 'system_v2', length: 80, rtype: 23, publisher_id: 0, instrument_id: 0, ts_event: START_NS },
    ...{ msg: 'Heartbeat', code: 0 },
  };
}

/** The bytes of a DBN file. */
export function madeDbn(records: readonly StoredRecord[], metadata: DbnMetadata = barsHeader): Uint8Array {
  const encoder = new DbnEncoder({ version: metadata.version, tsOut: metadata.ts_out });
  encoder.metadata(metadata);
  for (const record of records) encoder.record(record);
  return encoder.take();
}
