import { describe, expect, test } from 'vitest';
import { readSignal } from '#local/sandbox/signal.ts';

/** Code of the fault, or `ok`. */
function verdict(body: unknown): string {
  const read = readSignal(body);
  return read.ok ? 'ok' : read.fault.code;
}

const buy = { ticker: 'MESZ2026', action: 'buy' };
const exit = { ticker: 'MESZ2026', action: 'exit' };

describe('the documented examples', () => {
  test.each([
    [
      'long entry, absolute bracket',
      {
        ...buy,
        orderType: 'market',
        quantityType: 'fixed_quantity',
        quantity: 2,
        signalPrice: 6912.25,
        time: '2026-11-20T14:35:01.120Z',
        stopLoss: { type: 'stop', stopPrice: 6904.25 },
        takeProfit: { limitPrice: 6928.25 },
        extras: { signalId: '01JD0A', epoch: 41 },
      },
    ],
    [
      'short entry',
      {
        ticker: 'ESZ2026',
        action: 'sell',
        sentiment: 'bearish',
        orderType: 'market',
        quantity: 1,
        signalPrice: 6911.75,
        stopLoss: { type: 'stop', stopPrice: 6920 },
        takeProfit: { limitPrice: 6895 },
      },
    ],
    [
      'resting limit',
      {
        ...buy,
        orderType: 'limit',
        limitPrice: 25110.5,
        signalPrice: 25118,
        quantity: 1,
        timeInForce: 'day',
        stopLoss: { type: 'stop', stopPrice: 25080.5 },
      },
    ],
    [
      'relative bracket',
      { ...buy, signalPrice: 6912.25, stopLoss: { type: 'stop', amount: 8 }, takeProfit: { amount: 16 } },
    ],
    [
      'entry with a trailing stop',
      { ...buy, signalPrice: 6912.25, stopLoss: { type: 'trailing_stop', trailAmount: 6 } },
    ],
    [
      'full flatten',
      {
        ...exit,
        orderType: 'market',
        cancel: true,
        ignoreTradingWindows: true,
        signalPrice: 6915,
        time: '2026-11-20T15:02:00.004Z',
      },
    ],
    ['partial exit', { ...exit, orderType: 'market', quantity: 1, cancel: false }],
    [
      'reversal',
      {
        ...buy,
        action: 'sell',
        sentiment: 'bearish',
        quantity: 2,
        signalPrice: 6909.5,
        cancel: true,
        stopLoss: { type: 'stop', stopPrice: 6918 },
      },
    ],
    ['cancel', { ticker: 'MESZ2026', action: 'cancel', extras: { reason: 'entry-ttl' } }],
    ['close short only', { ...buy, sentiment: 'flat', orderType: 'market', cancel: true, signalPrice: 6911 }],
    ['half the position', { ...exit, quantity: 50, quantityType: 'percent_of_position' }],
    ['the smallest message', exit],
  ])('%s is valid', (_, body) => {
    expect(verdict(body)).toBe('ok');
  });

  test('unknown top-level fields are ignored', () => {
    expect(verdict({ ...exit, account: 'x', metadata: [1], resize: 4 })).toBe('ok');
  });
});

describe('a documented rule', () => {
  test.each([
    ['invalid-payload', null],
    ['invalid-payload', []],
    ['invalid-payload', 'buy MESZ2026'],
    ['invalid-payload', {}],
    ['invalid-payload', { ticker: 'MESZ2026' }],
    ['invalid-payload', { action: 'buy' }],
    ['invalid-payload', { ...buy, ticker: 7 }],
    ['invalid-action', { ...buy, action: 'resize' }],
    ['invalid-action', { ...buy, action: 'BUY' }],
    ['invalid-action', { ...buy, action: 1 }],
    ['empty-ticker-name', { ...buy, ticker: '' }],
    ['ticker-does-not-exist', { ...buy, ticker: 'AAPL' }],
    ['ticker-does-not-exist', { ...buy, ticker: 'XYZZ2026' }],
    ['ticker-does-not-exist', { ...buy, ticker: 'mesz2026' }],
    ['unsupported-ticker', { ...buy, ticker: 'MES' }],
    ['unsupported-ticker', { ...buy, ticker: 'ES1!' }],
    ['unsupported-ticker', { ...buy, ticker: 'CME_MINI:MES1!' }],
    ['unsupported-ticker', { ...buy, ticker: 'MESZ6' }],
    ['unsupported-ticker', { ...buy, ticker: 'CME:ESZ2026' }],
    ['invalid-sentiment', { ...buy, sentiment: 'up' }],
    ['invalid-sentiment-action', { ...exit, sentiment: 'flat' }],
    ['invalid-quantity', { ...buy, quantity: 0 }],
    ['invalid-quantity', { ...buy, quantity: '2' }],
    ['invalid-quantity-type', { ...buy, quantity: 1, quantityType: 'lots' }],
    ['quantity-type-requires-quantity', { ...buy, quantityType: 'fixed_quantity' }],
    ['invalid-quantity-type-for-asset-class', { ...buy, quantity: 1, quantityType: 'percent_of_equity' }],
    ['invalid-percent-of-position-action', { ...buy, quantity: 50, quantityType: 'percent_of_position' }],
    ['invalid-risk-dollar-amount-action', { ...exit, quantity: 50, quantityType: 'risk_dollar_amount' }],
    ['invalid-quantity-type-action', { ...exit, quantity: 50, quantityType: 'dollar_amount' }],
    ['invalid-order-type', { ...buy, orderType: 'moc' }],
    ['invalid-trailing-stop', { ...buy, orderType: 'trailing_stop' }],
    ['invalid-trailing-stop', { ...buy, orderType: 'trailing_stop', trailAmount: 2, trailPercent: 1 }],
    ['invalid-time-in-force', { ...buy, timeInForce: 'gtx' }],
    ['invalid-extended-hours', { ...buy, extendedHours: 'yes' }],
    ['invalid-expires-at', { ...buy, expiresAt: 'tomorrow' }],
    ['invalid-ticker-and-option-type', { ...buy, optionType: 'call' }],
    ['invalid-option-type', { ...buy, optionType: 'swap' }],
    ['invalid-payload', { ...buy, signalPrice: '6912.25' }],
    ['invalid-payload', { ...buy, cancel: 'true' }],
    ['invalid-payload', { ...buy, ignoreTradingWindows: 1 }],
    ['invalid-payload', { ...buy, time: 'noon' }],
    ['invalid-payload', { ...buy, extras: 'id' }],
    ['invalid-payload', { ...buy, cancelAfter: 0 }],
    ['invalid-payload', { ...buy, cancelAfter: 3601 }],
    ['invalid-payload', { ...buy, delay: -1 }],
    ['invalid-payload', { ...buy, marketPriceType: 'mid' }],
    ['invalid-payload', { ...buy, takeProfit: 6928.25 }],
    ['invalid-take-profit-value-required', { ...buy, takeProfit: {} }],
    ['invalid-take-profit-percent', { ...buy, takeProfit: { percent: -1 } }],
    ['invalid-take-profit-amount', { ...buy, takeProfit: { amount: '16' } }],
    ['invalid-take-profit-limit-price', { ...buy, takeProfit: { limitPrice: 0 } }],
    ['invalid-take-profit-amount-and-percent', { ...buy, takeProfit: { amount: 1, percent: 1 } }],
    ['invalid-take-profit-relative-and-absolute', { ...buy, takeProfit: { amount: 1, limitPrice: 1 } }],
    ['invalid-stop-loss-value-required', { ...buy, stopLoss: { type: 'stop' } }],
    ['invalid-stop-loss-type', { ...buy, stopLoss: { type: 'limit', stopPrice: 1 } }],
    ['invalid-stop-loss-type', { ...buy, stopLoss: { type: 'stop', trailAmount: 1 } }],
    ['invalid-stop-loss-percent', { ...buy, stopLoss: { percent: 0 } }],
    ['invalid-stop-loss-amount', { ...buy, stopLoss: { amount: -8 } }],
    ['invalid-stop-loss-stop-price', { ...buy, stopLoss: { stopPrice: 'low' } }],
    ['invalid-stop-loss-limit-price', { ...buy, stopLoss: { type: 'stop', stopPrice: 2, limitPrice: 1 } }],
    ['invalid-stop-loss-stop-price-required', { ...buy, stopLoss: { type: 'stop_limit', limitPrice: 1 } }],
    ['invalid-stop-loss-trail-price', { ...buy, stopLoss: { type: 'trailing_stop', trailPrice: 0 } }],
    ['invalid-stop-loss-trail-amount', { ...buy, stopLoss: { type: 'trailing_stop', trailAmount: 0 } }],
    ['invalid-stop-loss-trail-percent', { ...buy, stopLoss: { type: 'trailing_stop', trailPercent: '1' } }],
    ['invalid-stop-loss-trail-value', { ...buy, stopLoss: { type: 'trailing_stop', trailAmount: 1, trailPercent: 1 } }],
    ['invalid-stop-loss-trail-value-required', { ...buy, stopLoss: { type: 'trailing_stop' } }],
    ['invalid-stop-loss-amount-and-percent', { ...buy, stopLoss: { amount: 1, percent: 1 } }],
    ['invalid-stop-loss-relative-and-absolute', { ...buy, stopLoss: { amount: 1, stopPrice: 1 } }],
  ])('gives %s for %j', (code, body) => {
    expect(verdict(body)).toBe(code);
  });
});
