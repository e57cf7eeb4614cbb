import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkConfig } from '#config/check.ts';
import { configHash } from '#config/hash.ts';
import type { Config } from '#config/schema.ts';
import { rawConfig } from './raw-config.ts';

const config = checkConfig(rawConfig()).config!;

/** The same value with the keys of every object in an order that the numbers choose. */
function reordered(value: unknown, order: Iterator<number>): unknown {
  if (Array.isArray(value)) return value.map((item) => reordered(item, order));
  if (value === null || typeof value !== 'object') return value;
  const keyed = Object.entries(value).map((entry) => ({ entry, rank: order.next().value as number }));
  keyed.sort((a, b) => a.rank - b.rank);
  return Object.fromEntries(keyed.map(({ entry: [key, item] }) => [key, reordered(item, order)]));
}

test('the hash of a configuration does not depend on the order of its keys', () => {
  fc.assert(
    fc.property(fc.infiniteStream(fc.double({ noNaN: true })), (order) => {
      expect(configHash(reordered(config, order) as Config)).toBe(configHash(config));
    }),
  );
});

test('the hash changes with any value, and with the order of a list, which has a meaning', () => {
  const changed = [
    { ...config, fills: { slippageTicks: 2 } },
    { ...config, market: { ...config.market, universe: [...config.market.universe].reverse() } },
    { ...config, strategies: config.strategies.slice(0, 1) },
  ];
  const hashes = [config, ...changed].map(configHash);
  expect(new Set(hashes).size).toBe(4);
  expect(hashes[0]).toMatch(/^[0-9a-f]{64}$/);
});
