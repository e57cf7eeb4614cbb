import { describe, expect, test } from 'vitest';
import { type Outcome, outcomeSchema } from '#core/execution/outcome.ts';

describe('a stored outcome', () => {
  const outcomes: Outcome[] = [
    { kind: 'accepted', id: 'a', logId: 'b' },
    { kind: 'accepted', id: 'a', logId: null },
    { kind: 'rejected', family: 'SYMBOL', code: 'unsupported-ticker', message: '' },
    { kind: 'not-sent', reason: 'no connection (ECONNREFUSED)' },
    { kind: 'unknown', reason: 'status 502' },
  ];

  test.each(outcomes)('is read back as it was written: $kind', (outcome) => {
    expect(outcomeSchema.parse(JSON.parse(JSON.stringify(outcome)))).toEqual(outcome);
  });

  test.each([
    { kind: 'filled' },
    { kind: 'accepted', logId: null },
    { kind: 'accepted', id: 'a', logId: null, url: 'https://example.invalid' },
    { kind: 'rejected', family: 'OTHER', code: 'x', message: '' },
    { kind: 'unknown' },
  ])('is refused when it is not one of the four kinds, complete and without extras: %o', (stored) => {
    expect(outcomeSchema.safeParse(stored).success).toBe(false);
  });
});
