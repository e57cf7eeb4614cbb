import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { memoryRoute } from '#adapters/memory/order-route.ts';
import { noneRoute } from '#adapters/none-route.ts';
import { tradersPostRoute } from '#adapters/traderspost/client.ts';
import { type Sandbox, startSandbox } from '#local/sandbox/server.ts';
import { orderRouteContract } from '#test/adapters/order-route-contract.ts';
import { entryOrder, exitOrder } from '#test/core/execution/sample-orders.ts';

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox({ port: 0 });
});
afterAll(() => sandbox.close());

orderRouteContract('memory', () => Promise.resolve(memoryRoute()));
orderRouteContract('none', () => Promise.resolve(noneRoute()));
orderRouteContract('TradersPost', () => Promise.resolve(tradersPostRoute({ webhookUrl: () => sandbox.url })));

describe('the memory route', () => {
  test('keeps every order, answers by its script, then accepts', async () => {
    const route = memoryRoute([
      { kind: 'unknown', reason: 'reply lost' },
      (order) => ({ kind: 'not-sent', reason: order.contract }),
    ]);
    expect(await route.send(entryOrder())).toEqual({ kind: 'unknown', reason: 'reply lost' });
    expect(await route.send(exitOrder())).toEqual({ kind: 'not-sent', reason: 'MESZ2026' });
    expect(await route.send(exitOrder())).toEqual({ kind: 'accepted', id: 'memory-3', logId: null });
    expect(route.orders).toEqual([entryOrder(), exitOrder(), exitOrder()]);
  });
});

test('the none route accepts under the id "none"', async () => {
  expect(await noneRoute().send(entryOrder())).toEqual({ kind: 'accepted', id: 'none', logId: null });
});
