import type { Order } from '#core/execution/order.ts';

/** A long entry in the micro S&P as the executor would send it, with any field replaced. */
export function entryOrder(overrides: Partial<Order> = {}): Order {
  return {
    orderId: 'orb-v3:MES:1795185300000:enter/1',
    intentId: '01JD0A',
    strategyId: 'orb-v3',
    root: 'MES',
    contract: 'MESZ2026',
    kind: 'enter',
    side: 'long',
    quantity: 2,
    signalPrice: 6912.25,
    brokerStopPrice: 6904.25,
    decisionTimeMs: Date.parse('2026-11-20T14:35:01.120Z'),
    epoch: 41,
    attempt: 1,
    ...overrides,
  };
}

/** The full exit of that position, with any field replaced. */
export function exitOrder(overrides: Partial<Order> = {}): Order {
  return {
    ...entryOrder(),
    orderId: 'orb-v3:MES:41:exit:1/1',
    intentId: '01JD0F',
    kind: 'exit',
    side: null,
    quantity: null,
    signalPrice: 6915,
    brokerStopPrice: null,
    decisionTimeMs: Date.parse('2026-11-20T15:02:00.004Z'),
    ...overrides,
  };
}
