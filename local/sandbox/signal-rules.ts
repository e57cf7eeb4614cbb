import type { MessageCode } from '#adapters/traderspost/message-codes.ts';
import type { Fault, Signal } from './signal.ts';
import { tickerFault } from './ticker.ts';

/** The first documented rule between fields that a well-typed signal breaks; null when it keeps them all. */
export function crossFieldFault(signal: Signal): Fault | null {
  for (const rule of rules) {
    const fault = rule(signal);
    if (fault !== null) return fault;
  }
  return null;
}

type Rule = (signal: Signal) => Fault | null;

const rules: readonly Rule[] = [
  ({ ticker }) => when(tickerFault(ticker), `The ticker ${JSON.stringify(ticker)} cannot be traded by this strategy.`),
  sentimentNeedsSide,
  quantityType,
  trailingStop,
  takeProfit,
  stopLoss,
  ({ optionType }) =>
    when(optionType === undefined ? null : 'invalid-ticker-and-option-type', 'A future has no optionType.'),
];

function sentimentNeedsSide({ sentiment, action }: Signal): Fault | null {
  if (sentiment === undefined || action === 'buy' || action === 'sell') return null;
  return { code: 'invalid-sentiment-action', message: 'The sentiment field can only be used with buy or sell.' };
}

/** Futures know one sizing for entries, a fixed quantity, and one more for exits, a percentage of the position. */
function quantityType({ quantityType: type, quantity, action }: Signal): Fault | null {
  if (type === undefined) return null;
  const message = `The quantityType ${type} cannot be used like this.`;
  if (quantity === undefined) return { code: 'quantity-type-requires-quantity', message };
  if (type === 'fixed_quantity') return null;
  const isExit = action === 'exit';
  if (type === 'percent_of_position') return when(isExit ? null : 'invalid-percent-of-position-action', message);
  if (!isExit) return { code: 'invalid-quantity-type-for-asset-class', message };
  const isRisk = type === 'risk_dollar_amount';
  return { code: isRisk ? 'invalid-risk-dollar-amount-action' : 'invalid-quantity-type-action', message };
}

function trailingStop({ orderType, trailAmount, trailPercent }: Signal): Fault | null {
  const isValid = orderType !== 'trailing_stop' || count(trailAmount, trailPercent) === 1;
  return when(
    isValid ? null : 'invalid-trailing-stop',
    'A trailing_stop needs exactly one of trailAmount, trailPercent.',
  );
}

function takeProfit({ takeProfit: target }: Signal): Fault | null {
  if (target === undefined) return null;
  const amounts = count(target.amount, target.pnlAmount);
  const relatives = amounts + count(target.percent);
  const message = 'The takeProfit needs exactly one of limitPrice, percent, amount.';
  if (relatives > 1) return { code: 'invalid-take-profit-amount-and-percent', message };
  if (relatives === 1 && target.limitPrice !== undefined) {
    return { code: 'invalid-take-profit-relative-and-absolute', message };
  }
  return when(relatives + count(target.limitPrice) === 0 ? 'invalid-take-profit-value-required' : null, message);
}

function stopLoss({ stopLoss: stop }: Signal): Fault | null {
  if (stop === undefined) return null;
  const relatives = count(stop.amount, stop.percent, stop.pnlAmount);
  const trails = count(stop.trailAmount, stop.trailPercent);
  const message = 'The stopLoss needs exactly one value that fits its type.';
  if (stop.type === 'trailing_stop') {
    if (trails === 0) return { code: 'invalid-stop-loss-trail-value-required', message };
    return when(trails > 1 ? 'invalid-stop-loss-trail-value' : null, message);
  }
  if (trails > 0) return { code: 'invalid-stop-loss-type', message };
  if (stop.limitPrice !== undefined && stop.type !== 'stop_limit') {
    return { code: 'invalid-stop-loss-limit-price', message };
  }
  if (relatives > 1) return { code: 'invalid-stop-loss-amount-and-percent', message };
  if (relatives === 1 && stop.stopPrice !== undefined) {
    return { code: 'invalid-stop-loss-relative-and-absolute', message };
  }
  if (relatives + count(stop.stopPrice) > 0) return null;
  const code =
    stop.limitPrice === undefined ? 'invalid-stop-loss-value-required' : 'invalid-stop-loss-stop-price-required';
  return { code, message };
}

function count(...values: readonly (number | undefined)[]): number {
  return values.filter((value) => value !== undefined).length;
}

function when(code: MessageCode | null, message: string): Fault | null {
  return code === null ? null : { code, message };
}
