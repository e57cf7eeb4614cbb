import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SandboxBroker } from '#local/sandbox/broker.ts';
import type { SubscriptionSettings } from '#local/sandbox/plan.ts';
import type { Signal } from '#local/sandbox/signal.ts';

const off: SubscriptionSettings = { addToPosition: false, sideSwapping: false, cancelOpenOrders: false };
const entry: Signal = { ticker: 'ESZ2026', action: 'buy', quantity: 2, signalPrice: 6912.25 };
const withStop: Signal = { ...entry, stopLoss: { type: 'stop', stopPrice: 6904.25 } };
const exit: Signal = { ticker: 'ESZ2026', action: 'exit' };

function brokerAfter(signals: readonly Signal[], settings: Partial<SubscriptionSettings> = {}) {
  const broker = new SandboxBroker({ ...off, ...settings });
  const effects = signals.map((signal, index) => broker.apply(signal, `s${index + 1}`));
  return { broker, effects, kinds: effects.map(({ kind }) => kind) };
}

function workingTypes(broker: SandboxBroker): string[] {
  return broker.orders().flatMap(({ status, type }) => (status === 'working' ? [type] : []));
}

describe('the simulated broker', () => {
  test('fills a market entry at the signal price and rests its bracket', () => {
    const { broker } = brokerAfter([{ ...withStop, takeProfit: { limitPrice: 6928.25 } }]);
    expect(broker.positions()).toEqual([{ contract: 'ESZ2026', quantity: 2 }]);
    const common = { signalId: 's1', contract: 'ESZ2026', quantity: 2 };
    expect(broker.orders()).toEqual([
      { orderId: 1, ...common, side: 'buy', type: 'market', price: 6912.25, status: 'filled' },
      { orderId: 2, ...common, side: 'sell', type: 'stop', price: 6904.25, status: 'working' },
      { orderId: 3, ...common, side: 'sell', type: 'limit', price: 6928.25, status: 'working' },
    ]);
  });

  test('keeps positions of different contracts apart', () => {
    const { broker } = brokerAfter([entry, { ...entry, ticker: 'ESH2027', action: 'sell', quantity: 1 }]);
    expect(broker.positions()).toEqual([
      { contract: 'ESZ2026', quantity: 2 },
      { contract: 'ESH2027', quantity: -1 },
    ]);
  });

  test('leaves the stop working when an exit does not cancel: the orphan that later opens a position', () => {
    const { broker, kinds } = brokerAfter([withStop, exit]);
    expect(kinds).toEqual(['entered', 'exited']);
    expect(broker.positions()).toEqual([]);
    expect(workingTypes(broker)).toEqual(['stop']);
  });

  test('takes the stop away with an exit that cancels, or when the subscription always does', () => {
    expect(workingTypes(brokerAfter([withStop, { ...exit, cancel: true }]).broker)).toEqual([]);
    expect(workingTypes(brokerAfter([withStop, exit], { cancelOpenOrders: true }).broker)).toEqual([]);
    expect(
      workingTypes(brokerAfter([withStop, { ...exit, cancel: false }], { cancelOpenOrders: true }).broker),
    ).toEqual(['stop']);
  });

  test('an exit while flat is rejected, but with cancel it still takes orphans away', () => {
    const { broker, kinds } = brokerAfter([withStop, exit, { ...exit, cancel: true }, { ...exit, cancel: true }]);
    expect(kinds).toEqual(['entered', 'exited', 'cancelled', 'rejected']);
    expect(workingTypes(broker)).toEqual([]);
  });

  test('cancel removes working orders and leaves the position; it may be narrowed to one type', () => {
    const bracket: Signal = { ...withStop, takeProfit: { amount: 16 } };
    const cancel: Signal = { ticker: 'ESZ2026', action: 'cancel' };
    const narrowed = brokerAfter([bracket, { ...cancel, cancelOrderType: 'stop' }]).broker;
    expect(workingTypes(narrowed)).toEqual(['limit']);
    const { broker, kinds } = brokerAfter([bracket, cancel, cancel]);
    expect(kinds).toEqual(['entered', 'cancelled', 'rejected']);
    expect(broker.positions()).toEqual([{ contract: 'ESZ2026', quantity: 2 }]);
  });

  test.each([
    ['a stop above a long', { stopLoss: { stopPrice: 6920 } }, 'stop refused, 6920 is on the wrong side of 6912.25'],
    ['a stop off the tick', { stopLoss: { stopPrice: 6904.3 } }, 'stop refused, 6904.3 is not on a tick of 0.25'],
    [
      'a target below a long',
      { takeProfit: { limitPrice: 6900 } },
      'limit refused, 6900 is on the wrong side of 6912.25',
    ],
  ] satisfies [string, Partial<Signal>, string][])('refuses %s, and the entry is naked', (_, legs, detail) => {
    const { broker, effects } = brokerAfter([{ ...entry, ...legs }]);
    expect(effects[0]).toEqual({ kind: 'entered', detail: `opened 2; ${detail}` });
    expect(broker.orders().map(({ status }) => status)).toEqual(['filled', 'rejected']);
  });

  test('works out relative legs from the signal price, on a tick', () => {
    const short: Signal = { ...entry, action: 'sell', stopLoss: { percent: 0.1 }, takeProfit: { pnlAmount: 1_000 } };
    // 0.1 % of 6912.25 is 6.91225; 1,000 dollars on two contracts of 50 dollars a point are 10 points.
    expect(brokerAfter([short]).broker.orders().slice(1)).toMatchObject([
      { side: 'buy', type: 'stop', price: 6919.25 },
      { side: 'buy', type: 'limit', price: 6902.25 },
    ]);
  });

  test('rejects a relative leg without a price, as the vendor has no quotes', () => {
    const { broker, kinds } = brokerAfter([{ ticker: 'ESZ2026', action: 'buy', stopLoss: { amount: 8 } }]);
    expect(kinds).toEqual(['rejected']);
    expect(broker.positions()).toEqual([]);
  });

  test.each([
    [{ orderType: 'limit', limitPrice: 6900 }, 'working'],
    [{ orderType: 'stop', stopPrice: 6930 }, 'working'],
    [{ orderType: 'trailing_stop', trailAmount: 4 }, 'working'],
    [{ orderType: 'limit' }, 'entered'],
  ] satisfies [Partial<Signal>, string][])(
    '%j is %s: a limit order without a price is a market order',
    (fields, kind) => {
      const { broker, kinds } = brokerAfter([{ ...entry, ...fields }]);
      expect(kinds).toEqual([kind]);
      expect(broker.positions()).toHaveLength(kind === 'working' ? 0 : 1);
    },
  );

  test('a full exit never opens a position, in whatever order and however often it comes', () => {
    const signals = fc.array(
      fc.constantFrom<Signal>(withStop, { ...entry, action: 'sell' }, { ...entry, action: 'add' }, exit),
    );
    fc.assert(
      fc.property(signals, fc.boolean(), fc.boolean(), (before, addToPosition, sideSwapping) => {
        const { broker } = brokerAfter(before, { addToPosition, sideSwapping });
        broker.apply(exit, 'last');
        expect(broker.positions()).toEqual([]);
        broker.apply(exit, 'again');
        expect(broker.positions()).toEqual([]);
      }),
    );
  });
});
