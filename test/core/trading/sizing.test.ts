import { describe, expect, test } from 'vitest';
import { contractsFor } from '#core/trading/sizing.ts';

const stop = { kind: 'fraction', value: 0.01 } as const;

describe('the size of an entry', () => {
  test('is the fixed number when one is configured, whatever the stop', () => {
    expect(contractsFor({ contracts: 3 }, { tradedRoot: 'ES', stop: null, price: 5000 })).toBe(3);
  });

  test('is the dollars at risk over what a contract loses at the stop, rounded down', () => {
    const view = { tradedRoot: 'MES', stop, price: 5000 };
    expect(contractsFor({ riskDollars: 1000 }, view)).toBe(4);
    expect(contractsFor({ riskDollars: 1249 }, view)).toBe(4);
    expect(contractsFor({ riskDollars: 249 }, view)).toBe(0);
    expect(contractsFor({ riskDollars: 250 }, view)).toBe(1);
  });

  test('takes the multiplier of the traded root', () => {
    expect(contractsFor({ riskDollars: 2500 }, { tradedRoot: 'ES', stop, price: 5000 })).toBe(1);
    expect(contractsFor({ riskDollars: 2500 }, { tradedRoot: 'MES', stop, price: 5000 })).toBe(10);
  });

  test('is nothing without a stop to measure the risk by', () => {
    expect(contractsFor({ riskDollars: 1000 }, { tradedRoot: 'ES', stop: null, price: 5000 })).toBe(0);
  });

  test('measures a price below zero by its distance', () => {
    expect(contractsFor({ riskDollars: 1000 }, { tradedRoot: 'MCL', stop, price: -40 })).toBe(25);
  });

  test('reads a stop in price units', () => {
    expect(
      contractsFor({ riskDollars: 1000 }, { tradedRoot: 'ES', stop: { kind: 'distance', value: 4 }, price: 1 }),
    ).toBe(5);
  });
});
