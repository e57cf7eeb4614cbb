import { bracketLegs, needsReferencePrice, referencePrice } from './bracket.ts';
import { type Plan, planTrade, type SubscriptionSettings } from './plan.ts';
import type { Signal } from './signal.ts';

/** Contracts held in one contract. */
export interface SandboxPosition {
  readonly contract: string;
  /** Positive long, negative short, never 0. */
  readonly quantity: number;
}

/** An order at the simulated broker. */
export interface SandboxOrder {
  readonly orderId: number;
  /** Id that the webhook answered to the signal that made it. */
  readonly signalId: string;
  readonly contract: string;
  readonly side: 'buy' | 'sell';
  readonly type: string;
  readonly quantity: number;
  /** Where it filled or rests; null when that is not known. */
  readonly price: number | null;
  readonly status: 'filled' | 'working' | 'cancelled' | 'rejected';
}

/** What a signal did at the broker after the webhook had answered. */
export interface Effect {
  readonly kind: Plan['kind'] | 'cancelled' | 'working';
  readonly detail: string;
}

/**
 * One account at a broker without quotes: market orders fill at once at the signal's price, every other order rests
 * until it is cancelled. Legs of a bracket rest independently of the position, as they do at a real broker.
 */
export class SandboxBroker {
  readonly #settings: SubscriptionSettings;
  readonly #quantities = new Map<string, number>();
  readonly #orders: SandboxOrder[] = [];

  constructor(settings: SubscriptionSettings) {
    this.#settings = settings;
  }

  positions(): readonly SandboxPosition[] {
    return [...this.#quantities].map(([contract, quantity]) => ({ contract, quantity }));
  }

  /** Every order since the start, oldest first. */
  orders(): readonly SandboxOrder[] {
    return [...this.#orders];
  }

  /** Carries a signal out in the vendor's order: cancel, close, open. `signalId` is what the webhook answered. */
  apply(signal: Signal, signalId: string): Effect {
    const held = this.#quantities.get(signal.ticker) ?? 0;
    const cancelled = this.#cancel(signal);
    const effect = this.#trade(signal, signalId, planTrade(signal, held, this.#settings));
    if (cancelled === 0) return effect;
    const detail = `cancelled ${cancelled} working`;
    return effect.kind === 'rejected'
      ? { kind: 'cancelled', detail }
      : { ...effect, detail: `${detail}, ${effect.detail}` };
  }

  #cancel({ ticker, action, cancel, cancelOrderType }: Signal): number {
    if (action !== 'cancel' && !(cancel ?? this.#settings.cancelOpenOrders)) return 0;
    const narrowed = action === 'cancel' ? cancelOrderType : undefined;
    let count = 0;
    for (const [index, order] of this.#orders.entries()) {
      if (order.status !== 'working' || order.contract !== ticker) continue;
      if (narrowed !== undefined && order.type !== narrowed) continue;
      this.#orders[index] = { ...order, status: 'cancelled' };
      count += 1;
    }
    return count;
  }

  #trade(signal: Signal, signalId: string, plan: Plan): Effect {
    if (plan.kind === 'rejected') return plan;
    const { closes, opens } = plan;
    if (opens !== 0 && needsReferencePrice(signal) && referencePrice(signal) === null) {
      return { kind: 'rejected', detail: 'a relative stopLoss or takeProfit needs a signalPrice' };
    }
    const held = this.#quantities.get(signal.ticker) ?? 0;
    const resting = restingType(signal);
    if (resting !== null) {
      const price = signal.limitPrice ?? signal.stopPrice ?? null;
      this.#record(signal, signalId, {
        contracts: opens === 0 ? -Math.sign(held) * closes : opens,
        type: resting,
        price,
      });
      return { kind: 'working', detail: `a ${resting} order rests` };
    }
    const price = referencePrice(signal);
    const type = 'market';
    if (closes > 0) this.#record(signal, signalId, { contracts: -Math.sign(held) * closes, type, price });
    if (opens !== 0) this.#record(signal, signalId, { contracts: opens, type, price });
    this.#book(signal.ticker, held - Math.sign(held) * closes + opens);
    const refusals = opens === 0 ? [] : this.#attach(signal, signalId, opens);
    const size = [closes > 0 ? `closed ${closes}` : '', opens === 0 ? '' : `opened ${opens}`]
      .filter(Boolean)
      .join(', ');
    return { kind: plan.kind, detail: [size, ...refusals].join('; ') };
  }

  /** Rests the legs of the bracket; returns what the broker said to those it refused. */
  #attach(signal: Signal, signalId: string, opened: number): string[] {
    const legs = bracketLegs(signal, opened);
    for (const { type, price, refusal } of legs) {
      const status = refusal === null ? 'working' : 'rejected';
      this.#record(signal, signalId, { contracts: -opened, type, price, status });
    }
    return legs.flatMap(({ type, refusal }) => (refusal === null ? [] : [`${type} refused, ${refusal}`]));
  }

  #book(contract: string, quantity: number): void {
    if (quantity === 0) this.#quantities.delete(contract);
    else this.#quantities.set(contract, quantity);
  }

  #record(signal: Signal, signalId: string, order: NewOrder): void {
    const { contracts, type, price, status = type === 'market' ? 'filled' : 'working' } = order;
    this.#orders.push({
      orderId: this.#orders.length + 1,
      signalId,
      contract: signal.ticker,
      side: contracts > 0 ? 'buy' : 'sell',
      type,
      quantity: Math.abs(contracts),
      price,
      status,
    });
  }
}

interface NewOrder {
  /** Signed: positive buys. */
  readonly contracts: number;
  readonly type: string;
  readonly price: number | null;
  readonly status?: SandboxOrder['status'];
}

/** Type of an order that waits for its price; null for one that fills at once. Without a price it becomes a market order. */
function restingType({ orderType = 'market', limitPrice, stopPrice }: Signal): string | null {
  if (orderType === 'market') return null;
  if (orderType === 'trailing_stop') return orderType;
  const price = orderType === 'limit' ? limitPrice : stopPrice;
  return price === undefined ? null : orderType;
}
