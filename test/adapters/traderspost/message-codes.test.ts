import { expect, test } from 'vitest';
import { familyOf, messageCodes } from '#adapters/traderspost/message-codes.ts';

test.each(Object.entries(messageCodes).flatMap(([family, codes]) => codes.map((code) => ({ family, code }))))(
  '$code is in exactly one family, $family',
  ({ family, code }) => {
    expect(familyOf(code, 400)).toBe(family);
    const families = Object.values(messageCodes).filter((codes) => (codes as readonly string[]).includes(code));
    expect(families).toHaveLength(1);
  },
);

test.each([
  [400, 'PAYLOAD'],
  [404, 'CONFIG'],
  [429, 'RATE'],
] as const)('a code that is new to us is judged by its status %s: %s', (status, family) => {
  expect(familyOf('invalid-moon-phase', status)).toBe(family);
});
