import * as z from 'zod/mini';
import type { Order } from '#core/execution/order.ts';
import { instrumentOf, roundToTick } from '#core/market/instrument.ts';

const price = z.number().check(z.positive());
const isoTime = z.iso.datetime();
const extras = z.strictObject({
  /** Id of the intent. */
  signalId: z.string().check(z.minLength(1)),
  strategyId: z.string().check(z.minLength(1)),
  epoch: z.int().check(z.gte(0)),
  attempt: z.int().check(z.gte(1)),
  schema: z.literal(1),
});

/**
 * Market entry for a fixed size, with a stop that rests at the broker.
 *
 * TradersPost documents `timeInForce` for the order of the signal and none for the legs of a bracket, whose default is
 * `gtc` or `day` "depending on the scenario and broker". A market entry does not rest, so the word can only matter to
 * the stop, and the stop must outlive the session: hence `gtc` with a stop, and nothing without one. The documented
 * control of the legs is the subscription's "exit time in force", which the deploy checklist sets to GTC.
 */
const entrySchema = z.strictObject({
  ticker: z.string(),
  action: z.enum(['buy', 'sell']),
  sentiment: z.enum(['bullish', 'bearish']),
  orderType: z.literal('market'),
  quantityType: z.literal('fixed_quantity'),
  quantity: z.int().check(z.gte(1)),
  signalPrice: price,
  time: isoTime,
  timeInForce: z.optional(z.literal('gtc')),
  stopLoss: z.optional(z.strictObject({ type: z.literal('stop'), stopPrice: price })),
  extras,
});

/**
 * Full market exit of whatever side there is: no quantity and no sentiment, so that a repeat can never open a position.
 * `cancel` takes the broker's stop away with it. Price and time only describe the signal and are left out when they
 * cannot be sent: nothing but the contract may hold an exit back.
 */
const exitSchema = z.strictObject({
  ticker: z.string(),
  action: z.literal('exit'),
  orderType: z.literal('market'),
  cancel: z.literal(true),
  ignoreTradingWindows: z.literal(true),
  signalPrice: z.optional(price),
  time: z.optional(isoTime),
  extras,
});

/** The only two messages that we send to TradersPost. */
const payloadSchema = z.discriminatedUnion('action', [entrySchema, exitSchema]);
export type Payload = Readonly<z.infer<typeof payloadSchema>>;

/** A payload ready to be sent, or why the order cannot be one. */
export type BuiltPayload =
  | { readonly ok: true; readonly payload: Payload }
  | { readonly ok: false; readonly reason: string };

/** The TradersPost message for an order, checked against our own schema and against the stop's side. Never throws. */
export function buildPayload(order: Order): BuiltPayload {
  if (!isContractOf(order.root, order.contract)) {
    return refuse(
      order,
      `contract ${order.contract} is not a dated contract of ${order.root}, like ${order.root}Z2026`,
    );
  }
  try {
    const draft = order.kind === 'enter' ? draftEntry(order) : draftExit(order);
    if (typeof draft === 'string') return refuse(order, draft);
    const parsed = payloadSchema.safeParse(draft);
    if (parsed.success) return { ok: true, payload: parsed.data };
    return refuse(order, parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '));
  } catch (error) {
    return refuse(order, error instanceof Error ? error.message : String(error));
  }
}

function refuse(order: Order, reason: string): BuiltPayload {
  return { ok: false, reason: `order ${order.orderId} was not sent: ${reason}` };
}

/** Root, month letter and four-digit year; anything else TradersPost would map to a month of its own choice. */
function isContractOf(root: string, contract: string): boolean {
  return root !== '' && contract.startsWith(root) && /^[FGHJKMNQUVXZ]20\d\d$/.test(contract.slice(root.length));
}

function draftEntry(order: Order): z.input<typeof entrySchema> | string {
  const { side, brokerStopPrice } = order;
  if (side === null || order.quantity === null) return 'an entry needs a side and a quantity';
  const instrument = instrumentOf(order.root);
  const signalPrice = roundToTick(instrument, order.signalPrice, 'nearest');
  const stopPrice =
    brokerStopPrice === null ? null : roundToTick(instrument, brokerStopPrice, side === 'long' ? 'down' : 'up');
  // Written so that a stop that is not a number fails too.
  if (stopPrice !== null && !(side === 'long' ? stopPrice < signalPrice : stopPrice > signalPrice)) {
    return `the broker stop of a ${side} at ${signalPrice} must be ${side === 'long' ? 'below' : 'above'} it, not at ${stopPrice}`;
  }
  return {
    ticker: order.contract,
    action: side === 'long' ? 'buy' : 'sell',
    sentiment: side === 'long' ? 'bullish' : 'bearish',
    orderType: 'market',
    quantityType: 'fixed_quantity',
    quantity: order.quantity,
    signalPrice,
    time: isoOf(order.decisionTimeMs) ?? '',
    ...(stopPrice === null ? {} : { timeInForce: 'gtc', stopLoss: { type: 'stop', stopPrice } }),
    extras: extrasOf(order),
  };
}

function draftExit(order: Order): z.input<typeof exitSchema> | string {
  if (order.quantity !== null) return 'an exit always closes the whole position; a partial one could not be repeated';
  const time = isoOf(order.decisionTimeMs);
  return {
    ticker: order.contract,
    action: 'exit',
    orderType: 'market',
    cancel: true,
    ignoreTradingWindows: true,
    ...(Number.isFinite(order.signalPrice) && order.signalPrice > 0 ? { signalPrice: order.signalPrice } : {}),
    ...(time === null ? {} : { time }),
    extras: extrasOf(order),
  };
}

/** An instant as the vendor wants it; null when it is no instant of a year with four digits. */
function isoOf(timeMs: number): string | null {
  const date = new Date(timeMs);
  const iso = Number.isNaN(date.getTime()) ? null : date.toISOString();
  return isoTime.safeParse(iso).success ? iso : null;
}

function extrasOf(order: Order): z.input<typeof extras> {
  const { intentId, strategyId, epoch, attempt } = order;
  return { signalId: intentId, strategyId, epoch, attempt, schema: 1 };
}
