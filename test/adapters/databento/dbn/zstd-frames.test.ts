import { constants, createZstdCompress, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compressZstd } from '#adapters/databento/dbn/stream-writer.ts';
import { decompressZstd, isSkippableFrame, isZstd } from '#adapters/databento/dbn/zstd-frames.ts';
import { inChunks } from './decoded.ts';

const skippable = Buffer.from([0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
const text = Buffer.from(Array.from({ length: 2000 }, (_, index) => `line ${index} `).join(''));

async function decompressed(chunks: AsyncIterable<Uint8Array>): Promise<{ bytes: Buffer; error: unknown }> {
  const found: Uint8Array[] = [];
  try {
    for await (const chunk of decompressZstd(chunks)) found.push(chunk);
  } catch (error) {
    return { bytes: Buffer.concat(found), error };
  }
  return { bytes: Buffer.concat(found), error: null };
}

test('any split of the bytes into frames, with skippable ones between, gives the bytes', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat({ max: text.length }), { maxLength: 6 }),
      fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 3 }),
      async (cuts, sizes) => {
        const edges = [0, ...cuts.toSorted((a, b) => a - b), text.length];
        const frames = edges
          .slice(1)
          .flatMap((edge, index) => [skippable, zstdCompressSync(text.subarray(edges[index], edge))]);
        const { bytes, error } = await decompressed(inChunks(Buffer.concat(frames), ...sizes));
        expect(error).toBeNull();
        expect(bytes.equals(text)).toBe(true);
      },
    ),
    { numRuns: 40 },
  );
});

test('our own compression is one frame with a checksum', async () => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of compressZstd(inChunks(text, 1000))) chunks.push(chunk);
  const frame = Buffer.concat(chunks);
  expect([isZstd(frame), (frame[4]! & 4) !== 0]).toEqual([true, true]);
  expect(await decompressed(inChunks(frame, 7))).toEqual({ bytes: text, error: null });
});

test('a source that fails fails the compression, with its own error', async () => {
  async function* failing() {
    yield text;
    await Promise.resolve();
    throw new Error('the disk is gone');
  }
  const compressing = async () => {
    for await (const _ of compressZstd(failing()));
  };
  await expect(compressing()).rejects.toThrow('the disk is gone');
});

test('what was flushed is given at once, before the frame ends', async () => {
  const zstd = createZstdCompress();
  const flushed: Uint8Array[] = [];
  zstd.on('data', (chunk: Uint8Array) => flushed.push(chunk));
  zstd.write(text);
  await new Promise<void>((resolve) => zstd.flush(resolve));
  const never = Promise.withResolvers<never>();
  async function* open() {
    yield Buffer.concat(flushed);
    yield await never.promise;
  }
  const first = await decompressZstd(open()).next();
  expect(first.value).toEqual(text);
  zstd.destroy();
});

describe('what is no frame or not a whole one is refused with the byte', () => {
  const frame = zstdCompressSync(text, { params: { [constants.ZSTD_c_checksumFlag]: 1 } });
  const damaged = Buffer.from(frame);
  damaged[frame.length - 12]! ^= 0x55;
  test.each([
    ['half a frame', frame.subarray(0, -9), 'truncated', 0, /cut off at byte/],
    ['half a magic number', Buffer.concat([frame, frame.subarray(0, 2)]), 'truncated', frame.length, /cut off/],
    ['half a skippable frame', Buffer.concat([frame, skippable.subarray(0, 9)]), 'truncated', frame.length, /cut off/],
    [
      'rubbish after a frame',
      Buffer.concat([frame, Buffer.from('rubbish')]),
      'corrupt',
      frame.length,
      /expected a zstd/,
    ],
    ['a damaged frame', Buffer.concat([skippable, damaged]), 'corrupt', skippable.length, /damaged/],
  ])('%s', async (_, bytes, code, byteOffset, reason) => {
    for (const size of [1, 10, 65_536]) {
      const { error } = await decompressed(inChunks(bytes, size));
      expect(error).toMatchObject({ code, byteOffset, message: expect.stringMatching(reason) });
    }
  });

  test('after what lies before has been given', async () => {
    const cut = await decompressed(inChunks(Buffer.concat([frame, frame.subarray(0, -3)]), 65_536));
    expect(cut.error).toMatchObject({ code: 'truncated', byteOffset: frame.length });
    // Only the checksum of the second frame is missing.
    expect(cut.bytes.equals(Buffer.concat([text, text]))).toBe(true);
    async function* failing() {
      yield frame.subarray(0, -3);
      await Promise.resolve();
      throw new Error('the connection is gone');
    }
    const failed = await decompressed(failing());
    expect(failed.error).toEqual(new Error('the connection is gone'));
    expect(failed.bytes.equals(text)).toBe(true);
  });

  test('frames are told by their first four bytes', () => {
    expect([isZstd(frame), isZstd(skippable), isZstd(frame.subarray(0, 3))]).toEqual([true, false, false]);
    expect([isSkippableFrame(skippable), isSkippableFrame(frame)]).toEqual([true, false]);
  });
});
