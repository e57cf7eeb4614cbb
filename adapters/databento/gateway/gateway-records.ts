import { rtypes, type Schema, type Stype, stypes, systemCodes, UNDEF_TIMESTAMP } from '../dbn/enums.ts';
import type { DbnVersion } from '../dbn/layouts.ts';
import { layouts } from '../dbn/layouts.ts';
import type { ErrorRecord, SymbolMappingRecord, SystemRecord, UnknownRecord } from '../dbn/record.ts';
import { isText } from '../dbn/text.ts';
import type { Match } from './subscription-state.ts';

/** Header of the records that the gateway itself speaks with. `length` is written by the encoder. */
const head = { length: 0, publisher_id: 0, instrument_id: 0 } as const;

/** A message of the gateway. */
export function systemRecord(code: keyof typeof systemCodes, msg: string, atNs: bigint): SystemRecord {
  return { layout: 'system_v2', ...head, rtype: rtypes.system, ts_event: atNs, msg, code: systemCodes[code] };
}

export const heartbeat = (atNs: bigint): SystemRecord => systemRecord('heartbeat', 'Heartbeat', atNs);

export function subscriptionAck(id: number, schema: Schema, atNs: bigint): SystemRecord {
  return systemRecord('subscriptionAck', `Subscription request ${id} for ${schema} data succeeded`, atNs);
}

export function replayCompleted(schema: Schema, atNs: bigint): SystemRecord {
  return systemRecord('replayCompleted', `Finished ${schema} replay`, atNs);
}

/** `atNs` is the exclusive end of the interval. */
export function endOfInterval(schema: Schema, atNs: bigint): SystemRecord {
  return systemRecord('endOfInterval', `End of interval for ${schema}`, atNs);
}

/** The schema of a message that ends an interval; null for any other message. */
export function schemaOfMarker(msg: string): string | null {
  return /^End of interval for (\S+)$/.exec(msg)?.[1] ?? null;
}

export function slowReaderWarning(behindMs: number, atNs: bigint): SystemRecord {
  return systemRecord('slowReaderWarning', `Warning: slow reading, ${behindMs} ms behind`, atNs);
}

/** An error of a code of `errorCodes`. */
export function errorRecord(
  code: number,
  err: string,
  { atNs, isLast = true }: { readonly atNs: bigint; readonly isLast?: boolean },
): ErrorRecord {
  return { layout: 'error_v2', ...head, rtype: rtypes.error, ts_event: atNs, err, code, is_last: isLast ? 1 : 0 };
}

/** What an instrument id stands for; the id is in the header. */
export function symbolMapping({ symbol, instrument }: Match, stypeIn: Stype, atNs: bigint): SymbolMappingRecord {
  return {
    layout: 'symmap_v2',
    ...head,
    rtype: rtypes['symbol-mapping'],
    instrument_id: instrument.instrumentId,
    ts_event: atNs,
    stype_in: stypes.indexOf(stypeIn),
    stype_in_symbol: symbol,
    stype_out: stypes.indexOf('raw_symbol'),
    stype_out_symbol: instrument.rawSymbol,
    start_ts: instrument.listedNs ?? UNDEF_TIMESTAMP,
    end_ts: instrument.expiryNs ?? UNDEF_TIMESTAMP,
  };
}

const UNKNOWN_RTYPE = 0xee;
const UNKNOWN_BYTES = 24;

/** A record of a type that nobody knows. */
export function unknownRecord(atNs: bigint): UnknownRecord {
  const raw = new Uint8Array(UNKNOWN_BYTES);
  const view = new DataView(raw.buffer);
  raw[0] = UNKNOWN_BYTES / 4;
  raw[1] = UNKNOWN_RTYPE;
  view.setBigUint64(8, atNs, true);
  raw.set([0, 1, 2, 3, 4, 5, 6, 7], 16);
  return {
    layout: 'unknown',
    length: raw[0],
    rtype: UNKNOWN_RTYPE,
    publisher_id: 0,
    instrument_id: 0,
    ts_event: atNs,
    raw,
  };
}

/** The text, cut to what an error or system record of a version can hold. */
export function fitText(text: string, version: DbnVersion): string {
  const bytes = version === 1 ? layouts.error_v1.specs.err[2] : layouts.error_v2.specs.err[2];
  let fitting = text.slice(0, bytes - 1);
  while (!isText(fitting, bytes)) fitting = fitting.slice(0, -1);
  return fitting;
}
