import { describe, expect, test } from 'vitest';
import { leadOf } from '#core/market/lead.ts';

const volumes = (...pairs: [string, number][]) => new Map(pairs);

describe('the lead of a session', () => {
  test('is the most traded contract of the session before', () => {
    const volumeByContract = volumes(['ESZ2013', 900], ['ESH2014', 1_100], ['ESM2014', 3]);
    expect(leadOf({ volumeByContract, coveredFraction: 1 })).toBe('ESH2014');
  });

  test('is the earlier expiry when two traded the same, whichever came first', () => {
    const pairs: [string, number][] = [
      ['ESH2014', 500],
      ['ESZ2013', 500],
      ['ESM2014', 500],
    ];
    expect(leadOf({ volumeByContract: volumes(...pairs), coveredFraction: 1 })).toBe('ESZ2013');
    expect(leadOf({ volumeByContract: volumes(...pairs.toReversed()), coveredFraction: 1 })).toBe('ESZ2013');
  });

  test('needs nine tenths of the session before', () => {
    const volumeByContract = volumes(['ESZ2013', 900]);
    expect(leadOf({ volumeByContract, coveredFraction: 0.9 })).toBe('ESZ2013');
    expect(leadOf({ volumeByContract, coveredFraction: 0.8999 })).toBeNull();
  });

  test('is nobody when nothing traded', () => {
    expect(leadOf({ volumeByContract: volumes(), coveredFraction: 1 })).toBeNull();
  });
});
