import { describe, expect, test } from 'vitest';
import { grossUsd, markedUsd } from '#core/trading/pnl.ts';
import { entryPrice, levelDistance } from '#core/trading/position.ts';
import { aPosition } from './positions.ts';

describe('a position', () => {
  test('is measured from its model fill, and from the signal price until there is one', () => {
    expect(entryPrice({ fillPrice: 101, signalPrice: 100 })).toBe(101);
    expect(entryPrice({ fillPrice: null, signalPrice: 100 })).toBe(100);
  });

  test('has levels at a distance that is positive even where the price is not', () => {
    expect(levelDistance({ kind: 'fraction', value: 0.01 }, 200)).toBe(2);
    expect(levelDistance({ kind: 'fraction', value: 0.01 }, -40)).toBe(0.4);
    expect(levelDistance({ kind: 'distance', value: 7 }, 200)).toBe(7);
  });

  test('gains in dollars of its traded root, a short when the price falls', () => {
    expect(grossUsd(aPosition({ fillPrice: 100 }), 101)).toBe(100);
    expect(grossUsd(aPosition({ fillPrice: 100, side: 'short' }), 101)).toBe(-100);
    expect(grossUsd(aPosition({ fillPrice: 100, tradedRoot: 'MES' }), 101)).toBe(10);
  });

  test('is marked after the costs of both sides', () => {
    expect(markedUsd(aPosition({ mark: 101 }))).toBeCloseTo(100 - 4 * 2.69, 10);
  });
});
