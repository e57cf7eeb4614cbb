import { contractError } from '#core/errors.ts';
import { checkMagic, type DbnMetadata, isDbn, PRELUDE_BYTES, readMetadata, readPrelude } from './dbn-metadata.ts';
import { type DbnRecord, decodeRecord, RECORD_HEADER_BYTES } from './dbn-records.ts';
import { decompressZstd, isSkippableFrame, isZstd } from './zstd-frames.ts';

const WORD_BYTES = 4;
const DETECT_BYTES = 12;

/** A decoded stream: its header, and its records as they arrive, a batch for each chunk of input. */
export interface DbnStream {
  readonly metadata: DbnMetadata;
  /** Can be read once. Throws a contract error with the byte offset in the uncompressed stream. */
  readonly batches: AsyncGenerator<readonly DbnRecord[], void, undefined>;
}

/**
 * Opens DBN of version 1, 2 or 3, plain or zstd, told apart by their first bytes.
 *
 * Throws a contract error when the input is empty, not DBN, the legacy DBZ format, of a newer version, or when its
 * header is cut off or corrupt.
 */
export async function openDbn(chunks: AsyncIterable<Uint8Array>): Promise<DbnStream> {
  const decoder = new DbnDecoder();
  const plain = (await plainBytes(chunks))[Symbol.asyncIterator]();
  let first: DbnRecord[] = [];
  while (decoder.metadata === null) {
    const next = await plain.next();
    if (next.done) throw decoder.truncation();
    first = decoder.feed(next.value);
  }

  async function* batches(): AsyncGenerator<readonly DbnRecord[], void, undefined> {
    if (first.length > 0) yield first;
    for await (const chunk of { [Symbol.asyncIterator]: () => plain }) {
      const records = decoder.feed(chunk);
      if (records.length > 0) yield records;
    }
    decoder.end();
  }
  return { metadata: decoder.metadata, batches: batches() };
}

/** Whether bytes look like DBN, zstd or the legacy DBZ format rather than text. */
export function looksLikeDbn(head: Uint8Array): boolean {
  return isZstd(head) || isSkippableFrame(head) || isDbn(head);
}

async function plainBytes(chunks: AsyncIterable<Uint8Array>): Promise<AsyncIterable<Uint8Array>> {
  const { head, all } = await peek(chunks, DETECT_BYTES);
  if (head.length === 0) throw contractError('the input is empty; give a file that holds DBN');
  if (isSkippableFrame(head) && Buffer.from(head.subarray(8, 11)).toString('latin1') === 'DBZ') {
    throw contractError('legacy DBZ at byte 0, which is not read; download the file again as DBN');
  }
  return isZstd(head) || isSkippableFrame(head) ? decompressZstd(all) : all;
}

/** Push decoder: give it chunks of any size, it gives back what became complete. One per stream. */
export class DbnDecoder {
  #buffer = new Uint8Array(0);
  /** Offset in the stream of the first byte of the buffer. */
  #offset = 0;
  #index = 0;
  #metadata: DbnMetadata | null = null;

  /** Header of the stream once it has arrived. */
  get metadata(): DbnMetadata | null {
    return this.#metadata;
  }

  /** The records completed by a chunk. Throws a contract error on corruption; the decoder is then of no more use. */
  feed(chunk: Uint8Array): DbnRecord[] {
    this.#append(chunk);
    if (this.#metadata === null && !this.#readHeader()) return [];
    const records: DbnRecord[] = [];
    let at = 0;
    for (let length = this.#recordBytes(at); length !== null; length = this.#recordBytes(at)) {
      records.push(this.#record(at, length));
      at += length;
    }
    this.#drop(at);
    return records;
  }

  /** Must be called at the end of the input; throws a contract error when it ends inside the header or a record. */
  end(): void {
    if (this.#metadata === null || this.#buffer.length > 0) throw this.truncation();
  }

  /** What is wrong if the input ends here. */
  truncation(): Error {
    const left = this.#buffer.length;
    const where =
      this.#metadata === null
        ? `the input ends at byte ${left}, inside its header`
        : `record ${this.#index} at byte ${this.#offset} has ${left} of ${(this.#buffer[0] ?? 0) * WORD_BYTES} bytes`;
    return contractError(`truncated DBN: ${where}; copy or download the file again`);
  }

  #readHeader(): boolean {
    checkMagic(this.#buffer);
    if (this.#buffer.length < PRELUDE_BYTES) return false;
    const { headerBytes } = readPrelude(this.#buffer);
    if (this.#buffer.length < headerBytes) return false;
    this.#metadata = readMetadata(this.#buffer.subarray(0, headerBytes));
    this.#drop(headerBytes);
    return true;
  }

  /** Bytes of the record at a place of the buffer, or null when it has not arrived whole. */
  #recordBytes(at: number): number | null {
    const words = this.#buffer[at];
    if (words === undefined) return null;
    const length = words * WORD_BYTES;
    if (length < RECORD_HEADER_BYTES) {
      throw contractError(
        `corrupt DBN: record ${this.#index} at byte ${this.#offset + at} says it has ${length} bytes, ` +
          `fewer than its own header of ${RECORD_HEADER_BYTES}; download the file again`,
      );
    }
    return at + length <= this.#buffer.length ? length : null;
  }

  #record(at: number, length: number): DbnRecord {
    const { version, tsOut } = this.#metadata!;
    const view = new DataView(this.#buffer.buffer, this.#buffer.byteOffset + at, length);
    return decodeRecord(view, { version, tsOut, index: this.#index++, offset: this.#offset + at });
  }

  /** Copies, since the caller may reuse its chunk. Less than one record is carried over, or an arriving header. */
  #append(chunk: Uint8Array): void {
    const joined = new Uint8Array(this.#buffer.length + chunk.length);
    joined.set(this.#buffer);
    joined.set(chunk, this.#buffer.length);
    this.#buffer = joined;
  }

  #drop(bytes: number): void {
    this.#buffer = this.#buffer.subarray(bytes);
    this.#offset += bytes;
  }
}

/** The first bytes of a stream (fewer when it is shorter), and the stream from its beginning. */
async function peek(
  chunks: AsyncIterable<Uint8Array>,
  bytes: number,
): Promise<{ head: Uint8Array; all: AsyncIterable<Uint8Array> }> {
  const iterator = chunks[Symbol.asyncIterator]();
  const taken: Uint8Array[] = [];
  for (let have = 0; have < bytes; ) {
    const next = await iterator.next();
    if (next.done) break;
    taken.push(next.value);
    have += next.value.length;
  }
  async function* replay(): AsyncGenerator<Uint8Array, void, undefined> {
    yield* taken;
    yield* { [Symbol.asyncIterator]: () => iterator };
  }
  return { head: Buffer.concat(taken).subarray(0, bytes), all: replay() };
}
