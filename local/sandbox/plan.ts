import type { Signal } from './signal.ts';

/** The subscription's settings that change what a signal means. A new subscription has all of them off. */
export interface SubscriptionSettings {
  /** `buy` while long, or `sell` while short, adds instead of being rejected. */
  readonly addToPosition: boolean;
  /** The opposite signal closes and then enters the other side, instead of only closing. */
  readonly sideSwapping: boolean;
  /** Working orders are cancelled before every signal that does not say otherwise. */
  readonly cancelOpenOrders: boolean;
}

/** What a signal asks of the broker: contracts to close, then contracts to open (signed). Or why it asks nothing. */
export type Plan =
  | {
      readonly kind: 'entered' | 'added' | 'exited' | 'reduced' | 'reversed';
      readonly closes: number;
      readonly opens: number;
    }
  | { readonly kind: 'rejected'; readonly detail: string };

/**
 * Plans a signal against the position it finds (signed contracts), as the vendor's table of actions has it. Where the
 * table is silent the answer is a rejection. Cancelling working orders is not part of the plan.
 */
export function planTrade(signal: Signal, held: number, settings: SubscriptionSettings): Plan {
  switch (signal.action) {
    case 'buy':
    case 'sell':
      return planSide(signal, held, settings);
    case 'exit':
      return planExit(signal, held);
    case 'add': {
      if (held === 0) return rejected('nothing to add to: no open position');
      const size = sizeOf(signal);
      return size === 0 ? belowOne : { kind: 'added', closes: 0, opens: Math.sign(held) * size };
    }
    case 'cancel':
      return rejected('no working order to cancel');
    case 'reverse':
    case 'breakeven':
      return rejected(`the sandbox does not simulate ${signal.action}`);
  }
}

function planSide(signal: Signal, held: number, settings: SubscriptionSettings): Plan {
  const direction = signal.action === 'buy' ? 1 : -1;
  const isOpposite = Math.sign(held) === -direction;
  const expected = expectedSide(signal);
  if (expected === 0) return isOpposite ? exitAll(held) : rejected(`nothing for ${signal.action} with flat to close`);
  if (expected === -direction) {
    if (!isOpposite) return rejected(`${signal.action} cannot leave a position of the other side`);
    return reduce(held, signal.quantity === undefined ? Math.abs(held) : sizeOf(signal));
  }
  const size = sizeOf(signal);
  if (size === 0) return belowOne;
  if (held === 0) return { kind: 'entered', closes: 0, opens: direction * size };
  if (isOpposite) {
    return settings.sideSwapping
      ? { kind: 'reversed', closes: Math.abs(held), opens: direction * size }
      : exitAll(held);
  }
  if (settings.addToPosition) return { kind: 'added', closes: 0, opens: direction * size };
  return rejected(`already ${held > 0 ? 'long' : 'short'}, and adding to a position is off`);
}

function planExit(signal: Signal, held: number): Plan {
  if (held === 0) return rejected('nothing to exit: no open position');
  if (signal.quantity === undefined) return exitAll(held);
  const isShare = signal.quantityType === 'percent_of_position';
  return reduce(held, isShare ? Math.floor((Math.abs(held) * signal.quantity) / 100) : sizeOf(signal));
}

/** Closes part of a position; more than there is closes it all and never turns it. */
function reduce(held: number, quantity: number): Plan {
  if (quantity === 0) return belowOne;
  if (quantity >= Math.abs(held)) return exitAll(held);
  return { kind: 'reduced', closes: quantity, opens: 0 };
}

function exitAll(held: number): Plan {
  return { kind: 'exited', closes: Math.abs(held), opens: 0 };
}

/** Contracts asked for: rounded down, one when the signal says nothing. */
function sizeOf({ quantity = 1 }: Signal): number {
  return Math.floor(quantity);
}

/** Side expected after the trade, 0 for flat; null when the signal does not say. */
function expectedSide({ sentiment }: Signal): 1 | 0 | -1 | null {
  if (sentiment === undefined) return null;
  if (sentiment === 'flat') return 0;
  return sentiment === 'bullish' || sentiment === 'long' ? 1 : -1;
}

const belowOne: Plan = { kind: 'rejected', detail: 'the quantity rounds down to nothing' };

function rejected(detail: string): Plan {
  return { kind: 'rejected', detail };
}
