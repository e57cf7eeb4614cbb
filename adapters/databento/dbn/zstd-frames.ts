import { pipeline, Readable } from 'node:stream';
import { constants, createZstdDecompress } from 'node:zlib';
import { DatabentoError } from '../errors.ts';

const ZSTD_MAGIC = 0xfd2fb528;
/** The low four bits of a skippable frame's magic number are free. */
const SKIPPABLE_MAGIC = 0x184d2a50;
const MAGIC_BYTES = 4;
const BLOCK_HEADER_BYTES = 3;
const CHECKSUM_BYTES = 4;
/** Node's 16 KiB make decompression take twice as long. */
const OUTPUT_CHUNK_BYTES = 256 * 1024;

/** True when the bytes begin with a zstd frame; at least four bytes are needed to say so. */
export function isZstd(head: Uint8Array): boolean {
  return head.length >= MAGIC_BYTES && isZstdMagic(uint(head, MAGIC_BYTES));
}

/** True when the bytes begin with a zstd skippable frame. */
export function isSkippableFrame(head: Uint8Array): boolean {
  return head.length >= MAGIC_BYTES && isSkippableMagic(uint(head, MAGIC_BYTES));
}

/**
 * Decompresses any number of zstd frames one after the other, passing over skippable frames.
 *
 * Node's own decompressor stops after the first frame, so each frame gets one of its own; where a frame ends follows from
 * its block headers (RFC 8878, section 3.1.1). Throws code `truncated` when a frame is cut off and `corrupt` when it is
 * damaged or is none, with the offset of the frame in the compressed input; an error of the input is passed on. What was
 * decompressed before a cut or an error of the input has been given by then, also when a frame is not complete.
 */
export async function* decompressZstd(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  const pieces = framePieces(chunks);
  try {
    for (let first = await pieces.next(); !first.done; first = await pieces.next()) {
      yield* decompressFrame(first.value, pieces);
    }
  } finally {
    await pieces.return();
  }
}

interface FramePiece {
  readonly bytes: Uint8Array;
  readonly frameStart: number;
  readonly endsFrame: boolean;
}

async function* decompressFrame(
  first: FramePiece,
  rest: AsyncIterator<FramePiece, void>,
): AsyncGenerator<Uint8Array, void, undefined> {
  let failure: { readonly error: unknown } | null = null;
  async function* compressed(): AsyncGenerator<Uint8Array, void, undefined> {
    yield first.bytes;
    try {
      for (let ended = first.endsFrame; !ended; ) {
        const next = await rest.next();
        if (next.done) return;
        yield next.value.bytes;
        ended = next.value.endsFrame;
      }
    } catch (error) {
      // Ends the frame instead, so that what lies before is still decompressed.
      failure = { error };
    }
  }
  const frame = Readable.from(compressed(), { objectMode: false });
  const zstd = createZstdDecompress({ chunkSize: OUTPUT_CHUNK_BYTES, finishFlush: constants.ZSTD_e_continue });
  // The iteration reports the error; the callback only has to exist.
  const plain = pipeline(frame, zstd, () => undefined);
  try {
    yield* plain as AsyncIterable<Uint8Array>;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new DatabentoError(
      'corrupt',
      `the zstd frame at byte ${first.frameStart} is damaged (${reason}); copy or download it again`,
      { cause: error, byteOffset: first.frameStart },
    );
  }
  if (failure !== null) throw (failure as { readonly error: unknown }).error;
}

/** Cuts a stream of chunks at the ends of zstd frames and leaves out skippable frames. */
async function* framePieces(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<FramePiece, void, undefined> {
  let walker = new FrameWalker(0);
  let held: Uint8Array[] = [];
  let offset = 0;
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; ) {
      const bytes = chunk.subarray(at, at + walker.advance(chunk.subarray(at)));
      at += bytes.length;
      offset += bytes.length;
      held.push(bytes);
      // The first bytes of a frame do not say yet whether it is one to leave out.
      if (walker.kind === null) continue;
      const { kind, frameStart, ended } = walker;
      if (kind === 'zstd')
        yield { bytes: held.length === 1 ? bytes : Buffer.concat(held), frameStart, endsFrame: ended };
      held = [];
      if (ended) walker = new FrameWalker(offset);
    }
  }
  if (offset > walker.frameStart) {
    throw new DatabentoError(
      'truncated',
      `the zstd frame at byte ${walker.frameStart} is cut off at byte ${offset}; copy or download it again`,
      { byteOffset: walker.frameStart },
    );
  }
}

type Part = 'magic' | 'skippable-size' | 'descriptor' | 'block' | 'end';

/** Follows one frame through its headers, whatever the chunks are, until it ends. */
class FrameWalker {
  readonly frameStart: number;
  /** null until the first bytes have said it. */
  kind: 'zstd' | 'skippable' | null = null;
  #part: Part = 'magic';
  /** Bytes to let through before the next header. */
  #pass = 0;
  readonly #header = new Uint8Array(MAGIC_BYTES);
  #headerHave = 0;
  #headerNeed = MAGIC_BYTES;
  #checksumBytes = 0;

  constructor(frameStart: number) {
    this.frameStart = frameStart;
  }

  get ended(): boolean {
    return this.#part === 'end' && this.#pass === 0;
  }

  /** Takes bytes up to the end of the frame and says how many it took. */
  advance(bytes: Uint8Array): number {
    let at = 0;
    while (at < bytes.length && !this.ended) {
      if (this.#pass > 0) {
        const passed = Math.min(this.#pass, bytes.length - at);
        this.#pass -= passed;
        at += passed;
        continue;
      }
      this.#header[this.#headerHave++] = bytes[at++]!;
      if (this.#headerHave === this.#headerNeed) this.#readHeader();
    }
    return at;
  }

  #readHeader(): void {
    const value = uint(this.#header, this.#headerNeed);
    this.#headerHave = 0;
    if (this.#part === 'magic') this.#readMagic(value);
    else if (this.#part === 'descriptor') this.#readDescriptor(value);
    else if (this.#part === 'block') this.#readBlock(value);
    else {
      this.#pass = value;
      this.#part = 'end';
    }
  }

  #readMagic(value: number): void {
    if (isSkippableMagic(value)) {
      this.kind = 'skippable';
      this.#expect('skippable-size', 4);
    } else if (isZstdMagic(value)) {
      this.kind = 'zstd';
      this.#expect('descriptor', 1);
    } else {
      throw new DatabentoError(
        'corrupt',
        `expected a zstd frame at byte ${this.frameStart}, found other bytes; copy or download it again`,
        { byteOffset: this.frameStart },
      );
    }
  }

  #readDescriptor(value: number): void {
    const singleSegment = (value & 0x20) !== 0;
    const sizeFlag = value >> 6;
    const contentSizeBytes = sizeFlag === 0 ? Number(singleSegment) : 2 ** sizeFlag;
    const dictionaryBytes = [0, 1, 2, 4][value & 3]!;
    this.#checksumBytes = (value & 4) !== 0 ? CHECKSUM_BYTES : 0;
    this.#pass = (singleSegment ? 0 : 1) + dictionaryBytes + contentSizeBytes;
    this.#expect('block', BLOCK_HEADER_BYTES);
  }

  #readBlock(value: number): void {
    const isLast = (value & 1) === 1;
    const isRunLength = ((value >> 1) & 3) === 1;
    this.#pass = isRunLength ? 1 : value >> 3;
    if (!isLast) return;
    this.#pass += this.#checksumBytes;
    this.#part = 'end';
  }

  #expect(part: Part, bytes: number): void {
    this.#part = part;
    this.#headerNeed = bytes;
  }
}

function isZstdMagic(value: number): boolean {
  return value === ZSTD_MAGIC;
}

function isSkippableMagic(value: number): boolean {
  return value - (value % 16) === SKIPPABLE_MAGIC;
}

/** Little-endian unsigned integer of the first `count` bytes, at most four. */
function uint(bytes: Uint8Array, count: number): number {
  let value = 0;
  for (let index = count - 1; index >= 0; index--) value = value * 256 + bytes[index]!;
  return value;
}
