/** Number of each schema in metadata; schema numbers are not rtypes. */
export const schemaNumbers = {
  mbo: 0,
  'mbp-1': 1,
  'mbp-10': 2,
  tbbo: 3,
  trades: 4,
  'ohlcv-1s': 5,
  'ohlcv-1m': 6,
  'ohlcv-1h': 7,
  'ohlcv-1d': 8,
  definition: 9,
  statistics: 10,
  status: 11,
  imbalance: 12,
  'ohlcv-eod': 13,
  'cmbp-1': 14,
  'cbbo-1s': 15,
  'cbbo-1m': 16,
  tcbbo: 17,
  'bbo-1s': 18,
  'bbo-1m': 19,
} as const;
export type Schema = keyof typeof schemaNumbers;

/** Every schema, in the order of its number. */
export const schemas = Object.keys(schemaNumbers) as readonly Schema[];

/** Symbology types, in the order of their numbers from 0. */
export const stypes = [
  'instrument_id',
  'raw_symbol',
  'smart',
  'continuous',
  'parent',
  'nasdaq_symbol',
  'cms_symbol',
  'isin',
  'us_code',
  'bbg_comp_id',
  'bbg_comp_ticker',
  'figi',
  'figi_ticker',
  'listing_id',
  'issuer_id',
  'security_id',
] as const;
export type Stype = (typeof stypes)[number];

/** Record types: the second byte of every record. */
export const rtypes = {
  'mbp-0': 0x00,
  'mbp-1': 0x01,
  'mbp-10': 0x0a,
  /** Bars of unknown cadence, in old files. */
  'ohlcv-deprecated': 0x11,
  status: 0x12,
  'instrument-def': 0x13,
  imbalance: 0x14,
  error: 0x15,
  'symbol-mapping': 0x16,
  system: 0x17,
  statistics: 0x18,
  'ohlcv-1s': 0x20,
  'ohlcv-1m': 0x21,
  'ohlcv-1h': 0x22,
  'ohlcv-1d': 0x23,
  'ohlcv-eod': 0x24,
  mbo: 0xa0,
  'cmbp-1': 0xb1,
  'cbbo-1s': 0xc0,
  'cbbo-1m': 0xc1,
  tcbbo: 0xc2,
  'bbo-1s': 0xc3,
  'bbo-1m': 0xc4,
} as const;
export type RtypeName = keyof typeof rtypes;

const rtypeNames = new Map<number, RtypeName>(
  Object.entries(rtypes).map(([name, rtype]) => [rtype, name as RtypeName]),
);

/** Name of a record type; `unknown-0x..` for one that is not known. */
export function rtypeName(rtype: number): RtypeName | `unknown-0x${string}` {
  return rtypeNames.get(rtype) ?? `unknown-0x${rtype.toString(16).padStart(2, '0')}`;
}

/** The record type that carries a schema; `tbbo` comes as `mbp-1`. */
export function rtypeOfSchema(schema: Schema): number {
  const named: Partial<Record<Schema, RtypeName>> = { trades: 'mbp-0', tbbo: 'mbp-1', definition: 'instrument-def' };
  return rtypes[named[schema] ?? (schema as RtypeName)];
}

/** No price: the largest 64-bit integer. Zero and negative prices are prices. */
export const UNDEF_PRICE = 0x7fff_ffff_ffff_ffffn;
/** No time: all ones. */
export const UNDEF_TIMESTAMP = 0xffff_ffff_ffff_ffffn;
export const UNDEF_ORDER_SIZE = 0xffff_ffff;
/** No quantity in statistics of version 3; versions 1 and 2 say it with the largest 32-bit integer. */
export const UNDEF_STAT_QUANTITY = 0x7fff_ffff_ffff_ffffn;
export const UNDEF_STAT_QUANTITY_V1 = 0x7fff_ffff;

/** What a system record says; 255 when it has no code. */
export const systemCodes = {
  heartbeat: 0,
  subscriptionAck: 1,
  slowReaderWarning: 2,
  replayCompleted: 3,
  endOfInterval: 4,
  unsubscribeAck: 5,
  unset: 255,
} as const;

/** What an error record says; 255 when it has no code. */
export const errorCodes = {
  authFailed: 1,
  apiKeyDeactivated: 2,
  connectionLimitExceeded: 3,
  symbolResolutionFailed: 4,
  invalidSubscription: 5,
  internalError: 6,
  skippedRecordsAfterSlowReading: 7,
  replayAgedOut: 8,
  unset: 255,
} as const;

/** Errors after which the gateway ends the session. */
export const fatalErrorCodes: ReadonlySet<number> = new Set([
  errorCodes.authFailed,
  errorCodes.apiKeyDeactivated,
  errorCodes.connectionLimitExceeded,
  errorCodes.invalidSubscription,
  errorCodes.internalError,
  errorCodes.replayAgedOut,
]);

/** The bits of `flags`. */
export const flagBits = {
  last: 128,
  topOfBook: 64,
  snapshot: 32,
  mbp: 16,
  badTsRecv: 8,
  maybeBadBook: 4,
  publisherSpecific: 2,
} as const;
