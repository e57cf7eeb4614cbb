import { describe, expect, test } from 'vitest';
import { soak } from './soak.ts';

/** A few of the seeds that `npm run test:soak` goes through: one of each kind of plan. */
const seeds = [0, 1, 2, 3];

describe('a simulated week with random faults of the gateway', () => {
  test.each(seeds)('of seed %i is delivered bar for bar, each once, in order for its instrument', async (seed) => {
    const { failures, bars, sessions, duplicates } = await soak(seed);
    expect(failures).toEqual([]);
    // The faults did happen.
    expect(bars).toBeGreaterThan(50_000);
    expect(sessions).toBeGreaterThan(5);
    expect(duplicates).toBeGreaterThan(1_000);
  });
});
