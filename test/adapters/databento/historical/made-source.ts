import type { Schema } from '#adapters/databento/dbn/enums.ts';
import { schemaNumbers } from '#adapters/databento/dbn/enums.ts';
import type { DbnRecord } from '#adapters/databento/dbn/record.ts';
import { encodeRecord } from '#adapters/databento/dbn/record-writer.ts';
import { BatchBuilder } from '#adapters/databento/gateway/batch-builder.ts';
import type { GatewayInstrument, GatewaySource } from '#adapters/databento/gateway/source.ts';

const MINUTE_NS = 60_000_000_000n;

/** 2026-01-05T14:30Z, a Monday. */
export const madeStartNs = 1_767_623_400_000_000_000n;

/** A made record and when it becomes available. */
export interface MadeRecord {
  readonly schema: Schema;
  readonly availableNs: bigint;
  readonly record: DbnRecord;
}

/** ESZ5 expires in the night after the first made day. */
export const madeInstruments: readonly GatewayInstrument[] = [
  instrument(101, 'ESH6', '2026-03-20T13:30:00Z'),
  instrument(102, 'ESM6', '2026-06-19T13:30:00Z'),
  instrument(103, 'NQH6', '2026-03-20T13:30:00Z', { parents: ['NQ.FUT'] }),
  instrument(104, 'ESH6-ESM6', '2026-03-20T13:30:00Z', { isSpread: true }),
  instrument(105, 'ESF6', '2026-01-06T13:30:00Z'),
];

function instrument(
  instrumentId: number,
  rawSymbol: string,
  expiry: string,
  more: Partial<GatewayInstrument> = {},
): GatewayInstrument {
  const expiryNs = BigInt(Date.parse(expiry)) * 1_000_000n;
  return { instrumentId, rawSymbol, parents: ['ES.FUT'], isSpread: false, listedNs: null, expiryNs, ...more };
}

/** A one-minute bar of an instrument, minutes after `madeStartNs`. */
export function madeBar(instrumentId: number, minute: number): MadeRecord {
  const ts_event = madeStartNs + BigInt(minute) * MINUTE_NS;
  const price = BigInt(5_000 + minute) * 1_000_000_000n + BigInt(instrumentId);
  return {
    schema: 'ohlcv-1m',
    availableNs: ts_event + MINUTE_NS,
    record: {
      layout: 'ohlcv',
      length: 14,
      rtype: 0x21,
      publisher_id: 1,
      instrument_id: instrumentId,
      ts_event,
      open: price,
      high: price + 10n,
      low: price - 10n,
      close: price,
      volume: BigInt(instrumentId * 100 + minute),
    },
  };
}

/** A trade of an instrument, nanoseconds after `madeStartNs`; equal arguments make equal records. */
export function madeTrade(instrumentId: number, afterNs: bigint, size = 1): MadeRecord {
  const ts_recv = madeStartNs + afterNs;
  return {
    schema: 'trades',
    availableNs: ts_recv,
    record: {
      layout: 'trade',
      length: 12,
      rtype: 0,
      publisher_id: 1,
      instrument_id: instrumentId,
      ts_event: ts_recv - 1_000n,
      price: 5_000_000_000_000n,
      size,
      action: 'T',
      side: 'B',
      flags: 0,
      depth: 0,
      ts_recv,
      ts_in_delta: 100,
      sequence: 7,
    },
  };
}

/** Bars of four instruments for some minutes, each minute in the same order. */
export function madeBars(minutes: number): readonly MadeRecord[] {
  return Array.from({ length: minutes }, (_, minute) => [101, 102, 103, 104].map((id) => madeBar(id, minute))).flat();
}

/** A source of made records, which are in the order in which they become available, in batches of a few. */
export function madeSource(records: readonly MadeRecord[], batchRecords = 3): GatewaySource {
  return {
    dataset: 'GLBX.MDP3',
    startNs: records[0]?.availableNs ?? madeStartNs,
    endNs: records.at(-1)?.availableNs ?? null,
    schemas: new Set<Schema>(['ohlcv-1m', 'trades', ...records.map(({ schema }) => schema)]),
    hasMarkers: false,
    instruments: (atNs) => madeInstruments.filter(({ expiryNs }) => expiryNs === null || expiryNs > atNs),
    instrument: (id) => madeInstruments.find(({ instrumentId }) => instrumentId === id),
    async *records({ schemas, fromNs }) {
      const builder = new BatchBuilder();
      for (const { schema, availableNs, record } of records) {
        if (!schemas.has(schema) || availableNs < fromNs) continue;
        builder.addBytes(encodeRecord(record), schemaNumbers[schema], availableNs);
        if (builder.length < batchRecords) continue;
        yield builder.batch();
        builder.clear();
      }
      if (builder.length > 0) yield builder.batch();
    },
  };
}
