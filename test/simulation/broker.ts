import type { Order } from '#core/execution/order.ts';
import type { World } from './world.ts';

/** An account that plans every order from a position which is some seconds old, as the route does. */
export interface Broker {
  /** Acts on an order that reached the route. */
  act(order: Order): void;
  readonly violations: readonly string[];
}

/** How old a position the route may plan from, milliseconds. */
const SNAPSHOT_AGE_MAX_MS = 8_000;

/** Makes an account; `violations` names whatever must never happen to it. */
export function makeBroker(world: World): Broker {
  const violations: string[] = [];
  const held = new Map<string, { atMs: number; contracts: number }[]>();

  function contractsAt(contract: string, timeMs: number): number {
    return held.get(contract)?.findLast(({ atMs }) => atMs <= timeMs)?.contracts ?? 0;
  }

  return {
    violations,
    act(order) {
      const { contract, kind, side, quantity } = order;
      const before = contractsAt(contract, world.now());
      const seen = contractsAt(contract, world.now() - SNAPSHOT_AGE_MAX_MS * world.random.uniform());
      // A second entry of a position that is seen is refused, as is an exit of one that is not.
      const entry = seen === 0 ? (quantity ?? 0) * (side === 'short' ? -1 : 1) : 0;
      const after = kind === 'enter' ? before + entry : before - seen;
      if (kind === 'exit' && (Math.abs(after) > Math.abs(before) || after * before < 0)) {
        violations.push(`exit ${order.orderId} opened a position: ${before} became ${after}`);
      }
      if (kind === 'enter' && Math.abs(after) > (quantity ?? 0)) {
        violations.push(`entry ${order.orderId} of ${quantity} made a position of ${after}`);
      }
      held.set(contract, [...(held.get(contract) ?? []), { atMs: world.now(), contracts: after }]);
    },
  };
}
