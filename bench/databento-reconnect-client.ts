import { LiveClient } from '#adapters/databento/live/live-client.ts';
import { BENCH_KEY } from './databento-bytes.ts';

/** What a client says of a reconnection; times are of the machine's monotonic clock. */
export interface Reconnection {
  /** When the first record was delivered that had not been delivered before the reset. */
  readonly firstNewNs: string;
  /** How long the client waited before it connected again. */
  readonly backoffMs: number;
  /** Records that came again and were dropped. */
  readonly duplicates: number;
  /** Bars delivered in all, and those of them before the reset. */
  readonly bars: number;
  readonly barsBefore: number;
}

const [PARENTS, HALF] = [19, 10] as const;

const [port, startNs, total, subscriptions] = process.argv.slice(2) as [string, string, string, string];

/** A new client that reads all bars, with one reset on the way. */
async function reconnection(): Promise<Reconnection> {
  const client = new LiveClient({ key: BENCH_KEY, dataset: 'GLBX.MDP3', host: '127.0.0.1', port: Number(port) });
  const parents = Array.from({ length: PARENTS }, (_, index) => `R${index}.FUT`);
  const parts = subscriptions === '1' ? [parents] : [parents.slice(0, HALF), parents.slice(HALF)];
  for (const symbols of parts) {
    client.subscribe({ schema: 'ohlcv-1m', stypeIn: 'parent', symbols, start: BigInt(startNs) });
  }
  let [bars, barsBefore, backoffMs] = [0, 0, 0];
  let firstNewNs: bigint | null = null;
  let isAgain = false;
  await client.run({
    onRecord(view) {
      if (view.layout !== 'ohlcv') return;
      bars += 1;
      if (isAgain) firstNewNs ??= process.hrtime.bigint();
      else barsBefore += 1;
      if (bars === Number(total)) client.stop();
    },
    onNotice(notice) {
      if (notice.kind !== 'disconnected') return;
      isAgain = true;
      backoffMs += notice.retryInMs;
    },
  });
  const { duplicates } = client.counters;
  return { firstNewNs: String(firstNewNs), backoffMs, duplicates, bars, barsBefore };
}

process.on('message', () => {
  void reconnection().then((outcome) => process.send?.(outcome));
});
process.send?.('ready');
