/** Bar lengths in use. Intraday buckets are aligned to UTC hours; `session` is one whole trade date. */
export const timeframes = ['1m', '15m', '1h', 'session'] as const;
export type Timeframe = (typeof timeframes)[number];

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;

/** Length of an intraday bucket, in milliseconds. */
export const bucketMs: Readonly<Record<Exclude<Timeframe, 'session'>, number>> = {
  '1m': MINUTE_MS,
  '15m': 15 * MINUTE_MS,
  '1h': HOUR_MS,
};
