import { existsSync } from 'node:fs';
import { DatabentoError } from '../errors.ts';
import type { RangeQuery } from './parameters.ts';
import { PartialFile } from './partial-file.ts';
import { type RangePorts, rangePieces } from './range.ts';
import { RangeReceiver } from './range-receiver.ts';

/** A range that is on the disk as one DBN file of several zstd frames. */
export interface RangeFile {
  readonly path: string;
  /** Size of the file. */
  readonly bytes: number;
  readonly records: number;
  /** How many of the records an earlier call had left there. */
  readonly resumedRecords: number;
}

/** Where to write, and how much plain DBN may be lost, and paid for again, when the process is killed. */
export interface RangeFileTarget {
  readonly path: string;
  readonly checkpointBytes: number;
}

/**
 * Gets a range into a file that appears under its name when all of it is there. A failure leaves what has come beside
 * it, from which the next call with the same request goes on, in this process or another.
 */
export async function receiveToFile(query: RangeQuery, ports: RangePorts, target: RangeFileTarget): Promise<RangeFile> {
  const { path, checkpointBytes } = target;
  if (existsSync(path)) {
    throw new DatabentoError('usage', `${path} exists already; delete it or choose another path`);
  }
  const file = await PartialFile.open(path, query.form);
  const receiver = new RangeReceiver(file.resumed ?? undefined);
  const checkpoint = () => file.checkpoint(receiver.isResumable ? receiver.progress() : null);
  try {
    for await (const pieces of rangePieces(query, receiver, ports)) {
      file.add(pieces);
      if (file.pendingBytes >= checkpointBytes) await checkpoint();
    }
    await checkpoint();
  } catch (error) {
    const isDamaged = error instanceof DatabentoError && error.code === 'corrupt';
    // The error that counts is the first; a checkpoint that fails too leaves the one before it.
    await (isDamaged ? file.checkpoint(null) : checkpoint()).catch(() => undefined);
    await file.leave();
    throw error;
  }
  await file.finish();
  return { path, bytes: file.bytes, records: receiver.records, resumedRecords: file.resumed?.records ?? 0 };
}
