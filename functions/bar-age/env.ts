import * as z from 'zod/mini';
import { commaList, text } from '../env.ts';

/** Addresses of the checker that says how old the newest bar is. */
export const barAgeEnv = z.object({
  ENVIRONMENT: text,
  BAR_TABLE: text,
  /** Roots whose sessions count, separated by commas. */
  UNIVERSE: commaList,
});
