import * as z from 'zod/mini';
import { text } from '../env.ts';

/** Addresses of one strategy's Lambda; what it trades is in its configuration file. */
export const strategyEnv = z.object({
  ENVIRONMENT: text,
  STRATEGY_ID: text,
  /** Path of the configuration file, relative to the function's root. */
  CONFIG_FILE: text,
  /** Folder that holds `<strategy>/<ROOT>`, relative to the function's root. */
  MODELS_DIR: text,
  BAR_TABLE: text,
  LEDGER_TABLE: text,
  INTENT_QUEUE_URL: text,
  GLOBAL_MODE_PARAMETER: text,
  STRATEGY_MODE_PARAMETER: text,
});

/** Slices that failed and are delivered again; emitted with the dimensions `service` (the strategy) and `environment`. */
export const failedSlicesMetric = { namespace: 'Rooney', name: 'FailedSlices' } as const;
