import * as z from 'zod/mini';
import { contractError } from '../errors.ts';
import type { Intent } from './intent.ts';

const word = z.string().check(z.minLength(1));
const timeMs = z.int().check(z.nonnegative());

const intentSchema = z.strictObject({
  schemaVersion: z.literal(1),
  id: word,
  strategyId: word,
  root: word,
  tradedRoot: word,
  contract: word,
  kind: z.enum(['enter', 'exit']),
  side: z.enum(['long', 'short']),
  quantity: z.int().check(z.positive()),
  signalPrice: z.number(),
  brokerStopPrice: z.nullable(z.number()),
  decisionTimeMs: timeMs,
  expiresAtMs: z.nullable(timeMs),
  epoch: z.int().check(z.nonnegative()),
  origin: z.enum(['slice', 'kill', 'reconciler', 'operator']),
  reason: z.string(),
});

/** An intent as it travels on the queue. */
export function encodeIntent(intent: Intent): string {
  return JSON.stringify(intent);
}

/** Reads a queue message. Throws a contract error that names the message and what is wrong with it. */
export function decodeIntent(text: string, place: string): Intent {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw contractError(`${place}: expected an intent as JSON, found ${text.slice(0, 40)}`, { cause });
  }
  const read = z.safeParse(intentSchema, value);
  if (read.success) return read.data;
  const wrong = read.error.issues.map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`);
  throw contractError(`${place}: not an intent of this version: ${wrong.join('; ')}`);
}
