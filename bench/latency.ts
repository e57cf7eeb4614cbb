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

/** Milliseconds of one strategy's orders; `first` are those of the first slice that had any, run by code that never ran before. */
interface Latencies {
  readonly first: readonly number[];
  readonly rest: readonly number[];
}

/** From the put of a slice to the webhook's receipt of an order that it caused, at timed pace. */
export async function latency(): Promise<string[]> {
  const { fast } = await measure(FAST_SPEED, Number.POSITIVE_INFINITY);
  const beside = await measure(STANDARD_SPEED, STANDARD_MS);
  return [
    `slice put to webhook received, up to four orders to a slice, one after the other, ${FAST_SPEED} times the market`,
    line('fast', fast),
    against('  fast, p99 of all but the first slice', quantile(fast.rest, 0.99), { unit: 'ms', bound: 250 }),
    `beside each other at ${STANDARD_SPEED} times the market`,
    line('fast', beside.fast),
    against('  fast, p99 of all but the first slice', quantile(beside.fast.rest, 0.99), { unit: 'ms', bound: 250 }),
    line('standard', beside.standard),
  ];
}

function line(name: string, { first, rest }: Latencies): string {
  const [p50, p99] = [quantile(rest, 0.5), quantile(rest, 0.99)];
  const cold = `first slice: ${quantile(first, 0.5).toFixed(0)} to ${quantile(first, 1).toFixed(0)} ms`;
  return `  ${name.padEnd(8)}  p50 ${p50.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms of ${rest.length} orders; ${cold}`;
}

async function measure(speed: number, wallMsMax: number): Promise<Record<'fast' | 'standard', Latencies>> {
  const putWallMs = new Map<number, number>();
  const supervisor = await startRun({
    configPath,
    speed,
    source: { kind: 'generator', seed: 1, from: '2026-02-05', to: null, sessions: 1 },
    onAnnounced: ({ closeTimeMs, wallMs }) => putWallMs.set(closeTimeMs, wallMs),
  });
  try {
    const end = Number.isFinite(wallMsMax) ? [sleep(wallMsMax, undefined, { ref: false })] : [];
    await Promise.race([supervisor.run(), ...end]);
    const received = supervisor.sandbox?.received() ?? [];
    const { orders } = (await supervisor.record()).record;
    const decidedMs = new Map(orders.map(({ intentId, decisionTimeMs }) => [intentId, decisionTimeMs]));
    const latenciesOf = (wanted: string): Latencies => {
      const timed = received.flatMap(({ account, payload, wallTimeMs }) => {
        const { signalId = '' } = (payload as { extras?: { signalId?: string } } | null)?.extras ?? {};
        const sliceMs = decidedMs.get(signalId) ?? 0;
        const putMs = putWallMs.get(sliceMs);
        return account === wanted && putMs !== undefined ? [{ sliceMs, latencyMs: wallTimeMs - putMs }] : [];
      });
      const firstMs = Math.min(...timed.map(({ sliceMs }) => sliceMs));
      const pick = (isFirst: boolean) =>
        timed.filter(({ sliceMs }) => (sliceMs === firstMs) === isFirst).map(({ latencyMs }) => latencyMs);
      return { first: pick(true), rest: pick(false) };
    };
    return { fast: latenciesOf('fast'), standard: latenciesOf('standard') };
  } finally {
    await supervisor.stop();
  }
}
