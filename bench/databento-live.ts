import type { ChildProcess } from 'node:child_process';
import { messagesOf, nextMessage, startChild, type Used } from './databento-child.ts';
import { atLeast, figure, median } from './databento-figures.ts';
import type { ClientMessage } from './databento-live-client.ts';
import type { GatewayReady } from './databento-live-gateway.ts';

const SECONDS = 60;
const TRADE_BYTES = 48;
const RATE_M_MIN = 1;
/** What may be in use more at the end than at the beginning. */
const GROWTH_MIB_MAX = 4;
const MIB = 2 ** 20;

/**
 * The live client reading trades over loopback from the simulator, each in a process of its own, for 60 s or as many as
 * given; beside it the same bytes over loopback without any protocol.
 */
export async function live(seconds = SECONDS): Promise<string[]> {
  const gateway = startChild('databento-live-gateway.ts', []);
  try {
    const { port, rawPort } = await nextMessage<GatewayReady>(gateway);
    const client = startChild('databento-live-client.ts', [port, rawPort, seconds].map(String));
    const used = { client: [] as Used[], simulator: [] as Used[] };
    for await (const message of messagesOf<ClientMessage>(client)) {
      if (message.kind === 'end') return report(message, used);
      used.client.push(message);
      used.simulator.push(await usedBy(gateway));
    }
    throw new Error('the client ended before it had measured anything');
  } finally {
    gateway.kill();
  }
}

async function usedBy(gateway: ChildProcess): Promise<Used> {
  const answer = nextMessage<Used>(gateway);
  gateway.send('used');
  return await answer;
}

function report(
  end: Extract<ClientMessage, { kind: 'end' }>,
  used: Readonly<Record<'client' | 'simulator', readonly Used[]>>,
): string[] {
  const { rates, records, seconds, cpuSeconds, rawBytesPerSecond, disconnects } = end;
  const meanM = records / seconds / 1e6;
  const rawM = rawBytesPerSecond / TRADE_BYTES / 1e6;
  return [
    atLeast(`live client over loopback, trades, ${seconds.toFixed(0)} s`, meanM, { unit: 'M/s', bound: RATE_M_MIN }),
    figure('  slowest second', Math.min(...rates) / 1e6, 'M/s'),
    figure('  middle second', median(rates) / 1e6, 'M/s'),
    figure(
      '  the same bytes over loopback, not decoded',
      rawM,
      `M/s (the ceiling; ${((100 * meanM) / rawM).toFixed(0)} % of it)`,
    ),
    `  ${(records / 1e6).toFixed(1)} M records, ${disconnects} disconnects, ${((100 * cpuSeconds) / seconds).toFixed(0)} % of a core in the client`,
    usedLine('client', used.client),
    usedLine('simulator', used.simulator),
  ];
}

function usedLine(name: string, used: readonly Used[]): string {
  const mib = (pick: (each: Used) => number): string => used.map((each) => (pick(each) / MIB).toFixed(1)).join(', ');
  const total = ({ heapBytes, bufferBytes }: Used): number => heapBytes + bufferBytes;
  const growth = (total(used.at(-1)!) - total(used[0]!)) / MIB;
  return (
    `  ${name}: heap ${mib(({ heapBytes }) => heapBytes)} MiB, buffers ${mib(({ bufferBytes }) => bufferBytes)} MiB at ` +
    `start, middle, end; ${growth <= GROWTH_MIB_MAX ? 'flat' : 'GROWS'} (${growth.toFixed(1)} MiB)`
  );
}
