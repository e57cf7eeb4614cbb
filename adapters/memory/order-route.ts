import type { Order } from '#core/execution/order.ts';
import type { Outcome } from '#core/execution/outcome.ts';
import type { OrderRoute } from '#core/ports.ts';

/** What a scripted route answers to one order: an outcome, or a function that may also wait or never answer. */
export type ScriptedOutcome = Outcome | ((order: Order) => Outcome | Promise<Outcome>);

/** An order route that keeps what it was sent. */
export interface MemoryRoute extends OrderRoute {
  /** Every order sent, in order. */
  readonly orders: readonly Order[];
}

/** A route that answers by `script`, one entry per order, and accepts everything once the script has run out. */
export function memoryRoute(script: readonly ScriptedOutcome[] = []): MemoryRoute {
  const orders: Order[] = [];
  return {
    orders,
    async send(order) {
      orders.push(order);
      const scripted = script[orders.length - 1];
      if (scripted === undefined) return { kind: 'accepted', id: `memory-${orders.length}`, logId: null };
      return typeof scripted === 'function' ? await scripted(order) : scripted;
    },
  };
}
