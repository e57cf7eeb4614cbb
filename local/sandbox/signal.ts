import * as z from 'zod';
import type { MessageCode } from '#adapters/traderspost/message-codes.ts';
import { crossFieldFault } from './signal-rules.ts';

const positive = z.number().positive();
const takeProfit = z.object({
  limitPrice: positive.optional(),
  percent: positive.optional(),
  amount: positive.optional(),
  pnlAmount: positive.optional(),
});
const stopLoss = z.object({
  type: z.enum(['stop', 'stop_limit', 'trailing_stop']).optional(),
  stopPrice: positive.optional(),
  limitPrice: positive.optional(),
  percent: positive.optional(),
  amount: positive.optional(),
  pnlAmount: positive.optional(),
  trailPrice: positive.optional(),
  trailAmount: positive.optional(),
  trailPercent: positive.optional(),
});
const orderType = z.enum(['market', 'limit', 'stop', 'stop_limit', 'trailing_stop']);

/** Every documented field that a futures strategy reads; the order decides which fault is told first. */
const signalSchema = z.object({
  ticker: z.string(),
  action: z.enum(['buy', 'sell', 'exit', 'cancel', 'add', 'reverse', 'breakeven']),
  sentiment: z.enum(['bullish', 'long', 'bearish', 'short', 'flat']).optional(),
  quantity: positive.optional(),
  quantityType: z
    .enum([
      'fixed_quantity',
      'dollar_amount',
      'risk_dollar_amount',
      'risk_percent',
      'percent_of_equity',
      'percent_of_position',
    ])
    .optional(),
  orderType: orderType.optional(),
  limitPrice: z.number().optional(),
  stopPrice: z.number().optional(),
  signalPrice: z.number().optional(),
  price: z.number().optional(),
  trailAmount: positive.optional(),
  trailPercent: positive.optional(),
  timeInForce: z.enum(['day', 'gtc', 'gtd', 'opg', 'cls', 'ioc', 'fok']).optional(),
  takeProfit: takeProfit.optional(),
  stopLoss: stopLoss.optional(),
  cancel: z.boolean().optional(),
  cancelOrderType: orderType.optional(),
  cancelAfter: z.number().min(1).max(3600).optional(),
  delay: z.number().nonnegative().optional(),
  time: z.iso.datetime({ offset: true }).optional(),
  interval: z.string().optional(),
  ignoreTradingWindows: z.boolean().optional(),
  marketPriceType: z.enum(['ask_bid', 'mark', 'ask', 'bid', 'last']).optional(),
  bidAskSpreadFilter: z.number().optional(),
  bidAskSpreadFilterPercent: z.number().optional(),
  breakevenOffset: z.number().optional(),
  extendedHours: z.boolean().optional(),
  optionType: z.enum(['both', 'call', 'put']).optional(),
  expiresAt: z
    .string()
    .regex(/^(\d{4}-\d\d-\d\d|\+\d+ (day|week|month|year)s?)$/)
    .optional(),
  extras: z.record(z.string(), z.unknown()).optional(),
  test: z.boolean().optional(),
});

/** A message that passed the documented validation. Unknown fields are dropped, as the vendor ignores them. */
export type Signal = z.infer<typeof signalSchema>;

/** What is wrong with a message, in the vendor's words. */
export interface Fault {
  readonly code: MessageCode;
  readonly message: string;
}

/** Code of a field whose type or value is wrong, by its path; every other field makes the payload invalid. */
const fieldCodes: Readonly<Record<string, MessageCode>> = {
  action: 'invalid-action',
  sentiment: 'invalid-sentiment',
  quantity: 'invalid-quantity',
  quantityType: 'invalid-quantity-type',
  orderType: 'invalid-order-type',
  trailAmount: 'invalid-trailing-stop',
  trailPercent: 'invalid-trailing-stop',
  timeInForce: 'invalid-time-in-force',
  'takeProfit.limitPrice': 'invalid-take-profit-limit-price',
  'takeProfit.percent': 'invalid-take-profit-percent',
  'takeProfit.amount': 'invalid-take-profit-amount',
  'takeProfit.pnlAmount': 'invalid-take-profit-amount',
  'stopLoss.type': 'invalid-stop-loss-type',
  'stopLoss.stopPrice': 'invalid-stop-loss-stop-price',
  'stopLoss.limitPrice': 'invalid-stop-loss-limit-price',
  'stopLoss.percent': 'invalid-stop-loss-percent',
  'stopLoss.amount': 'invalid-stop-loss-amount',
  'stopLoss.pnlAmount': 'invalid-stop-loss-amount',
  'stopLoss.trailPrice': 'invalid-stop-loss-trail-price',
  'stopLoss.trailAmount': 'invalid-stop-loss-trail-amount',
  'stopLoss.trailPercent': 'invalid-stop-loss-trail-percent',
  extendedHours: 'invalid-extended-hours',
  optionType: 'invalid-option-type',
  expiresAt: 'invalid-expires-at',
};

/** The signal in a parsed JSON body, or the first documented fault. */
export function readSignal(
  body: unknown,
): { readonly ok: true; readonly signal: Signal } | { readonly ok: false; readonly fault: Fault } {
  const parsed = signalSchema.safeParse(body);
  if (!parsed.success) return { ok: false, fault: fieldFault(body, parsed.error.issues) };
  const fault = crossFieldFault(parsed.data);
  return fault === null ? { ok: true, signal: parsed.data } : { ok: false, fault };
}

function fieldFault(body: unknown, issues: readonly z.core.$ZodIssue[]): Fault {
  const path = issues[0]?.path.join('.') ?? '';
  const isMissingAction = path === 'action' && !Object.hasOwn(body as object, 'action');
  const code = isMissingAction ? 'invalid-payload' : (fieldCodes[path] ?? 'invalid-payload');
  if (code === 'invalid-payload' && (path === 'ticker' || isMissingAction || path === '')) {
    return { code, message: 'The payload is invalid. Both the action and ticker fields are required.' };
  }
  return { code, message: `The provided ${path} is invalid. ${issues[0]?.message ?? ''}` };
}
