import { once } from 'node:events';
import { Readable } from 'node:stream';
import { constants, createZstdCompress, createZstdDecompress } from 'node:zlib';
import { DbnDecoder } from '#adapters/databento/dbn/decoder.ts';
import { DbnEncoder } from '#adapters/databento/dbn/encoder.ts';
import type { AnyView, StoredRecord } from '#adapters/databento/dbn/record.ts';
import { toObject } from '#adapters/databento/dbn/record-object.ts';
import { decompressZstd } from '#adapters/databento/dbn/zstd-frames.ts';
import { type Content, chunksOf, madeFile } from './databento-bytes.ts';

/** One task on one file in a process of its own: `node databento-dbn-task.ts <task> <content> <records>`. */
export type Task = 'views' | 'objects' | 'encode' | 'zstd' | 'zstd-frames';

/** Milliseconds of each round after the warm-up, of the task and of its ceiling, taken in turn. */
export interface TaskTimes {
  readonly taskMs: readonly number[];
  readonly ceilingMs: readonly number[];
  /** Node's decompressor as it is when nothing is set; only for zstd. */
  readonly plainMs: readonly number[];
  /** Bytes of the file, plain. */
  readonly bytes: number;
}

interface Measured {
  readonly task: () => unknown;
  readonly ceiling: () => unknown;
  readonly plain?: () => unknown;
}

const CHUNK_BYTES = 1024 * 1024;
/** What a file stream gives. */
const COMPRESSED_CHUNK_BYTES = 64 * 1024;
const FRAMES = 64;
const [WARM_UP_ROUNDS, ROUNDS] = [2, 7];
/** Objects that are alive at a time, so that none is optimised away. */
const KEPT = 1024;
/** Distinct records that are encoded over and over. */
const ENCODED_RECORDS = 200_000;
/** The output size that the library sets, too: Node's own is measured beside it. */
const OUTPUT_CHUNK_BYTES = 256 * 1024;

/** Takes what the readings come to, so that none is left out. */
let sink = 0;

function walk(bytes: Uint8Array): void {
  let types = 0;
  for (let at = headerBytes(bytes); at < bytes.length; at += bytes[at]! * 4) types += bytes[at + 1]!;
  sink += types;
}

function headerBytes(bytes: Uint8Array): number {
  return 8 + new DataView(bytes.buffer, bytes.byteOffset).getUint32(4, true);
}

function decode(chunks: readonly Uint8Array[], onRecord: (view: AnyView) => void): void {
  const decoder = new DbnDecoder();
  for (const chunk of chunks) decoder.feed(chunk, onRecord);
  decoder.end();
}

/** What a strategy reads of a record. */
function readNumbers(view: AnyView): void {
  if (view.layout === 'ohlcv') {
    const { open_f64, high_f64, low_f64, close_f64, volume_f64 } = view;
    sink += view.instrument_id + view.ts_event_ms + open_f64! + high_f64! + low_f64! + close_f64! + volume_f64;
  } else if (view.layout === 'trade') {
    sink += view.instrument_id + view.ts_event_ms + view.price_f64! + view.size;
  }
}

function objectsOf(bytes: Uint8Array, count: number): StoredRecord[] {
  const records: StoredRecord[] = [];
  for (const chunk of chunksOf(bytes, CHUNK_BYTES)) {
    if (records.length >= count) break;
    objectsDecoder.feed(chunk, (view) => void records.push(toObject(view)));
  }
  return records.slice(0, count);
}
const objectsDecoder = new DbnDecoder();

function encode(records: readonly StoredRecord[], count: number): void {
  const encoder = new DbnEncoder({ bufferBytes: CHUNK_BYTES });
  for (let index = 0, from = 0; index < count; index++) {
    encoder.record(records[from]!);
    from = from + 1 === records.length ? 0 : from + 1;
    if (encoder.pendingBytes >= CHUNK_BYTES - 1024) sink += encoder.take().length;
  }
  sink += encoder.take().length;
}

async function compressed(bytes: Uint8Array, frames: number): Promise<Uint8Array[]> {
  const parts: Uint8Array[] = [];
  for (const frame of chunksOf(bytes, Math.ceil(bytes.length / frames))) {
    const zstd = createZstdCompress({ params: { [constants.ZSTD_c_checksumFlag]: 1 } });
    const output: Uint8Array[] = [];
    zstd.on('data', (chunk: Uint8Array) => void output.push(chunk));
    zstd.end(frame);
    await once(zstd, 'end');
    parts.push(Buffer.concat(output));
  }
  return parts;
}

async function drain(plain: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const chunk of plain) sink += chunk.length;
}

async function* given(frames: readonly (readonly Uint8Array[])[]): AsyncGenerator<Uint8Array, void, undefined> {
  for (const frame of frames) yield* frame;
}

/** Node's decompressor on the same chunks, told where each frame ends. */
async function raw(frames: readonly (readonly Uint8Array[])[], options: { chunkSize?: number }): Promise<void> {
  for (const frame of frames) {
    await drain(Readable.from(frame, { objectMode: false }).pipe(createZstdDecompress(options)));
  }
}

async function measuredOf(task: Task, bytes: Uint8Array, count: number): Promise<Measured> {
  const chunks = chunksOf(bytes, CHUNK_BYTES);
  const ceiling = () => walk(bytes);
  switch (task) {
    case 'views':
      return { task: () => decode(chunks, readNumbers), ceiling };
    case 'objects': {
      const kept: StoredRecord[] = [];
      let index = 0;
      const keep = (view: AnyView): void => {
        kept[index++ % KEPT] = toObject(view);
      };
      return { task: () => decode(chunks, keep), ceiling };
    }
    case 'encode': {
      const records = objectsOf(bytes, ENCODED_RECORDS);
      return { task: () => encode(records, count), ceiling };
    }
    case 'zstd':
    case 'zstd-frames': {
      const parts = await compressed(bytes, task === 'zstd' ? 1 : FRAMES);
      const frames = parts.map((part) => chunksOf(part, COMPRESSED_CHUNK_BYTES));
      return {
        task: () => drain(decompressZstd(given(frames))),
        ceiling: () => raw(frames, { chunkSize: OUTPUT_CHUNK_BYTES }),
        plain: () => raw(frames, {}),
      };
    }
  }
}

async function msOf(work: (() => unknown) | undefined): Promise<number> {
  const startedMs = performance.now();
  await work?.();
  return performance.now() - startedMs;
}

const [task, content, records] = process.argv.slice(2) as [Task, Content, string];
const count = Number(records);
const bytes = madeFile(content, count);
const measured = await measuredOf(task, bytes, count);
const taskMs: number[] = [];
const ceilingMs: number[] = [];
const plainMs: number[] = [];
for (let round = 0; round < WARM_UP_ROUNDS + ROUNDS; round++) {
  const times = [await msOf(measured.task), await msOf(measured.ceiling), await msOf(measured.plain)] as const;
  if (round < WARM_UP_ROUNDS) continue;
  taskMs.push(times[0]);
  ceilingMs.push(times[1]);
  if (measured.plain !== undefined) plainMs.push(times[2]);
}
if (Number.isNaN(sink)) throw new Error('a reading was no number');
console.log(JSON.stringify({ taskMs, ceilingMs, plainMs, bytes: bytes.length } satisfies TaskTimes));
