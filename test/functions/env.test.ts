import { describe, expect, test } from 'vitest';
import * as z from 'zod/mini';
import { kindOf } from '#core/errors.ts';
import { barAgeEnv } from '#functions/bar-age/env.ts';
import { readEnv, text } from '#functions/env.ts';
import { executionEnv } from '#functions/execution/env.ts';

function refusal(read: () => unknown): Error {
  try {
    read();
  } catch (error) {
    return error as Error;
  }
  throw new Error('the environment was taken');
}

describe('an environment', () => {
  const schema = z.object({ TABLE: text, MODE: z.enum(['a', 'b']), QUEUE: text });

  test('that is wrong is refused with every variable at once, and without the values, which may be secret', () => {
    const error = refusal(() => readEnv(schema, { TABLE: '', MODE: 'secret-value' }));
    expect(kindOf(error)).toBe('contract');
    expect(error.message).toContain('TABLE has a value that is not allowed, MODE has a value that is not allowed');
    expect(error.message).toContain('QUEUE is missing');
    expect(error.message).not.toContain('secret-value');
  });

  test('is read for the named variables only', () => {
    expect(readEnv(schema, { TABLE: 't', MODE: 'a', QUEUE: 'q', PATH: '/bin' })).toEqual({
      TABLE: 't',
      MODE: 'a',
      QUEUE: 'q',
    });
  });

  test('gives the universe as a list', () => {
    const env = readEnv(barAgeEnv, { ENVIRONMENT: 'dev', BAR_TABLE: 'b', UNIVERSE: 'ES,6A' });
    expect(env.UNIVERSE).toEqual(['ES', '6A']);
  });

  test('names no secret for the route that sends nothing, but must say so', () => {
    const env = { ENVIRONMENT: 'dev', STRATEGY_ID: 's', LEDGER_TABLE: 'l', INTENT_QUEUE_URL: 'q', ROUTE: 'none' };
    expect(readEnv(executionEnv, { ...env, WEBHOOK_SECRET_NAME: '' }).WEBHOOK_SECRET_NAME).toBe('');
    expect(refusal(() => readEnv(executionEnv, env)).message).toContain('WEBHOOK_SECRET_NAME is missing');
  });
});
