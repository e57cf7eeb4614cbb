import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { schemaNumbers } from '#adapters/databento/dbn/enums.ts';
import { startGateway } from '#adapters/databento/gateway/gateway.ts';
import { RecordBatch } from '#adapters/databento/gateway/record-batch.ts';
import type { GatewaySource } from '#adapters/databento/gateway/source.ts';
import { BENCH_KEY, FIRST_ID, INSTRUMENTS, Market, START_NS } from './databento-bytes.ts';
import { usedAfterCollection } from './databento-child.ts';

/** The simulator, giving out trades without end, and beside it a port that gives out their bytes without any protocol. */
export interface GatewayReady {
  readonly port: number;
  readonly rawPort: number;
}

const TRADE_BYTES = 48;
const BATCH_RECORDS = 4096;
/** Batches that differ; after them they come again, later. */
const BATCHES = 64;
/** What the client is given to read at a time. */
const RAW_BYTES = 64 * 1024;

const [TS_EVENT_AT, TS_RECV_AT] = [8, 32] as const;

/** Batches of trades in order of time, the same ones again and again, moved on in time. */
async function* endlessTrades(): AsyncGenerator<RecordBatch, void, undefined> {
  const market = new Market();
  const batches = Array.from({ length: BATCHES }, () => {
    const bytes = new Uint8Array(BATCH_RECORDS * TRADE_BYTES);
    const view = new DataView(bytes.buffer);
    const offsets = new Uint32Array(BATCH_RECORDS);
    const availableNs = new BigUint64Array(BATCH_RECORDS);
    for (let index = 0; index < BATCH_RECORDS; index++) {
      offsets[index] = index * TRADE_BYTES;
      market.writeTrade(view, offsets[index]!);
      availableNs[index] = view.getBigUint64(offsets[index]! + TS_EVENT_AT, true);
    }
    const schemas = new Uint8Array(BATCH_RECORDS).fill(schemaNumbers.trades);
    return new RecordBatch({ bytes, view, offsets, availableNs, schemaNumbers: schemas });
  });
  const lastNs = batches.at(-1)!.availableNs.at(-1)!;
  const spanNs = lastNs - START_NS + 1n;
  for (;;) {
    for (const batch of batches) {
      yield batch;
      moveOn(batch, spanNs);
    }
  }
}

function moveOn({ view, offsets, availableNs }: RecordBatch, byNs: bigint): void {
  for (let index = 0; index < offsets.length; index++) {
    const at = offsets[index]!;
    const ns = availableNs[index]! + byNs;
    availableNs[index] = ns;
    view.setBigUint64(at + TS_EVENT_AT, ns, true);
    view.setBigUint64(at + TS_RECV_AT, ns + BigInt(view.getInt32(at + 40, true)), true);
  }
}

const instruments = Array.from({ length: INSTRUMENTS }, (_, index) => ({
  instrumentId: FIRST_ID + index,
  rawSymbol: `X${index}Z6`,
  parents: ['ES.FUT'],
  isSpread: false,
  listedNs: null,
  expiryNs: null,
}));

const source: GatewaySource = {
  dataset: 'GLBX.MDP3',
  startNs: START_NS,
  endNs: null,
  schemas: new Set(['trades']),
  hasMarkers: false,
  instruments: () => instruments,
  instrument: (instrumentId) => instruments[instrumentId - FIRST_ID],
  records: () => endlessTrades(),
};

const gateway = await startGateway({ source, keys: [BENCH_KEY], pace: 'max', replayWindowS: 1e9 });
const chunk = new Uint8Array(RAW_BYTES).fill(0x2a);
const raw = createServer((socket) => {
  const fill = (): void => {
    while (!socket.destroyed && socket.write(chunk));
  };
  socket.on('drain', fill).on('error', () => socket.destroy());
  fill();
});
raw.listen(0, '127.0.0.1');
await once(raw, 'listening');
process.on('message', () => {
  void usedAfterCollection().then((used) => process.send?.(used));
});
process.send?.({ port: gateway.port, rawPort: (raw.address() as AddressInfo).port } satisfies GatewayReady);
