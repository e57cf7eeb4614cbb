import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { isSkippableFrame, isZstd } from '#adapters/databento/dbn/zstd-frames.ts';
import { contractError } from '#core/errors.ts';
import type { DbnIo } from './dbn-io.ts';

/** A file or standard input, and how far it has been read. */
export interface Input {
  /** For messages. */
  readonly name: string;
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Null when it is not known beforehand. */
  readonly bytesTotal: number | null;
  readonly bytesRead: number;
  /** Known once something has been read. */
  readonly isCompressed: boolean;
}

const CHUNK_BYTES = 256 * 1024;
/** Enough to know zstd. */
const HEAD_BYTES = 4;

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'it may not be read; check its permissions',
  EISDIR: 'it is a directory; name the files in it',
};

/** Opens a file, or standard input for `-`. Errors name the file and say what to do. */
export async function openInput(path: string, stdin: DbnIo['in']): Promise<Input> {
  if (path === '-') return new CountedInput('standard input', stdin as AsyncIterable<Uint8Array>, null);
  const found = await stat(path).catch((error: unknown) => {
    throw cannotRead(path, error);
  });
  if (found.isDirectory()) throw contractError(`${path}: ${reasons.EISDIR}`);
  const chunks = createReadStream(path, { highWaterMark: CHUNK_BYTES });
  return new CountedInput(path, chunks, found.isFile() ? found.size : null);
}

class CountedInput implements Input {
  readonly name: string;
  readonly bytesTotal: number | null;
  readonly #source: AsyncIterable<Uint8Array>;
  #head = Buffer.alloc(0);
  bytesRead = 0;

  constructor(name: string, source: AsyncIterable<Uint8Array>, bytesTotal: number | null) {
    this.name = name;
    this.#source = source;
    this.bytesTotal = bytesTotal;
  }

  get isCompressed(): boolean {
    return isZstd(this.#head) || isSkippableFrame(this.#head);
  }

  get chunks(): AsyncIterable<Uint8Array> {
    return this.#read();
  }

  async *#read(): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      for await (const chunk of this.#source) {
        if (this.bytesRead < HEAD_BYTES) this.#head = Buffer.concat([this.#head, chunk]).subarray(0, HEAD_BYTES);
        this.bytesRead += chunk.length;
        yield chunk;
      }
    } catch (error) {
      throw cannotRead(this.name, error);
    }
  }
}

function cannotRead(name: string, error: unknown): Error {
  const { code, message } = error as NodeJS.ErrnoException;
  return contractError(`${name}: ${reasons[code ?? ''] ?? `it cannot be read (${message})`}`, { cause: error });
}
