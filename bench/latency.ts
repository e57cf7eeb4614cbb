import { fileURLToPath } from 'node:url';
import { startRun } from './local-run.ts';
import { against, quantile } from './statistics.ts';

const configPath = fileURLToPath(new URL('latency.yml', import.meta.url));
/** Six slices a second: far enough apart that none waits for the one before, and a session ends in four minutes. */
const SPEED = 360;

/** From the put of a slice to the webhook's receipt of an order that it caused, at timed pace. */
export async function latency(): Promise<string[]> {
  const putWallMs = new Map<number, number>();
  const supervisor = await startRun({
    configPath,
    speed: SPEED,
    feed: { FEED: 'generator', SEED: '1', FROM: '2026-02-05' },
    onAnnounced: ({ closeTimeMs, wallMs }) => putWallMs.set(closeTimeMs, wallMs),
  });
  try {
    await supervisor.run();
    const received = supervisor.sandbox?.received() ?? [];
    const { orders } = (await supervisor.record()).record;
    const decidedMs = new Map(orders.map(({ intentId, decisionTimeMs }) => [intentId, decisionTimeMs]));
    const latencies = { fast: [] as number[], standard: [] as number[] };
    for (const { account, payload, wallTimeMs } of received) {
      const { signalId = '' } = (payload as { extras?: { signalId?: string } } | null)?.extras ?? {};
      const putMs = putWallMs.get(decidedMs.get(signalId) ?? 0);
      if (putMs !== undefined) latencies[account as keyof typeof latencies].push(wallTimeMs - putMs);
    }
    const { fast, standard } = latencies;
    return [
      `slice put to webhook received, ${fast.length} fast and ${standard.length} standard orders, four orders to a slice at the most`,
      `  fast      p50 ${quantile(fast, 0.5).toFixed(0)} ms`,
      against('  fast      p99', quantile(fast, 0.99), { unit: 'ms', bound: 250 }),
      `  standard  p50 ${quantile(standard, 0.5).toFixed(0)} ms, p99 ${quantile(standard, 0.99).toFixed(0)} ms: ${(quantile(standard, 0.5) / quantile(fast, 0.5)).toFixed(1)} times fast at p50`,
    ];
  } finally {
    await supervisor.stop();
  }
}
