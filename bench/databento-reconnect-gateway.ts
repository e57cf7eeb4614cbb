import { setTimeout as sleep } from 'node:timers/promises';
import { schemaNumbers } from '#adapters/databento/dbn/enums.ts';
import { BatchBuilder } from '#adapters/databento/gateway/batch-builder.ts';
import { startGateway } from '#adapters/databento/gateway/gateway.ts';
import type { RecordBatch } from '#adapters/databento/gateway/record-batch.ts';
import type { GatewayInstrument, GatewaySource } from '#adapters/databento/gateway/source.ts';
import { BENCH_KEY, FIRST_ID, INSTRUMENTS, Market } from './databento-bytes.ts';

/** The simulator with a day of bars of the past, of which it cuts the first session before the last of them. */
export type GatewayMessage =
  | { readonly kind: 'ready'; readonly port: number; readonly startNs: string; readonly bars: number }
  /** `atNs` is of the machine's monotonic clock. */
  | { readonly kind: 'reset'; readonly atNs: string };

const MINUTES = 24 * 60;
const MINUTE_NS = 60_000_000_000n;
const NS_PER_MS = 1_000_000n;
const OHLCV_BYTES = 56;
/** Minutes whose bars the first session does not get any more. */
const KEPT_BACK = 30;
/** By then the client has taken what it was sent. */
const DRAINED_MS = 250;
/** Two liquid months of each root. */
const PER_ROOT = 2;

const nowNs = ((BigInt(Date.now()) * NS_PER_MS) / MINUTE_NS) * MINUTE_NS;
const startNs = nowNs - BigInt(MINUTES) * MINUTE_NS;

/** A batch for each minute. */
function madeDay(): RecordBatch[] {
  const market = new Market(startNs - MINUTE_NS);
  const bar = new Uint8Array(OHLCV_BYTES);
  const view = new DataView(bar.buffer);
  return Array.from({ length: MINUTES }, (_, minute) => {
    const builder = new BatchBuilder();
    const availableNs = startNs + BigInt(minute + 1) * MINUTE_NS;
    for (let index = 0; index < INSTRUMENTS; index++) {
      market.writeBar(view, 0);
      builder.addBytes(bar, schemaNumbers['ohlcv-1m'], availableNs);
    }
    return builder.batch();
  });
}

const day = madeDay();
const instruments: GatewayInstrument[] = Array.from({ length: INSTRUMENTS }, (_, index) => ({
  instrumentId: FIRST_ID + index,
  rawSymbol: `R${Math.floor(index / PER_ROOT)}${index % PER_ROOT === 0 ? 'H' : 'M'}6`,
  parents: [`R${Math.floor(index / PER_ROOT)}.FUT`],
  isSpread: false,
  listedNs: null,
  expiryNs: null,
}));

/** Lets the first pass of a client wait before its end; null when none is to wait. */
let gate: { onReached: () => void; readonly opened: Promise<void>; open: () => void } | null = null;

async function* records({ fromNs }: { readonly fromNs: bigint }): AsyncGenerator<RecordBatch, void, undefined> {
  const held = gate;
  gate = null;
  for (const [minute, batch] of day.entries()) {
    if (held !== null && minute === MINUTES - KEPT_BACK) {
      held.onReached();
      await held.opened;
    }
    if (batch.availableNs[0]! >= fromNs) yield batch;
  }
}

const source: GatewaySource = {
  dataset: 'GLBX.MDP3',
  startNs,
  endNs: nowNs,
  schemas: new Set(['ohlcv-1m']),
  hasMarkers: false,
  instruments: () => instruments,
  instrument: (instrumentId) => instruments[instrumentId - FIRST_ID],
  records,
};

const gateway = await startGateway({
  source,
  keys: [BENCH_KEY],
  pace: 'stepped',
  startNs: nowNs,
  replayWindowS: 25 * 3600,
  connectionsPerSecond: null,
  sessionsMax: 100,
});

/** Prepares for the next client. */
function arm(): void {
  const { promise: opened, resolve: open } = Promise.withResolvers<void>();
  gate = {
    opened,
    open,
    onReached() {
      void cut(open);
    },
  };
}

async function cut(open: () => void): Promise<void> {
  await sleep(DRAINED_MS);
  const atNs = process.hrtime.bigint();
  await gateway.control('reset');
  process.send?.({ kind: 'reset', atNs: String(atNs) } satisfies GatewayMessage);
  open();
}

process.on('message', arm);
const bars = MINUTES * INSTRUMENTS;
process.send?.({ kind: 'ready', port: gateway.port, startNs: String(startNs), bars } satisfies GatewayMessage);
