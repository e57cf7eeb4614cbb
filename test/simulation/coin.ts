import { z } from 'zod';
import { defineStrategy, type ExitPlan } from '#core/strategy/definition.ts';
import type { Line, Strategy } from '#core/strategy/strategy.ts';

const plan: ExitPlan = {
  stop: { kind: 'fraction', value: 0.002 },
  target: { kind: 'fraction', value: 0.004 },
  brokerStop: { kind: 'fraction', value: 0.006 },
  barStopBars: 2,
  autoCloseMinute: null,
};

/** Enters and leaves by a toss that depends on the window's prices alone: eager, both sides, and the same every time. */
export const coin = defineStrategy<Record<string, never>>({
  name: 'coin',
  params: z.strictObject({}),
  timeframe: '15m',
  lookback: () => 2,
  noEntryBeforeCloseMin: () => 1,
  decide({ window, held }) {
    const toss = Math.abs(Math.round((window.close[0]! * 7 + window.close[1]! * 13) * 4)) % 10;
    const evidence = { toss };
    if (held !== null) {
      return toss < 4 ? { kind: 'exit', reason: 'toss', evidence } : { kind: 'hold', reason: 'toss', evidence };
    }
    if (toss >= 8) return { kind: 'hold', reason: 'toss', evidence };
    return { kind: 'enter', side: toss < 4 ? 'long' : 'short', plan, evidence };
  },
});

/** A strategy that tosses coins on some roots. */
export function coinStrategy(id: string, roots: readonly string[], limits: Strategy['limits']): Strategy {
  const lines = roots.map(
    (root): Line => ({ root, tradedRoot: root, size: { contracts: 2 }, definition: coin, params: {} }),
  );
  return {
    id,
    state: 'active',
    lines,
    veto: 'off',
    limits,
    certificate: { entryGrade: 'presumed', holesMaxRecent: 0, holesMaxFraction: 0.02 },
    slippageTicks: 1,
    configHash: 'simulation',
  };
}
