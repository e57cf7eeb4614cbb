import * as z from 'zod/mini';
import { commaList, text } from '../env.ts';

/** Addresses of the checker that says how old the newest bar is. */
export const barAgeEnv = z.object({
  ENVIRONMENT: text,
  BAR_TABLE: text,
  /** Roots whose sessions count, separated by commas. */
  UNIVERSE: commaList,
});

/** What the checker emits and the alarm reads: minutes, once a minute, with the dimensions `service` and `environment`. */
export const barAgeMetric = { namespace: 'Rooney', service: 'ingest', name: 'BarAgeMinutes' } as const;
