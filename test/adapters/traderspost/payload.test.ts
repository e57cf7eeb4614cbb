import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { buildPayload, type Payload } from '#adapters/traderspost/payload.ts';
import type { Order } from '#core/execution/order.ts';
import { instrumentOf, instruments, roundToTick } from '#core/market/instrument.ts';
import { readSignal } from '#local/sandbox/signal.ts';
import { entryOrder, exitOrder } from '#test/core/execution/sample-orders.ts';

function payloadOf(order: Order): Payload {
  const built = buildPayload(order);
  if (!built.ok) throw new Error(built.reason);
  return built.payload;
}

function refusalOf(order: Order): string {
  const built = buildPayload(order);
  return built.ok ? '' : built.reason;
}

describe('the TradersPost payload', () => {
  test('of a long entry is the documented market buy with an absolute stop', () => {
    expect(JSON.stringify(payloadOf(entryOrder()))).toBe(
      '{"ticker":"MESZ2026","action":"buy","sentiment":"bullish","orderType":"market","quantityType":"fixed_quantity",' +
        '"quantity":2,"signalPrice":6912.25,"time":"2026-11-20T14:35:01.120Z","timeInForce":"gtc",' +
        '"stopLoss":{"type":"stop","stopPrice":6904.25},' +
        '"extras":{"signalId":"01JD0A","strategyId":"orb-v3","epoch":41,"attempt":1,"schema":1}}',
    );
  });

  test('of a short entry is the documented market sell with its stop above', () => {
    const order = entryOrder({
      root: 'ES',
      contract: 'ESZ2026',
      side: 'short',
      quantity: 1,
      signalPrice: 6911.75,
      brokerStopPrice: 6920,
      intentId: '01JD0B',
    });
    expect(payloadOf(order)).toEqual({
      ticker: 'ESZ2026',
      action: 'sell',
      sentiment: 'bearish',
      orderType: 'market',
      quantityType: 'fixed_quantity',
      quantity: 1,
      signalPrice: 6911.75,
      time: '2026-11-20T14:35:01.120Z',
      timeInForce: 'gtc',
      stopLoss: { type: 'stop', stopPrice: 6920 },
      extras: { signalId: '01JD0B', strategyId: 'orb-v3', epoch: 41, attempt: 1, schema: 1 },
    });
  });

  test('of an entry without a broker stop says nothing of stop or time in force', () => {
    const payload = payloadOf(entryOrder({ brokerStopPrice: null }));
    expect(payload).not.toHaveProperty('stopLoss');
    expect(payload).not.toHaveProperty('timeInForce');
  });

  test('of an exit is the full flatten: cancel, market, no quantity, no sentiment', () => {
    expect(JSON.stringify(payloadOf(exitOrder()))).toBe(
      '{"ticker":"MESZ2026","action":"exit","orderType":"market","cancel":true,"ignoreTradingWindows":true,' +
        '"signalPrice":6915,"time":"2026-11-20T15:02:00.004Z",' +
        '"extras":{"signalId":"01JD0F","strategyId":"orb-v3","epoch":41,"attempt":1,"schema":1}}',
    );
  });

  test.each([
    { side: 'long', brokerStopPrice: 6904.2, stopPrice: 6904 },
    { side: 'short', brokerStopPrice: 6920.1, stopPrice: 6920.25 },
  ] as const)('rounds the stop of a $side away from the price, to a tick', ({ side, brokerStopPrice, stopPrice }) => {
    expect(payloadOf(entryOrder({ side, brokerStopPrice }))).toMatchObject({ stopLoss: { stopPrice } });
  });

  test.each([
    { side: 'long', brokerStopPrice: 6912.25 },
    { side: 'long', brokerStopPrice: 6920 },
    { side: 'short', brokerStopPrice: 6912.25 },
    { side: 'short', brokerStopPrice: 6904.25 },
  ] as const)('is refused with a $side stop at $brokerStopPrice, not beyond the price', ({ side, brokerStopPrice }) => {
    expect(refusalOf(entryOrder({ side, brokerStopPrice }))).toMatch(/broker stop of a (long|short) .* must be/);
  });

  test.each([
    ['a quantity of zero', { quantity: 0 }],
    ['a fraction of a contract', { quantity: 1.5 }],
    ['no quantity', { quantity: null }],
    ['no side', { side: null }],
    ['a price that is not a number', { signalPrice: Number.NaN }],
    ['a stop that is not a number', { brokerStopPrice: Number.NaN }],
    ['a price below zero', { signalPrice: -37.63, brokerStopPrice: null }],
    ['a time that is no instant', { decisionTimeMs: Number.NaN }],
    ['an unknown root', { root: 'XYZ', contract: 'XYZZ2026' }],
    ['a root for a contract', { contract: 'MES' }],
    ['a continuous symbol', { contract: 'MES1!' }],
    ['a one-digit year', { contract: 'MESZ6' }],
    ["another root's contract", { contract: 'ESZ2026' }],
    ['attempt zero', { attempt: 0 }],
  ] satisfies [string, Partial<Order>][])('of an entry with %s is refused, naming the order', (_, overrides) => {
    expect(refusalOf(entryOrder(overrides))).toContain('order orb-v3:MES:1795185300000:enter/1 was not sent: ');
  });

  test('of a partial exit is refused, as it could not be repeated', () => {
    expect(refusalOf(exitOrder({ quantity: 1 }))).toContain('always closes the whole position');
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, 0, -37.63])(
    'of an exit goes out without a signal price of %s',
    (signalPrice) => {
      expect(payloadOf(exitOrder({ signalPrice }))).not.toHaveProperty('signalPrice');
    },
  );

  test('of an exit goes out whatever its time, and for a root that has left the instrument table', () => {
    expect(payloadOf(exitOrder({ decisionTimeMs: 8.64e15 }))).not.toHaveProperty('time');
    expect(payloadOf(exitOrder({ root: 'XYZ', contract: 'XYZZ2026' }))).toMatchObject({ ticker: 'XYZZ2026' });
  });

  test('of any order is either valid to the vendor or refused; an entry keeps its stop on a tick, on its side', () => {
    const orders = fc.record({
      instrument: fc.constantFrom(...instruments),
      kind: fc.constantFrom('enter' as const, 'exit' as const),
      side: fc.constantFrom('long' as const, 'short' as const),
      quantity: fc.option(fc.oneof(fc.nat(5), fc.double())),
      signalPrice: fc.double({ min: -10, max: 30_000, noNaN: false }),
      brokerStopPrice: fc.option(fc.double({ min: -10, max: 30_000, noNaN: false })),
      decisionTimeMs: fc.double(),
    });
    fc.assert(
      fc.property(orders, ({ instrument: { root }, ...fields }) => {
        const built = buildPayload(entryOrder({ ...fields, root, contract: `${root}H2027` }));
        if (!built.ok) return;
        const body = JSON.parse(JSON.stringify(built.payload));
        expect(readSignal(body)).toMatchObject({ ok: true });
        if (body.stopLoss === undefined) return;
        const { stopPrice } = body.stopLoss;
        expect(roundToTick(instrumentOf(root), stopPrice, 'nearest')).toBe(stopPrice);
        expect(Math.sign(stopPrice - body.signalPrice)).toBe(body.action === 'buy' ? -1 : 1);
      }),
    );
  });
});
