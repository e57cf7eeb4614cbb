import * as z from 'zod/mini';
import { text } from '../env.ts';

/** Addresses of one strategy's execution Lambda. The mode it obeys is in the ledger's item, committed by the strategy. */
export const executionEnv = z.object({
  ENVIRONMENT: text,
  STRATEGY_ID: text,
  LEDGER_TABLE: text,
  ROUTE: z.enum(['traderspost', 'sandbox', 'none']),
  /** Name of the secret that holds the webhook address; empty for route `none`. */
  WEBHOOK_SECRET_NAME: z.string(),
});
