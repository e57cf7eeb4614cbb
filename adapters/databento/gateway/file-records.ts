import { rtypeOfSchema, rtypes, type Schema, schemaNumbers, schemas, UNDEF_TIMESTAMP } from '../dbn/enums.ts';
import { layoutOf, NEWEST_VERSION } from '../dbn/layouts.ts';
import type { AnyView } from '../dbn/record.ts';
import { toObject } from '../dbn/record-object.ts';
import type { BatchBuilder } from './batch-builder.ts';
import { schemaOfMarker } from './gateway-records.ts';
import type { InstrumentList } from './instrument-list.ts';
import { barLengthNs, schemaNumberOfRtype } from './intervals.ts';

const TS_EVENT_AT = 8;
const NONE = -1;

/** Offset of the time at which a gateway has a record, by schema number: `ts_recv` if there is one, else `ts_event`. */
const timeAt: readonly number[] = schemas.map((schema) => {
  const layout = layoutOf(rtypeOfSchema(schema), NEWEST_VERSION);
  return layout?.fields.find(({ name }) => name === 'ts_recv')?.offset ?? TS_EVENT_AT;
});

export interface FileRecordsOptions {
  /** Schema of the file; null when it has several, as a recorded session has. */
  readonly schema: Schema | null;
  readonly instruments: InstrumentList;
  readonly builder: BatchBuilder;
  /** Schemas that are wanted. */
  readonly schemas: ReadonlySet<Schema>;
  readonly fromNs: bigint;
}

/**
 * Makes what takes the records of one file, in its order, into batches. What a gateway says of itself is left out, but for
 * markers; symbol mappings and definitions are noted. Returns whether the record was taken.
 */
export function makeFileRecords(options: FileRecordsOptions): (view: AnyView) => boolean {
  const { schema, instruments, builder, fromNs } = options;
  const isWanted = schemas.map((candidate) => options.schemas.has(candidate));
  const ownNumber = schema === null ? NONE : schemaNumbers[schema];
  const isBarFile = ownNumber !== NONE && barLengthNs[ownNumber] !== null;
  let lastNs = 0n;

  function schemaOf(rtype: number, view: AnyView): number {
    // Bars of old files and trades with quotes do not say their schema themselves.
    if (rtype === rtypes['ohlcv-deprecated']) return isBarFile ? ownNumber : NONE;
    if (rtype === rtypes['mbp-1'] && schema === 'tbbo') return ownNumber;
    if (view.layout === 'system_v2') return schemaNumbers[(schemaOfMarker(view.msg) ?? '') as Schema] ?? NONE;
    return schemaNumberOfRtype[rtype]!;
  }

  return (view) => {
    const { bytes, at } = view.window;
    const rtype = bytes.getUint8(at + 1);
    if (view.layout === 'unknown') return false;
    if (view.layout === 'def_v3') instruments.addDefinition(toObject(view));
    if (view.layout === 'symmap_v2') {
      instruments.addMapping(view.instrument_id, view.stype_out_symbol, view.ts_event);
      return false;
    }
    const number = schemaOf(rtype, view);
    if (number === NONE || !isWanted[number]) return false;
    let availableNs = availableNsOf(bytes, at, rtype === rtypes.system ? NONE : number);
    // A file is given out in its own order.
    if (availableNs < lastNs) availableNs = lastNs;
    lastNs = availableNs;
    if (availableNs < fromNs) return false;
    builder.add(view.window, number, availableNs);
    if (rtype === rtypes['ohlcv-deprecated']) builder.setRtype(rtypeOfSchema(schemas[number]!));
    return true;
  };
}

/** When a gateway has a record: a bar at its end, a marker at the end that it marks, others when they were received. */
function availableNsOf(bytes: DataView, at: number, schemaNumber: number): bigint {
  if (schemaNumber === NONE) return bytes.getBigUint64(at + TS_EVENT_AT, true);
  const timeNs = bytes.getBigUint64(at + timeAt[schemaNumber]!, true);
  const lengthNs = barLengthNs[schemaNumber]!;
  if (lengthNs !== null) return timeNs + lengthNs;
  return timeNs === UNDEF_TIMESTAMP ? bytes.getBigUint64(at + TS_EVENT_AT, true) : timeNs;
}
