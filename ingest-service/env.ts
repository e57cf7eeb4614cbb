import * as z from 'zod/mini';
import { commaList, text } from '#functions/env.ts';

/** A whole number of at least `minimum`, written as text. */
const whole = (minimum: number) =>
  z.pipe(
    text,
    z.pipe(
      z.transform((digits: string) => Number(digits)),
      z.int().check(z.gte(minimum)),
    ),
  );

const speed = z.pipe(
  text,
  z.pipe(
    z.transform((value: string) => (value === 'stepped' ? value : Number(value))),
    z.union([z.literal('stepped'), z.number().check(z.positive())]),
  ),
);

/** Addresses and source of the ingest service. */
export const ingestEnv = z.object({
  ENVIRONMENT: text,
  /** Roots in the order in which slices list them, separated by commas. */
  UNIVERSE: commaList,
  BAR_TABLE: text,
  STREAM_NAME: text,
  FEED: z.enum(['generator', 'file']),
  /** File or folder of bars; only for feed `file`. */
  DATA_PATH: z.optional(text),
  /** First and last trade date that are announced, inclusive. What a file holds before the first is history. */
  FROM: z.optional(z.iso.date()),
  TO: z.optional(z.iso.date()),
  /** Slices come at so many times the speed of the market, or `stepped`: one for each message of the supervisor. */
  SPEED: z._default(speed, 1),
  /** Of the generator: its seed, sessions to announce, and sessions of history before them. */
  SEED: z._default(whole(0), 1),
  SESSIONS: z._default(whole(1), 1),
  HISTORY_SESSIONS: z._default(whole(0), 3),
});
export type IngestEnv = z.output<typeof ingestEnv>;
