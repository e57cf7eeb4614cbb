import { describe, expect, test } from 'vitest';
import { type Plan, planTrade, type SubscriptionSettings } from '#local/sandbox/plan.ts';
import type { Signal } from '#local/sandbox/signal.ts';

const off: SubscriptionSettings = { addToPosition: false, sideSwapping: false, cancelOpenOrders: false };

/** The plan as a short word: kind, contracts closed, contracts opened. */
function planned(signal: Partial<Signal>, held: number, settings: Partial<SubscriptionSettings> = {}): string {
  const plan: Plan = planTrade({ ticker: 'ESZ2026', action: 'buy', ...signal }, held, { ...off, ...settings });
  return plan.kind === 'rejected' ? 'rejected' : `${plan.kind} -${plan.closes} ${plan.opens}`;
}

describe('what an action does to a position', () => {
  // The vendor's table: one row per state at the broker, all subscription settings off.
  test.each([
    { held: 0, buy: 'entered -0 1', sell: 'entered -0 -1', exit: 'rejected', add: 'rejected', cancel: 'rejected' },
    { held: 3, buy: 'rejected', sell: 'exited -3 0', exit: 'exited -3 0', add: 'added -0 1', cancel: 'rejected' },
    { held: -3, buy: 'exited -3 0', sell: 'rejected', exit: 'exited -3 0', add: 'added -0 -1', cancel: 'rejected' },
  ])('of $held', ({ held, ...expected }) => {
    for (const [action, plan] of Object.entries(expected)) {
      expect([action, planned({ action: action as Signal['action'] }, held)]).toEqual([action, plan]);
    }
  });

  test('depends on the subscription: adding to a position, swapping sides', () => {
    expect(planned({ action: 'buy', quantity: 2 }, 3, { addToPosition: true })).toBe('added -0 2');
    expect(planned({ action: 'sell', quantity: 2 }, 3, { sideSwapping: true })).toBe('reversed -3 -2');
    expect(planned({ action: 'buy', quantity: 2 }, -3, { sideSwapping: true })).toBe('reversed -3 2');
  });

  test.each(['reverse', 'breakeven'] as const)('is not simulated for %s', (action) => {
    expect(planned({ action }, 3)).toBe('rejected');
  });
});

describe('the quantity of a signal', () => {
  test.each([
    ['enters as many', { action: 'buy', quantity: 4 }, 0, 'entered -0 4'],
    ['is rounded down', { action: 'buy', quantity: 2.9 }, 0, 'entered -0 2'],
    ['must leave at least one contract', { action: 'buy', quantity: 0.9 }, 0, 'rejected'],
    ['exits part of the position', { action: 'exit', quantity: 1 }, -3, 'reduced -1 0'],
    ['never exits more than there is', { action: 'exit', quantity: 9 }, -3, 'exited -3 0'],
    [
      'may be a share of the position',
      { action: 'exit', quantity: 50, quantityType: 'percent_of_position' },
      3,
      'reduced -1 0',
    ],
    ['as a share may be nothing', { action: 'exit', quantity: 10, quantityType: 'percent_of_position' }, 3, 'rejected'],
  ] satisfies [string, Partial<Signal>, number, string][])('%s', (_, signal, held, plan) => {
    expect(planned(signal, held)).toBe(plan);
  });
});

describe('the sentiment of a signal', () => {
  test.each([
    [
      'flat sells all of a long, whatever the quantity',
      { action: 'sell', sentiment: 'flat', quantity: 1 },
      3,
      'exited -3 0',
    ],
    ['flat buys back all of a short', { action: 'buy', sentiment: 'flat', quantity: 1 }, -3, 'exited -3 0'],
    ['flat never opens', { action: 'sell', sentiment: 'flat' }, 0, 'rejected'],
    ['flat does not close the side it does not name', { action: 'sell', sentiment: 'flat' }, -3, 'rejected'],
    [
      'bearish lets a buy reduce a short without turning it',
      { action: 'buy', sentiment: 'bearish', quantity: 5 },
      -10,
      'reduced -5 0',
    ],
    ['short is bearish', { action: 'buy', sentiment: 'short', quantity: 5 }, -10, 'reduced -5 0'],
    ['bearish keeps a buy from entering', { action: 'buy', sentiment: 'bearish' }, 0, 'rejected'],
    ['bullish goes with a buy', { action: 'buy', sentiment: 'bullish' }, 0, 'entered -0 1'],
    ['long is bullish', { action: 'sell', sentiment: 'long', quantity: 1 }, 3, 'reduced -1 0'],
  ] satisfies [string, Partial<Signal>, number, string][])('%s', (_, signal, held, plan) => {
    expect(planned(signal, held)).toBe(plan);
    expect(planned(signal, held, { sideSwapping: true })).toBe(plan);
  });
});
