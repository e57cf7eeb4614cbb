import type { ChildProcess } from 'node:child_process';
import { nextMessage, startChild } from './databento-child.ts';
import { atMost, figure } from './databento-figures.ts';
import type { Reconnection } from './databento-reconnect-client.ts';
import type { GatewayMessage } from './databento-reconnect-gateway.ts';
import { quantile } from './statistics.ts';

const TRIALS = 60;
const RESET_TO_NEW_S_MAX = 1.5;

interface Trial extends Reconnection {
  /** From the reset to the first new record. */
  readonly totalMs: number;
}

/**
 * From a reset to the first record that was not delivered before, with 24 hours of one-minute bars of 19 roots, two
 * contracts each, replayed. The delay before the connection is random, so it is measured many times: 60, or as given.
 */
export async function reconnect(trials = TRIALS): Promise<string[]> {
  const lines: string[] = [];
  for (const subscriptions of [2, 1]) {
    const gateway = startChild('databento-reconnect-gateway.ts', []);
    try {
      const ready = await nextMessage<GatewayMessage>(gateway);
      if (ready.kind !== 'ready') throw new Error('the simulator did not become ready');
      const args = [ready.port, ready.startNs, ready.bars, subscriptions].map(String);
      const client = startChild('databento-reconnect-client.ts', args);
      await nextMessage(client);
      const done: Trial[] = [];
      for (let trial = 0; trial < trials; trial++) done.push(await measure(gateway, client, ready.bars));
      client.kill();
      lines.push(...report(done, subscriptions));
    } finally {
      gateway.kill();
    }
  }
  return lines;
}

async function measure(gateway: ChildProcess, client: ChildProcess, bars: number): Promise<Trial> {
  gateway.send('arm');
  const reset = nextMessage<GatewayMessage>(gateway);
  const outcome = nextMessage<Reconnection>(client);
  client.send('go');
  const cut = await reset;
  const reconnection = await outcome;
  if (cut.kind !== 'reset' || reconnection.bars !== bars) {
    throw new Error(`${reconnection.bars} bars were delivered instead of ${bars}`);
  }
  return { ...reconnection, totalMs: Number(BigInt(reconnection.firstNewNs) - BigInt(cut.atNs)) / 1e6 };
}

function report(trials: readonly Trial[], subscriptions: number): string[] {
  const [{ duplicates, barsBefore, bars }] = trials as [Trial];
  const scope =
    subscriptions === 1
      ? 'one subscription, which asks for the last hour again'
      : 'two subscriptions, which ask for everything again';
  const at = (pick: (trial: Trial) => number): string => {
    const values = trials.map(pick);
    return [0.5, 0.99, 1].map((q) => quantile(values, q).toFixed(0).padStart(5)).join(' ');
  };
  const worstS = Math.max(...trials.map(({ totalMs }) => totalMs)) / 1000;
  const rest = trials.map(({ totalMs, backoffMs }) => totalMs - backoffMs);
  return [
    `reconnect, ${scope}: ${barsBefore} of ${bars} bars before the reset, ${duplicates} of them replayed and dropped`,
    atMost(`  reset to first new record, worst of ${trials.length}`, worstS, { unit: 's', bound: RESET_TO_NEW_S_MAX }),
    `  ms at p50, p99, max: in all ${at(({ totalMs }) => totalMs)}; of it back-off ${at(({ backoffMs }) => backoffMs)}`,
    figure('  the rest (connection, replay, deduplication), p50', quantile(rest, 0.5), 'ms'),
    figure('  the rest, max', Math.max(...rest), 'ms'),
  ];
}
