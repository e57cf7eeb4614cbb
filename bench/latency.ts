import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startRun } from './local-run.ts';
import { against, quantile } from './statistics.ts';

const configPath = fileURLToPath(new URL('latency.yml', import.meta.url));
/** Six slices a second: none waits for the one before, and a session ends in four minutes. */
const FAST_SPEED = 360;
/**
 * A slice every two seconds. A standard consumer looks once a second, and what it finds must still be fresh by the
 * replay's clock, which runs ahead by as much as it is accelerated.
 */
const STANDARD_SPEED = 30;
/** Four hours of the market at that speed. */
const STANDARD_MS = 8 * 60_000 + 10_000;

type Latencies = Readonly<Record<'fast' | 'standard', readonly number[]>>;

/** From the put of a slice to the webhook's receipt of an order that it caused, at timed pace. */
export async function latency(): Promise<string[]> {
  const { fast } = await measure(FAST_SPEED, Number.POSITIVE_INFINITY);
  const beside = await measure(STANDARD_SPEED, STANDARD_MS);
  return [
    `slice put to webhook received, up to four orders to a slice, ${fast.length} orders at ${FAST_SPEED} times the market`,
    `  fast      p50 ${quantile(fast, 0.5).toFixed(0)} ms`,
    against('  fast      p99', quantile(fast, 0.99), { unit: 'ms', bound: 250 }),
    `beside each other at ${STANDARD_SPEED} times the market`,
    ...(['fast', 'standard'] as const).map((name) => line(name, beside[name])),
  ];
}

function line(name: string, latencies: readonly number[]): string {
  const [p50, p99] = [quantile(latencies, 0.5), quantile(latencies, 0.99)];
  return `  ${name.padEnd(8)}  p50 ${p50.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms of ${latencies.length} orders`;
}

async function measure(speed: number, wallMsMax: number): Promise<Latencies> {
  const putWallMs = new Map<number, number>();
  const supervisor = await startRun({
    configPath,
    speed,
    feed: { FEED: 'generator', SEED: '1', FROM: '2026-02-05' },
    onAnnounced: ({ closeTimeMs, wallMs }) => putWallMs.set(closeTimeMs, wallMs),
  });
  try {
    const end = Number.isFinite(wallMsMax) ? [sleep(wallMsMax, undefined, { ref: false })] : [];
    await Promise.race([supervisor.run(), ...end]);
    const received = supervisor.sandbox?.received() ?? [];
    const { orders } = (await supervisor.record()).record;
    const decidedMs = new Map(orders.map(({ intentId, decisionTimeMs }) => [intentId, decisionTimeMs]));
    const latencies = { fast: [] as number[], standard: [] as number[] };
    for (const { account, payload, wallTimeMs } of received) {
      const { signalId = '' } = (payload as { extras?: { signalId?: string } } | null)?.extras ?? {};
      const putMs = putWallMs.get(decidedMs.get(signalId) ?? 0);
      if (putMs !== undefined) latencies[account as keyof typeof latencies].push(wallTimeMs - putMs);
    }
    return latencies;
  } finally {
    await supervisor.stop();
  }
}
