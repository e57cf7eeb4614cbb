import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { openDbn } from '#adapters/databento/dbn/stream.ts';
import { decompressZstd } from '#adapters/databento/dbn/zstd-frames.ts';
import { DatabentoError } from '#adapters/databento/errors.ts';
import { makeRandom } from '#adapters/databento/gateway/random.ts';
import { madeInputs } from './made-inputs.ts';
import { cut, INPUT_BYTES_MAX, type Structure } from './mutations.ts';
import { type FuzzInput, type FuzzTarget, shapeOf, type Verdict } from './target.ts';

/** A few bytes can stand for very many; whoever reads them can stop at any time. */
const OUTPUT_BYTES_MAX = 4 * 1024 * 1024;
const [ZSTD_MAGIC, SKIPPABLE_MAGIC] = [0xfd2fb528, 0x184d2a50];
const TEXT_BYTES = 3_000;

/** Decompression of any number of frames, held to Node's own, frame by frame; and what opens a DBN stream. */
export const zstdTarget: FuzzTarget = {
  name: 'zstd',
  seeds(): FuzzInput[] {
    const frames = madeFrames();
    const streams = [
      ...frames.map((frame) => [frame]),
      frames.slice(0, 3),
      [skippable(9), frames[0]!, skippable(0), frames[1]!],
    ];
    return streams.map((stream) => ({
      bytes: new Uint8Array(Buffer.concat(stream)),
      cuts: [INPUT_BYTES_MAX],
      terms: null,
    }));
  },

  structureOf({ bytes }): Structure {
    const cursor = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const parts: number[] = [];
    for (let at = 0; at + 4 <= bytes.length; at++) {
      const magic = cursor.getUint32(at, true);
      // The descriptor and the first block's header are behind it.
      if (magic === ZSTD_MAGIC || (magic & ~15) >>> 0 === SKIPPABLE_MAGIC)
        parts.push(at, at + 4, at + 5, at + 6, at + 7);
    }
    return { headerBytes: 0, parts };
  },

  termsOf: () => null,

  async check(input): Promise<Verdict> {
    const { plain, error, isStopped } = await collect(decompressZstd(given(input)));
    const wanted = reference(input.bytes);
    const opened = await open(input);
    const violation = isStopped
      ? null
      : (faultOf({ plain, error }, wanted, input.bytes.length) ?? faultOfOpening(opened));
    return { violation, way: `${shapeOf(String(error))} ${shapeOf(String(opened))}` };
  },
};

async function* given({ bytes, cuts }: FuzzInput): AsyncGenerator<Uint8Array, void, undefined> {
  yield* cut(bytes, cuts);
}

async function collect(chunks: AsyncIterable<Uint8Array>) {
  const parts: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of chunks) {
      parts.push(chunk);
      size += chunk.length;
      if (size > OUTPUT_BYTES_MAX) return { plain: Buffer.alloc(0), error: null, isStopped: true };
    }
  } catch (error) {
    return { plain: Buffer.concat(parts), error: error as unknown, isStopped: false };
  }
  return { plain: Buffer.concat(parts), error: null, isStopped: false };
}

/** What Node makes of the frames, one after the other; null when it refuses one, or when it is too much. */
function reference(bytes: Uint8Array): Buffer | null {
  const cursor = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    if (at + 8 <= bytes.length && (cursor.getUint32(at, true) & ~15) >>> 0 === SKIPPABLE_MAGIC) {
      at += 8 + cursor.getUint32(at + 4, true);
      if (at > bytes.length) return null;
      continue;
    }
    try {
      const { buffer, engine } = zstdDecompressSync(bytes.subarray(at), {
        info: true,
        maxOutputLength: OUTPUT_BYTES_MAX,
      }) as unknown as { buffer: Buffer; engine: { bytesWritten: number } };
      if (engine.bytesWritten === 0) return null;
      parts.push(buffer);
      at += engine.bytesWritten;
    } catch {
      return null;
    }
  }
  return Buffer.concat(parts);
}

function faultOf(
  { plain, error }: { plain: Buffer; error: unknown },
  wanted: Buffer | null,
  bytes: number,
): string | null {
  if (error === null) {
    if (wanted === null) return 'is read without an error where Node refuses it';
    return plain.equals(wanted) ? null : 'gives other bytes than Node';
  }
  if (!(error instanceof DatabentoError)) return `throws ${String(error)}`;
  if (error.code !== 'corrupt' && error.code !== 'truncated') return `throws ${error.code}`;
  if (error.byteOffset === undefined || error.byteOffset > bytes)
    return `${error.code} with the offset ${error.byteOffset}`;
  return wanted === null ? null : `${error.message}, where Node reads ${wanted.length} bytes`;
}

async function open(input: FuzzInput): Promise<unknown> {
  let bytes = 0;
  try {
    const stream = await openDbn(given(input));
    if (input.bytes.length % 2 === 0) {
      await stream.forEach((view) => {
        bytes += view.byteLength;
        if (bytes > OUTPUT_BYTES_MAX) throw new DatabentoError('usage', 'enough');
      });
    } else {
      for await (const { length } of stream.records()) {
        bytes += 4 * length;
        if (bytes > OUTPUT_BYTES_MAX) break;
      }
    }
  } catch (error) {
    return error;
  }
  return null;
}

function faultOfOpening(error: unknown): string | null {
  if (error === null) return null;
  if (!(error instanceof DatabentoError)) return `openDbn throws ${String(error)}`;
  return error.byteOffset === undefined && error.code !== 'usage'
    ? `openDbn throws ${error.code} without an offset`
    : null;
}

/** Frames with and without checksum and content size, of blocks of every kind. */
function madeFrames(): Buffer[] {
  const random = makeRandom(1, 'zstd');
  const [bars] = madeInputs();
  const texts = [
    bars!.bytes,
    Buffer.alloc(TEXT_BYTES),
    Uint8Array.from({ length: TEXT_BYTES }, () => random.below(256)),
    Buffer.from('End of interval for ohlcv-1m '.repeat(TEXT_BYTES / 30)),
    Buffer.alloc(0),
  ];
  return texts.flatMap((text) =>
    [0, 1].flatMap((flag) =>
      [1, 19].map((level) =>
        zstdCompressSync(text, {
          params: {
            [constants.ZSTD_c_checksumFlag]: flag,
            [constants.ZSTD_c_contentSizeFlag]: 1 - flag,
            [constants.ZSTD_c_compressionLevel]: level,
          },
        }),
      ),
    ),
  );
}

function skippable(size: number): Buffer {
  const frame = Buffer.alloc(8 + size, 0x5a);
  frame.writeUInt32LE(SKIPPABLE_MAGIC + 3, 0);
  frame.writeUInt32LE(size, 4);
  return frame;
}
