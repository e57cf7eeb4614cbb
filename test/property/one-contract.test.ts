import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Slice } from '#core/market/slice.ts';
import { MINUTE_MS } from '#core/market/timeframe.ts';
import { coinStrategy } from '#test/simulation/coin.ts';
import { marketSlices } from '#test/simulation/market.ts';
import { type PlainRun, plainSlices } from '#test/simulation/plain-loop.ts';

const RUNS = 25;
const FRONT = 'ESZ2024';
const NEXT = 'ESH2025';
const MINUTES = 120;
const START_MS = Date.parse('2024-11-12T15:00Z');
const strategy = coinStrategy('coin', ['ES'], { positionsMax: 1, dailyStopUsd: 1_000_000 });

/** Two contracts of one root that print at prices far from each other; the lead changes in the n-th minute. */
function rolling(seed: number, rollMinute: number): Slice[] {
  return marketSlices({
    seed,
    contracts: [
      { root: 'ES', contract: FRONT, price: 1_000 },
      { root: 'ES', contract: NEXT, price: 5_000 },
    ],
    leads: (minute) => ({ ES: minute < rollMinute ? FRONT : NEXT }),
    startMs: START_MS,
    minutes: MINUTES,
    gapChance: 0.02,
  });
}

/** The slices with quite other prices for one contract. */
function repriced(slices: readonly Slice[], contract: string): Slice[] {
  return slices.map((slice) => ({
    ...slice,
    bars: slice.bars.map((bar) =>
      bar.contract === contract
        ? { ...bar, open: bar.open * 1.1, high: bar.high * 1.3, low: bar.low * 0.9, close: bar.close * 1.17 }
        : bar,
    ),
  }));
}

/** The decisions and aggregates up to the end of the last trade of the front contract. */
async function frontOf(run: PlainRun, endMs: number): Promise<unknown> {
  return {
    images: run.images.filter(({ lastSliceMs }) => (lastSliceMs ?? 0) <= endMs),
    decisions: run.decisions.filter(({ closeTimeMs }) => closeTimeMs <= endMs),
  };
}

describe('one contract per bar', () => {
  test('marks, stops, fills and exits of a held contract read its own bars, whatever the lead does', async () => {
    let heldOverRoll = 0;
    const signalExits = new Map<string | null, number>();
    const rolls = fc.integer({ min: 40, max: MINUTES });
    const property = fc.asyncProperty(fc.integer({ min: 1, max: 10_000 }), rolls, async (seed, rollMinute) => {
      const slices = rolling(seed, rollMinute);
      const rollMs = START_MS + rollMinute * MINUTE_MS;
      const run = await plainSlices(slices, { strategy });
      const trades = (await run.ledger.rows('coin', 'TRADE')).map(({ body }) => body);
      for (const { contract, entryPrice, exitPrice } of trades) {
        for (const price of [entryPrice, exitPrice]) expect(price > 2_000).toBe(contract === NEXT);
      }
      for (const { lanes } of run.images) {
        const { position } = lanes.ES!;
        if (position !== null) expect(position.mark > 2_000).toBe(position.contract === NEXT);
      }
      for (const { kind, contract, decisionTimeMs } of run.route.orders) {
        if (kind === 'enter') expect(contract).toBe(decisionTimeMs < rollMs ? FRONT : NEXT);
      }
      for (const { action, contract, reason } of run.decisions) {
        if (action === 'exit' && reason === 'toss') signalExits.set(contract, (signalExits.get(contract) ?? 0) + 1);
      }
      const last = trades.findLast(({ contract }) => contract === FRONT);
      if (last === undefined || last.exitTimeMs < rollMs) return;
      heldOverRoll += 1;
      const other = await plainSlices(repriced(slices, NEXT), { strategy });
      expect(await frontOf(other, last.exitTimeMs)).toEqual(await frontOf(run, last.exitTimeMs));
    });
    await fc.assert(property, { numRuns: RUNS, seed: 5 });
    expect(heldOverRoll).toBeGreaterThan(5);
    expect(signalExits.get(FRONT)).toBeGreaterThan(5);
    expect(signalExits.get(NEXT)).toBeGreaterThan(5);
  });
});
