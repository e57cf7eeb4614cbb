import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { LiveClient } from '#adapters/databento/live/live-client.ts';
import { BENCH_KEY } from './databento-bytes.ts';
import { usedAfterCollection } from './databento-child.ts';

/** What the measured client says. */
export type ClientMessage =
  /** It has forced a collection; the other side is asked for the same. */
  | { readonly kind: 'heap'; readonly heapBytes: number; readonly bufferBytes: number }
  | {
      readonly kind: 'end';
      /** Records in each second. */
      readonly rates: readonly number[];
      readonly records: number;
      readonly seconds: number;
      readonly cpuSeconds: number;
      readonly disconnects: number;
      /** Of the same bytes without a protocol: bytes a second. */
      readonly rawBytesPerSecond: number;
    };

const RAW_S = 5;
/** Until everything is compiled and all buffers have their size. */
const WARM_UP_MS = 5_000;

const [port, rawPort, seconds] = process.argv.slice(2).map(Number) as [number, number, number];

async function rawRate(): Promise<number> {
  const socket = connect(rawPort, '127.0.0.1');
  let bytes = 0;
  socket.on('data', (chunk: Uint8Array) => {
    bytes += chunk.length;
  });
  await once(socket, 'connect');
  await sleep(1_000);
  const [fromBytes, fromMs] = [bytes, performance.now()];
  await sleep(RAW_S * 1000);
  const rate = (bytes - fromBytes) / ((performance.now() - fromMs) / 1000);
  socket.destroy();
  return rate;
}

function say(message: ClientMessage): void {
  process.send?.(message);
}

const rawBytesPerSecond = await rawRate();
const client = new LiveClient({ key: BENCH_KEY, dataset: 'GLBX.MDP3', host: '127.0.0.1', port });
client.subscribe({ schema: 'trades', stypeIn: 'parent', symbols: ['ES.FUT'] });
let [records, sum] = [0, 0];
const running = client.run({
  onRecord(view) {
    if (view.layout !== 'trade') return;
    records += 1;
    sum += view.price_f64! * view.size + view.ts_event_ms + view.instrument_id;
  },
});
await sleep(WARM_UP_MS);
say({ kind: 'heap', ...(await usedAfterCollection()) });
const cpu = process.cpuUsage();
const [fromRecords, fromMs] = [records, performance.now()];
const rates: number[] = [];
for (let second = 1; second <= seconds; second++) {
  const [before, beforeMs] = [records, performance.now()];
  await sleep(fromMs + second * 1000 - beforeMs);
  rates.push((records - before) / ((performance.now() - beforeMs) / 1000));
  if (second === Math.ceil(seconds / 2) || second === seconds) say({ kind: 'heap', ...(await usedAfterCollection()) });
}
const elapsed = (performance.now() - fromMs) / 1000;
const { user, system } = process.cpuUsage(cpu);
say({
  kind: 'end',
  rates,
  records: records - fromRecords,
  seconds: elapsed,
  cpuSeconds: (user + system) / 1e6,
  disconnects: client.counters.disconnects,
  rawBytesPerSecond,
});
if (Number.isNaN(sum)) throw new Error('a reading was no number');
client.stop();
await running;
process.disconnect?.();
