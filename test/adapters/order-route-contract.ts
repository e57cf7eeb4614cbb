import { expect, test } from 'vitest';
import { outcomeSchema } from '#core/execution/outcome.ts';
import type { OrderRoute } from '#core/ports.ts';
import { entryOrder, exitOrder } from '#test/core/execution/sample-orders.ts';

/** What every order route keeps, whatever is behind it. `make` gives a fresh route that has nothing against us. */
export function orderRouteContract(name: string, make: () => Promise<OrderRoute>): void {
  test(`${name}: a good entry and its exit are accepted, with an id`, async () => {
    const route = await make();
    for (const order of [entryOrder(), exitOrder()]) {
      expect(outcomeSchema.parse(await route.send(order))).toMatchObject({ kind: 'accepted' });
    }
  });

  test(`${name}: every send is an attempt of its own; the route does not remember orders`, async () => {
    const route = await make();
    const first = await route.send(exitOrder());
    expect(await route.send(exitOrder())).toMatchObject({ kind: first.kind });
  });

  test(`${name}: an impossible order is an outcome, never a rejection of the promise`, async () => {
    const route = await make();
    expect(outcomeSchema.safeParse(await route.send(entryOrder({ quantity: -1, contract: '' }))).success).toBe(true);
  });
}
