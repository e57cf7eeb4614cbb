import { rtypeOfSchema, type Schema, schemaNumbers, schemas } from '../dbn/enums.ts';
import { layouts } from '../dbn/layouts.ts';

const SECOND_NS = 1_000_000_000n;
const MINUTE_NS = 60n * SECOND_NS;

const lengthsNs: Partial<Record<Schema, bigint>> = {
  'ohlcv-1s': SECOND_NS,
  'ohlcv-1m': MINUTE_NS,
  'ohlcv-1h': 60n * MINUTE_NS,
  'ohlcv-1d': 24n * 60n * MINUTE_NS,
  'bbo-1s': SECOND_NS,
  'bbo-1m': MINUTE_NS,
  'cbbo-1s': SECOND_NS,
  'cbbo-1m': MINUTE_NS,
};

/** Nanoseconds of the intervals of a schema; null for one that has none. */
export function intervalNsOf(schema: Schema): bigint | null {
  return lengthsNs[schema] ?? null;
}

/** How long after its `ts_event` a bar is complete, by schema number; `ohlcv-eod` comes with the day. */
export const barLengthNs: readonly (bigint | null)[] = schemas.map((schema) => {
  if (schema === 'ohlcv-eod') return lengthsNs['ohlcv-1d']!;
  return schema.startsWith('ohlcv') ? lengthsNs[schema]! : null;
});

/**
 * Offset of the time by which a replay is cut, by schema number: `ts_recv` for quotes at intervals, of which `ts_event` is
 * that of the last trade, else `ts_event`.
 */
export const replayTimeAt: readonly number[] = schemas.map((schema) =>
  /^c?bbo/.test(schema) ? layouts.bbo.specs.ts_recv[1] : layouts.bbo.specs.ts_event[1],
);

/** Schemas of which records may be left out for a slow reader who asked for that. */
export const skippableSchemas: ReadonlySet<Schema> = new Set<Schema>([
  'mbp-1',
  'mbp-10',
  'bbo-1s',
  'bbo-1m',
  'cmbp-1',
  'cbbo-1s',
  'cbbo-1m',
]);

/** Schema number of each record type; -1 for records that carry none. Of `mbp-1` and `tbbo`, which share a type, the first. */
export const schemaNumberOfRtype: Int8Array = (() => {
  const numbers = new Int8Array(256).fill(-1);
  for (const schema of [...schemas].reverse()) {
    if (schema !== 'tbbo') numbers[rtypeOfSchema(schema)] = schemaNumbers[schema];
  }
  return numbers;
})();
