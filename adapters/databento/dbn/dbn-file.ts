import { createReadStream, createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { StoredRecord } from './record.ts';
import { type DbnStream, type OpenOptions, openDbn } from './stream.ts';
import { type EncodeOptions, encodeDbn } from './stream-writer.ts';

const READ_BYTES = 256 * 1024;

/** Opens a DBN file; as `openDbn`. Reading to the end or `close` releases it. */
export async function readDbnFile(
  path: string,
  options: OpenOptions & { readonly upgrade: false },
): Promise<DbnStream<StoredRecord>>;
export async function readDbnFile(path: string, options?: OpenOptions): Promise<DbnStream>;
export async function readDbnFile(path: string, options: OpenOptions = {}): Promise<DbnStream> {
  return await openDbn(createReadStream(path, { highWaterMark: READ_BYTES }), options);
}

/** Writes a DBN file, in place of one that is there; as `encodeDbn`. */
export async function writeDbnFile(path: string, options: EncodeOptions): Promise<void> {
  await pipeline(encodeDbn(options), createWriteStream(path));
}
