import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { entryId, exitId, type Intent } from '#core/trading/intent.ts';
import { decodeIntent, encodeIntent } from '#core/trading/intent-message.ts';

const intent: Intent = {
  schemaVersion: 1,
  id: entryId('ibs-es', 'ES', 1_731_430_800_000),
  strategyId: 'ibs-es',
  root: 'ES',
  tradedRoot: 'MES',
  contract: 'MESZ2024',
  kind: 'enter',
  side: 'long',
  quantity: 4,
  signalPrice: 5000.25,
  brokerStopPrice: 4925,
  decisionTimeMs: 1_731_430_800_000,
  expiresAtMs: 1_731_430_845_000,
  epoch: 7,
  origin: 'slice',
  reason: 'signal',
};

describe('an intent on the queue', () => {
  test('is named by what decided it', () => {
    expect(intent.id).toBe('ibs-es:ES:1731430800000:enter');
    expect(exitId({ strategyId: 'ibs-es', root: 'ES', epoch: 7, n: 2 })).toBe('ibs-es:ES:7:exit:2');
  });

  test('comes back as it was sent', () => {
    const anyIntent = fc.record({
      quantity: fc.integer({ min: 1 }),
      signalPrice: fc.double({ noNaN: true, noDefaultInfinity: true }).map((price) => price + 0),
      brokerStopPrice: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true }).map((price) => price + 0)),
      expiresAtMs: fc.option(fc.nat()),
      epoch: fc.nat(),
      kind: fc.constantFrom('enter', 'exit'),
      origin: fc.constantFrom('slice', 'kill', 'reconciler', 'operator'),
      reason: fc.string(),
    });
    fc.assert(
      fc.property(anyIntent, (changed) => {
        const sent = { ...intent, ...changed } as const;
        expect(decodeIntent(encodeIntent(sent), 'message 1')).toEqual(sent);
      }),
    );
  });

  test.each([
    ['a later schema version', { schemaVersion: 2 }, /^message m-1: .*schemaVersion/],
    ['an unknown key', { colour: 'red' }, /^message m-1: .*body/],
    ['a missing key', { contract: undefined }, /contract/],
    ['half a contract', { quantity: 0.5 }, /quantity/],
    ['no contract at all', { quantity: 0 }, /quantity/],
    ['a price that is no number', { signalPrice: Number.NaN }, /signalPrice/],
    ['an unknown kind', { kind: 'reverse' }, /kind/],
  ])('with %s is refused, and the message named', (_, changed, expected) => {
    const text = JSON.stringify({ ...intent, ...changed });
    expect(() => decodeIntent(text, 'message m-1')).toThrow(expected);
  });

  test('that is not JSON is refused with its beginning', () => {
    expect(() => decodeIntent('<html>gateway', 'message m-1')).toThrow(/^message m-1: .*<html>gateway/);
  });
});
