import * as z from 'zod/mini';
import { text } from '../env.ts';

/** Addresses of one strategy's execution Lambda. The mode it obeys is in the ledger's item, committed by the strategy. */
export const executionEnv = z.object({
  ENVIRONMENT: text,
  STRATEGY_ID: text,
  LEDGER_TABLE: text,
  INTENT_QUEUE_URL: text,
  ROUTE: z.enum(['traderspost', 'sandbox', 'none']),
  /** Name of the secret that holds the webhook address; empty for route `none`. */
  WEBHOOK_SECRET_NAME: z.string(),
});

/** Intents that failed and are delivered again; emitted with the dimensions `service` (the strategy) and `environment`. */
export const failedIntentsMetric = { namespace: 'Rooney', name: 'FailedIntents' } as const;

/** Attempts whose outcome nobody knows; with the same dimensions. Somebody has to look at the broker. */
export const unknownOutcomesMetric = { namespace: 'Rooney', name: 'UnknownOutcomes' } as const;
