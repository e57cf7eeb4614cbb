import type { z } from 'zod';
import type { configSchema } from '#config/schema.ts';

/** A configuration as it stands in a file. */
export type RawConfig = z.input<typeof configSchema>;

const base: RawConfig = {
  environment: 'dev',
  market: { dataset: 'GLBX.MDP3', universe: ['ES', 'MES', 'NQ', 'GC'] },
  ingest: { feed: 'simulator', keySecret: 'rooney/dev/databento/key', cpu: 256, memoryMiB: 512, standby: 'none' },
  certificate: { entryGrade: 'presumed', holesMaxRecent: 0, holesMaxFraction: 0.02 },
  fills: { slippageTicks: 1 },
  limits: { positionsMax: 3, dailyStopUsd: 3000 },
  accounts: [
    {
      id: 'one',
      route: 'sandbox',
      webhookSecret: 'rooney/dev/sandbox/one',
      reconMode: 'open-loop',
      dailyLossLimitUsd: 2000,
      positionsMax: 2,
    },
    { id: 'two', route: 'none', reconMode: 'open-loop', dailyLossLimitUsd: 1000, positionsMax: 1 },
  ],
  strategies: [
    {
      id: 'first',
      account: 'one',
      state: 'active',
      latency: 'standard',
      stream: 1,
      veto: 'off',
      limits: { positionsMax: 2, dailyStopUsd: 2000 },
      lines: [
        { root: 'ES', definition: 'ibs', execute: { contracts: 1 } },
        { root: 'NQ', definition: 'ibs', execute: { riskDollars: 500 } },
      ],
    },
    {
      id: 'second',
      account: 'two',
      state: 'draining',
      latency: 'fast',
      stream: 1,
      veto: 'required',
      limits: { positionsMax: 1, dailyStopUsd: 1000 },
      lines: [{ root: 'ES', definition: 'ibs', execute: { root: 'MES', contracts: 2 } }],
    },
  ],
  alerts: {},
};

/** A small configuration that is right, after `change` has had its way with a copy of it. */
export function rawConfig(change: (raw: RawConfig) => void = () => undefined): RawConfig {
  const raw = structuredClone(base);
  change(raw);
  return raw;
}
