import { type FileHandle, open, readFile, rename, rm } from 'node:fs/promises';
import { promisify } from 'node:util';
import { constants, zstdCompress } from 'node:zlib';
import { z } from 'zod';
import { NEWEST_VERSION } from '../dbn/layouts.ts';
import { DatabentoError } from '../errors.ts';
import type { Form } from './parameters.ts';
import type { RangeProgress } from './range-receiver.ts';

const FORMAT = 1;
const decimal = z.string().regex(/^\d{1,20}$/);
const nanoseconds = decimal.transform(BigInt).nullable();
const count = z.int().nonnegative();

/** What stands beside an unfinished download: its request, and where it stood at the last checkpoint. */
const sidecarSchema = z.strictObject({
  format: z.literal(FORMAT),
  request: z.record(z.string(), z.string()),
  bytes: count,
  version: z.union([z.literal(1), z.literal(2), z.literal(NEWEST_VERSION)]),
  tsOut: z.boolean(),
  endNs: nanoseconds,
  records: count,
  cutNs: nanoseconds,
  atCut: z.record(z.string(), count),
});

const compress = promisify(zstdCompress);
const compressOptions = { params: { [constants.ZSTD_c_checksumFlag]: 1 } };

/**
 * A download on its way to `path`: `path.part` holds whole zstd frames, `path.part.json` says how many bytes of them
 * count and how to ask for the rest. Frames are written before they are told of, so that whatever moment the process
 * dies at, what is told of is there. For one process at a time.
 */
export class PartialFile {
  readonly #path: string;
  readonly #request: Form;
  readonly #handle: FileHandle;
  /** Where the process before this one left off; null for a new download. */
  readonly resumed: RangeProgress | null;
  #bytes: number;
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;

  private constructor(path: string, request: Form, opened: Opened) {
    this.#path = path;
    this.#request = request;
    this.#handle = opened.handle;
    this.resumed = opened.progress;
    this.#bytes = opened.bytes;
  }

  /** Opens what is left of the same request, or begins anew; throws code `usage` when another request was left. */
  static async open(path: string, request: Form): Promise<PartialFile> {
    const sidecar = await readSidecar(path);
    if (sidecar === null) {
      return new PartialFile(path, request, { handle: await open(partOf(path), 'w'), bytes: 0, progress: null });
    }
    if (!isSameForm(sidecar.request, request)) {
      throw unusable(path, 'belong to an unfinished download of another request; delete both or choose another path');
    }
    const handle = await open(partOf(path), 'r+').catch((cause: unknown) => {
      throw unusable(path, 'belong together, but the first cannot be opened; delete both to begin anew', cause);
    });
    if ((await handle.stat()).size < sidecar.bytes) {
      await handle.close();
      throw unusable(path, 'do not fit together: the first is too short; delete both to begin anew');
    }
    await handle.truncate(sidecar.bytes);
    const { format: _format, request: _request, bytes, ...progress } = sidecar;
    return new PartialFile(path, request, { handle, bytes, progress });
  }

  /** Bytes of whole frames on the disk. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Plain bytes taken since the last checkpoint. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** Takes plain DBN, which is on the disk after the next checkpoint. */
  add(pieces: readonly Uint8Array[]): void {
    for (const piece of pieces) {
      this.#pending.push(piece);
      this.#pendingBytes += piece.length;
    }
  }

  /**
   * Writes what is pending as a frame, and then that the download stands at `progress`; null when it cannot be resumed
   * from there.
   */
  async checkpoint(progress: RangeProgress | null): Promise<void> {
    if (this.#pendingBytes > 0) {
      const frame = await compress(Buffer.concat(this.#pending), compressOptions);
      await writeAt(this.#handle, frame, this.#bytes);
      await this.#handle.datasync();
      this.#bytes += frame.length;
      this.#pending = [];
      this.#pendingBytes = 0;
    }
    if (progress === null) await rm(sidecarOf(this.#path), { force: true });
    else await this.#writeSidecar(progress);
  }

  /** Gives the file its name, once all of it was written. */
  async finish(): Promise<void> {
    await this.#handle.close();
    await rename(partOf(this.#path), this.#path);
    await rm(sidecarOf(this.#path), { force: true });
  }

  /** Closes; what cannot be resumed is removed. */
  async leave(): Promise<void> {
    await this.#handle.close();
    if ((await readSidecar(this.#path)) === null) await rm(partOf(this.#path), { force: true });
  }

  async #writeSidecar(progress: RangeProgress): Promise<void> {
    const { endNs, cutNs, ...rest } = progress;
    const sidecar = {
      format: FORMAT,
      request: this.#request,
      bytes: this.#bytes,
      ...rest,
      endNs: endNs?.toString() ?? null,
      cutNs: cutNs?.toString() ?? null,
    };
    const draft = `${sidecarOf(this.#path)}.new`;
    const handle = await open(draft, 'w');
    try {
      await handle.writeFile(JSON.stringify(sidecar));
      await handle.datasync();
    } finally {
      await handle.close();
    }
    await rename(draft, sidecarOf(this.#path));
  }
}

interface Opened {
  readonly handle: FileHandle;
  readonly bytes: number;
  readonly progress: RangeProgress | null;
}

function partOf(path: string): string {
  return `${path}.part`;
}

function sidecarOf(path: string): string {
  return `${path}.part.json`;
}

async function readSidecar(path: string): Promise<z.infer<typeof sidecarSchema> | null> {
  let text: string;
  try {
    text = await readFile(sidecarOf(path), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  try {
    return sidecarSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw unusable(path, 'are no unfinished download of this version; delete both to begin anew', cause);
  }
}

async function writeAt(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, written, bytes.length - written, position + written);
    written += bytesWritten;
  }
}

function isSameForm(one: Form, other: Form): boolean {
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].every((name) => one[name] === other[name]);
}

function unusable(path: string, what: string, cause?: unknown): DatabentoError {
  return new DatabentoError('usage', `${partOf(path)} and ${sidecarOf(path)} ${what}`, { cause });
}
