import { UNDEF_TIMESTAMP } from '#adapters/databento/dbn/enums.ts';

const NS_PER_SECOND = 1_000_000_000n;

/** A time in nanoseconds since the epoch as ISO 8601 in UTC, with nine decimals unless it is a whole second. */
export function isoTime(ns: bigint): string {
  if (ns === UNDEF_TIMESTAMP) return 'no time';
  const second = new Date(Number(ns / NS_PER_SECOND) * 1000).toISOString().slice(0, 19);
  const rest = ns % NS_PER_SECOND;
  return rest === 0n ? `${second}Z` : `${second}.${String(rest).padStart(9, '0')}Z`;
}
