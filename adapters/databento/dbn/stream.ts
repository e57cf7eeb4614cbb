import { DatabentoError } from '../errors.ts';
import { DbnDecoder, type DecoderOptions, type RecordPlace } from './decoder.ts';
import { TS_OUT_BYTES, WORD_BYTES } from './field.ts';
import { type DbnVersion, layoutOf } from './layouts.ts';
import { type DbnMetadata, isDbn } from './metadata.ts';
import { PeekedChunks } from './peeked-chunks.ts';
import type { AnyView, DbnRecord, StoredRecord } from './record.ts';
import { toObject } from './record-object.ts';
import { decompressZstd, isSkippableFrame, isZstd } from './zstd-frames.ts';

/** As of the decoder; but when `fragment` is not given, the first bytes tell whether the input is one and has `ts_out`. */
export type OpenOptions = DecoderOptions;

/** Enough to tell what the input is. */
const DETECT_BYTES = 12;

/** Input being read, as views or as objects. It can be read once; errors are those of the decoder. */
export class DbnStream<Record extends StoredRecord = DbnRecord> {
  /** Null for a fragment. */
  readonly metadata: DbnMetadata | null;
  /** Where the record stands that a callback has before it. */
  readonly place: RecordPlace;
  readonly #decoder: DbnDecoder;
  readonly #chunks: PeekedChunks;
  #isRead = false;

  constructor(decoder: DbnDecoder, chunks: PeekedChunks) {
    this.metadata = decoder.metadata;
    this.place = decoder;
    this.#decoder = decoder;
    this.#chunks = chunks;
  }

  /** Version in which the input is stored; null for a fragment that was not told it. */
  get storedVersion(): DbnVersion | null {
    return this.#decoder.storedVersion;
  }

  /** Calls `onRecord` for each record; the view is valid until it returns. */
  async forEach(onRecord: (view: AnyView) => void): Promise<void> {
    for await (const chunk of this.#read()) this.#decoder.feed(chunk, onRecord);
    this.#decoder.end();
  }

  /** What `pick` makes of the records, a batch for each chunk of input that held any; null leaves a record out. */
  async *collect<T>(pick: (view: AnyView) => T | null): AsyncGenerator<readonly T[], void, undefined> {
    for await (const chunk of this.#read()) {
      const batch: T[] = [];
      let failure: { readonly error: unknown } | null = null;
      try {
        this.#decoder.feed(chunk, (view) => {
          const picked = pick(view);
          if (picked !== null) batch.push(picked);
        });
      } catch (error) {
        failure = { error };
      }
      // What came before the error is given first.
      if (batch.length > 0) yield batch;
      if (failure !== null) throw failure.error;
    }
    this.#decoder.end();
  }

  /** The records as objects, a batch for each chunk of input that completed any. */
  batches(): AsyncGenerator<readonly Record[], void, undefined> {
    return this.collect((view) => toObject(view) as StoredRecord as Record);
  }

  /** The records as objects. */
  async *records(): AsyncGenerator<Record, void, undefined> {
    for await (const batch of this.batches()) yield* batch;
  }

  /** Releases the input without reading it to its end. */
  async close(): Promise<void> {
    this.#isRead = true;
    await this.#chunks.return();
  }

  #read(): PeekedChunks {
    if (this.#isRead) throw new DatabentoError('usage', 'a DBN stream can be read once; open the input again');
    this.#isRead = true;
    return this.#chunks;
  }
}

/**
 * Opens DBN of any version, plain or zstd, with or without metadata, told apart by the first bytes.
 *
 * Throws what the input is not when it is empty, no DBN, the legacy DBZ format, of a newer version, or when its header
 * is cut off or corrupt; the input is released then.
 */
export async function openDbn(
  chunks: AsyncIterable<Uint8Array>,
  options: OpenOptions & { readonly upgrade: false },
): Promise<DbnStream<StoredRecord>>;
export async function openDbn(chunks: AsyncIterable<Uint8Array>, options?: OpenOptions): Promise<DbnStream>;
export async function openDbn(chunks: AsyncIterable<Uint8Array>, options: OpenOptions = {}): Promise<DbnStream> {
  let input = new PeekedChunks(chunks);
  try {
    const head = await input.peek(DETECT_BYTES);
    requireReadable(head);
    if (isZstd(head) || isSkippableFrame(head)) input = new PeekedChunks(decompressZstd(input));
    const fragment = options.fragment ?? fragmentOf(await input.peek(DETECT_BYTES));
    const decoder = new DbnDecoder({ ...options, fragment });
    if (fragment === false) await readHeader(decoder, input);
    return new DbnStream(decoder, input);
  } catch (error) {
    await input.return();
    throw error;
  }
}

/** Whether bytes look like DBN with metadata, zstd or the legacy DBZ format, rather than text. */
export function looksLikeDbn(head: Uint8Array): boolean {
  return isZstd(head) || isSkippableFrame(head) || isDbn(head);
}

/** As what fragment bytes are to be read that begin with a record of a known type and exactly its length; else false. */
export function fragmentOf(head: Uint8Array): { readonly tsOut: boolean } | false {
  const [words, rtype] = head;
  if (words === undefined || rtype === undefined) return false;
  const sizes = ([1, 2, 3] as const).map((version) => layoutOf(rtype, version)?.size);
  if (sizes.includes(words * WORD_BYTES)) return { tsOut: false };
  return sizes.includes(words * WORD_BYTES - TS_OUT_BYTES) ? { tsOut: true } : false;
}

function requireReadable(head: Uint8Array): void {
  if (head.length === 0) {
    throw new DatabentoError('truncated', 'the input is empty; give a file or stream that holds DBN', {
      byteOffset: 0,
    });
  }
  if (isSkippableFrame(head) && Buffer.from(head.subarray(8, 11)).toString('latin1') === 'DBZ') {
    throw new DatabentoError('legacy-dbz', 'legacy DBZ at byte 0, which is not read; download the file again as DBN', {
      byteOffset: 0,
    });
  }
}

async function readHeader(decoder: DbnDecoder, input: PeekedChunks): Promise<void> {
  while (decoder.metadata === null) {
    const next = await input.next();
    // Throws: the input ended before its header.
    if (next.done) {
      decoder.end();
      continue;
    }
    const rest = next.value.subarray(decoder.feedHeader(next.value));
    if (rest.length > 0) input.unread(rest);
  }
}
