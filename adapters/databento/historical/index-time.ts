import { type DbnVersion, layoutOf } from '../dbn/layouts.ts';

/** Byte offset of `ts_event` in every record. */
export const EVENT_TIME_OFFSET = 8;

/** Byte offset in a record of the time by which ranges are cut: `ts_recv` where the record has it, else `ts_event`. */
export function indexTimeOffset(rtype: number, version: DbnVersion): number {
  return layoutOf(rtype, version)?.fields.find(({ name }) => name === 'ts_recv')?.offset ?? EVENT_TIME_OFFSET;
}
