import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DbnDecoder } from '#adapters/databento/dbn/decoder.ts';
import { DbnEncoder } from '#adapters/databento/dbn/encoder.ts';
import { rtypes } from '#adapters/databento/dbn/enums.ts';
import { liveMetadata } from '#adapters/databento/dbn/metadata.ts';
import type { AnyView, OhlcvRecord, TradeRecord } from '#adapters/databento/dbn/record.ts';
import { toObject } from '#adapters/databento/dbn/record-object.ts';

/**
 * Makes the files whose decoding is measured, unless they are there, and measures it here: prints
 * `[{ schema, path, records, views, objects }]` as JSON, the last two in records per second.
 */
const RECORDS = 2_000_000;
const CHUNK_BYTES = 64 * 1024;
const BATCH_RECORDS = 1024;
const RUNS = 3;
const START_NS = 1_704_067_200_000_000_000n;
const MINUTE_NS = 60_000_000_000n;

const header = { length: 0, publisher_id: 1 };

function bar(index: number): OhlcvRecord {
  const close = 4_800_000_000_000n + BigInt((index * 7919) % 2000) * 250_000_000n;
  const prices = { open: close - 250_000_000n, high: close + 500_000_000n, low: close - 750_000_000n, close };
  const instrument_id = 42_000 + (index % 20);
  const ts_event = START_NS + BigInt(Math.floor(index / 20)) * MINUTE_NS;
  return {
    layout: 'ohlcv',
    ...header,
    rtype: rtypes['ohlcv-1m'],
    instrument_id,
    ts_event,
    ...prices,
    volume: BigInt(index % 5000),
  };
}

function trade(index: number): TradeRecord {
  const ts_event = START_NS + BigInt(index) * 1_000_003n;
  const price = 4_800_000_000_000n + BigInt((index * 7919) % 2000) * 250_000_000n;
  const rest = { size: 1 + (index % 9), action: 'T', side: 'BAN'[index % 3]!, flags: 0, depth: 0, ts_in_delta: 17_000 };
  const ids = { instrument_id: 42_000 + (index % 20), sequence: index };
  return {
    layout: 'trade',
    ...header,
    rtype: rtypes['mbp-0'],
    ...ids,
    ts_event,
    price,
    ts_recv: ts_event + 90_000n,
    ...rest,
  };
}

/** Views, each asked for what a consumer of its schema reads. */
const readers = {
  'ohlcv-1m': (view: AnyView) =>
    view.layout === 'ohlcv'
      ? view.ts_event_ms + view.open_f64! + view.high_f64! + view.low_f64! + view.close_f64! + view.volume_f64
      : 0,
  trades: (view: AnyView) =>
    view.layout === 'trade' ? view.ts_event_ms + view.ts_recv_ms + view.price_f64! + view.size + view.sequence : 0,
};

function fileOf(folder: string, schema: keyof typeof readers): string {
  const path = join(folder, `rate.${schema}.dbn`);
  if (existsSync(path)) return path;
  const encoder = new DbnEncoder({ bufferBytes: 128 * 1024 * 1024 });
  encoder.metadata({ ...liveMetadata({ dataset: 'GLBX.MDP3', start: START_NS }), schema, stype_in: 'raw_symbol' });
  for (let index = 0; index < RECORDS; index++) encoder.record(schema === 'trades' ? trade(index) : bar(index));
  // Under its name only once it is whole.
  writeFileSync(`${path}.part`, encoder.take());
  renameSync(`${path}.part`, path);
  return path;
}

/** Records per second of the best of several runs over the bytes of a file. */
function rate(bytes: Uint8Array, onRecord: (view: AnyView) => void): number {
  const seconds = Array.from({ length: RUNS }, () => {
    const startedMs = performance.now();
    const decoder = new DbnDecoder();
    for (let at = 0; at < bytes.length; at += CHUNK_BYTES) decoder.feed(bytes.subarray(at, at + CHUNK_BYTES), onRecord);
    decoder.end();
    return (performance.now() - startedMs) / 1000;
  });
  return RECORDS / Math.min(...seconds);
}

function measure(folder: string, schema: keyof typeof readers): object {
  const path = fileOf(folder, schema);
  const bytes = readFileSync(path);
  const read = readers[schema];
  let sum = 0;
  const views = rate(bytes, (view) => {
    sum += read(view);
  });
  // Kept for a while, as a consumer of batches does: an object that is dropped at once might never be made.
  const kept: unknown[] = Array.from({ length: BATCH_RECORDS });
  let count = 0;
  const objects = rate(bytes, (view) => {
    kept[count % BATCH_RECORDS] = toObject(view);
    count += 1;
  });
  if (Number.isNaN(sum) || kept.includes(undefined)) throw new Error(`nothing was read from ${path}`);
  return { schema, path, records: RECORDS, views, objects };
}

const [folder, only] = process.argv.slice(2);
if (folder === undefined) throw new Error('usage: measure-decode.ts FOLDER [SCHEMA]');
const schemas = Object.keys(readers) as (keyof typeof readers)[];
const measured = schemas
  .filter((schema) => only === undefined || schema === only)
  .map((schema) => measure(folder, schema));
process.stdout.write(JSON.stringify(measured));
