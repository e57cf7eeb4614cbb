import { rtypeOfSchema, rtypes, type Schema, schemaNumbers } from '#adapters/databento/dbn/enums.ts';
import type { Layout } from '#adapters/databento/dbn/field.ts';
import { layoutOf } from '#adapters/databento/dbn/layouts.ts';
import type { DbnRecord } from '#adapters/databento/dbn/record.ts';
import { encodeRecord } from '#adapters/databento/dbn/record-writer.ts';
import { BatchBuilder } from '#adapters/databento/gateway/batch-builder.ts';
import { readRawSymbol } from '#adapters/databento/gateway/raw-symbol.ts';
import type { GatewayInstrument, GatewaySource } from '#adapters/databento/gateway/source.ts';

export const SECOND_NS = 1_000_000_000n;
export const MINUTE_NS = 60n * SECOND_NS;
/** Thursday 2026-02-05 15:00 UTC. */
export const START_NS = BigInt(Date.UTC(2026, 1, 5, 15)) * 1_000_000n;

/** A record and when a gateway has it. */
export interface MadeRecord {
  readonly schema: Schema;
  readonly availableNs: bigint;
  readonly record: DbnRecord;
}

/** The time so many minutes after the start. */
export function minute(count: number): bigint {
  return START_NS + BigInt(count) * MINUTE_NS;
}

/** A record of a schema; what is not given is zero or empty. */
export function record(schema: Schema, given: Readonly<Record<string, unknown>>): DbnRecord {
  const rtype = rtypeOfSchema(schema);
  const layout = layoutOf(rtype, 3) as Layout;
  const unset: Record<string, unknown> = { price: 0n, time: 0n, u64: 0n, i64: 0n, char: '', text: '' };
  const blank = Object.fromEntries(layout.fields.map(({ name, type }) => [name, unset[type] ?? 0]));
  return { layout: layout.name, ...blank, rtype, publisher_id: 1, ...given } as unknown as DbnRecord;
}

/** The bar of an instrument that opens so many minutes after the start. */
export function bar(instrumentId: number, minutes: number, volume = 1): MadeRecord {
  const ts_event = minute(minutes);
  const prices = { open: 5n, high: 5n, low: 5n, close: 5n, volume: BigInt(volume) };
  return {
    schema: 'ohlcv-1m',
    availableNs: ts_event + MINUTE_NS,
    record: record('ohlcv-1m', { instrument_id: instrumentId, ts_event, ...prices }),
  };
}

/** A record of a schema that is stamped by its receipt, so many seconds after the start. */
export function tick(schema: Schema, instrumentId: number, seconds: number): MadeRecord {
  const availableNs = START_NS + BigInt(seconds) * SECOND_NS;
  const times = { ts_event: availableNs, ts_recv: availableNs };
  return { schema, availableNs, record: record(schema, { instrument_id: instrumentId, ...times, sequence: seconds }) };
}

export function instrument(instrumentId: number, rawSymbol: string): GatewayInstrument {
  return { instrumentId, rawSymbol, listedNs: null, ...readRawSymbol(rawSymbol, START_NS) };
}

export const ES_H = instrument(1, 'ESH6');
export const ES_M = instrument(2, 'ESM6');
export const ES_SPREAD = instrument(3, 'ESH6-ESM6');
export const NQ_H = instrument(4, 'NQH6');

/** A source of the given records, in batches of a few. */
export function madeSource(
  records: readonly MadeRecord[],
  {
    instruments = [ES_H, ES_M, ES_SPREAD, NQ_H],
    batchRecords = 3,
    hasMarkers = false,
  }: { instruments?: readonly GatewayInstrument[]; batchRecords?: number; hasMarkers?: boolean } = {},
): GatewaySource {
  const bytes = new Map([...new Set(records)].map((made) => [made, encodeRecord(made.record)]));
  const sorted = records.toSorted((a, b) => Number(a.availableNs - b.availableNs));
  const isListed = ({ listedNs }: GatewayInstrument, atNs: bigint): boolean => listedNs === null || listedNs <= atNs;
  return {
    dataset: 'GLBX.MDP3',
    startNs: sorted[0]?.availableNs ?? START_NS,
    endNs: sorted.at(-1)?.availableNs ?? START_NS,
    schemas: new Set(records.map(({ schema }) => schema)),
    hasMarkers,
    instruments: (atNs) => instruments.filter((one) => isListed(one, atNs)),
    instrument: (instrumentId) => instruments.find((one) => one.instrumentId === instrumentId),
    async *records({ schemas, fromNs }) {
      const builder = new BatchBuilder();
      for (const made of sorted) {
        const { schema, availableNs } = made;
        if (!schemas.has(schema) || availableNs < fromNs) continue;
        builder.addBytes(bytes.get(made)!, schemaNumbers[schema], availableNs);
        if (builder.length < batchRecords) continue;
        yield builder.batch();
        builder.clear();
      }
      if (builder.length > 0) yield builder.batch();
    },
  };
}

/** More bytes than a connection takes without its reader: definitions, so many in each of some seconds. */
export function manyDefinitions(seconds: number, perSecond: number): MadeRecord[] {
  return Array.from({ length: seconds }, (_, index) => tick('definition', 1, 1 + index)).flatMap((one) =>
    Array.from({ length: perSecond }, () => one),
  );
}

/** An end-of-interval marker as a source that has its own would bring it. */
export function sourceMarker(schema: Schema, minutes: number): MadeRecord {
  const ts_event = minute(minutes);
  const msg = `End of interval for ${schema}`;
  const record: DbnRecord = {
    layout: 'system_v2',
    ...{ length: 0, rtype: rtypes.system, publisher_id: 0, instrument_id: 0, ts_event, msg, code: 4 },
  };
  return { schema, availableNs: ts_event, record };
}
