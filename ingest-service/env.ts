import * as z from 'zod/mini';
import { commaList, text } from '#functions/env.ts';

/** A number of at least `minimum`, written as text. */
const numeral = (minimum: number) =>
  z.pipe(
    text,
    z.pipe(
      z.transform((digits: string) => Number(digits)),
      z.number().check(z.gte(minimum)),
    ),
  );

/** A whole number of at least `minimum`, written as text. */
const whole = (minimum: number) => z.pipe(numeral(minimum), z.int());

const speed = z.union([z.literal('stepped'), z.pipe(numeral(0), z.number().check(z.positive()))]);

/** Addresses and source of the ingest service. */
export const ingestEnv = z.object({
  ENVIRONMENT: text,
  /** Roots in the order in which slices list them, separated by commas. */
  UNIVERSE: commaList,
  BAR_TABLE: text,
  STREAM_NAME: text,
  /** Databento's name of the data set, `GLBX.MDP3`. */
  DATASET: text,
  /** Name of the secret that holds the Databento key. */
  KEY_SECRET: text,
  /** Where the live gateway and the historical API are; the real ones when left out. */
  LIVE_HOST: z.optional(text),
  LIVE_PORT: z.optional(whole(1)),
  HISTORICAL_URL: z.optional(z.url()),
  /** Sessions of history before the one in progress. */
  HISTORY_SESSIONS: z._default(whole(0), 3),
  /** Dollars that one start may spend on history. */
  HISTORY_USD_MAX: z._default(numeral(0), 5),
  /**
   * Slices come at so many times the speed of the market, or `stepped`: one for each message of the supervisor. Without
   * it they come as the market makes them.
   */
  SPEED: z.optional(speed),
});
export type IngestEnv = z.output<typeof ingestEnv>;
