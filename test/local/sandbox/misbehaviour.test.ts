import { describe, expect, test } from 'vitest';
import { type Misbehaviour, misbehaviours } from '#local/sandbox/misbehaviour.ts';

const buy = { action: 'buy' };
const exit = { action: 'exit' };

/** Kinds committed on a row of requests, `-` for none. */
function committed(rules: readonly Misbehaviour[], payloads: readonly unknown[]): string[] {
  const list = misbehaviours();
  for (const rule of rules) list.add(rule);
  return payloads.map((payload, index) => list.next(index + 1, payload)?.kind ?? '-');
}

describe('a misbehaviour', () => {
  test.each([
    ['without conditions applies once, to the next request', [{ kind: 'redirect' }], ['redirect', '-', '-', '-']],
    ['may apply to the n-th request', [{ kind: 'hang-up', when: { request: 3 } }], ['-', '-', 'hang-up', '-']],
    [
      'may apply to an action, so often',
      [{ kind: 'server-error', when: { action: 'exit' }, times: 2 }],
      ['-', 'server-error', 'server-error', '-'],
    ],
    ['may apply for ever', [{ kind: 'success-false', times: null }], Array(4).fill('success-false')],
    [
      'gives way to the next rule once it is used up',
      [{ kind: 'redirect' }, { kind: 'hang-up' }],
      ['redirect', 'hang-up', '-', '-'],
    ],
    [
      'never applies to a request that names no action, if it asks for one',
      [{ kind: 'hang-up', when: { action: 'x' } }],
      ['-', '-', '-', '-'],
    ],
  ] satisfies [string, Misbehaviour[], string[]][])('%s', (_, rules, kinds) => {
    expect(committed(rules, [buy, exit, exit, 'not an object'])).toEqual(kinds);
  });

  test('acts only when told, but a delay always does', () => {
    const list = misbehaviours();
    list.add({ kind: 'hang-up' });
    list.add({ kind: 'hang-up', acts: true });
    list.add({ kind: 'delay', delayMs: 5 });
    expect([1, 2, 3].map((request) => list.next(request, buy)?.acts)).toEqual([false, true, true]);
  });

  test.each([
    { kind: 'explode' },
    { kind: 'delay' },
    { kind: 'hang-up', delayMs: 5 },
    { kind: 'too-many-requests', acts: true },
    { kind: 'delay', delayMs: 5, acts: false },
    { kind: 'hang-up', when: { request: 0 } },
    { kind: 'hang-up', times: 0 },
    { kind: 'hang-up', often: true },
  ])('is refused when it makes no sense: %j', (rule) => {
    expect(() => misbehaviours().add(rule)).toThrow('not a misbehaviour');
  });
});
