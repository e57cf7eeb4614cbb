import type { ServerResponse } from 'node:http';
import type { Writable } from 'node:stream';
import { constants, createZstdCompress } from 'node:zlib';

/**
 * Compresses to one zstd frame. What has gone in comes out at the end of each chunk, and every `flushBytes` of a longer
 * one, so that a client that is cut off can use what it has.
 */
export async function* flushedZstd(
  chunks: AsyncIterable<Uint8Array>,
  flushBytes: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  const zstd = createZstdCompress({ params: { [constants.ZSTD_c_checksumFlag]: 1 } });
  const feed = async (): Promise<void> => {
    for await (const chunk of chunks) {
      for (let at = 0; at < chunk.length; at += flushBytes) {
        if (!zstd.write(chunk.subarray(at, at + flushBytes))) await settled(zstd, (done) => zstd.once('drain', done));
        if (!zstd.destroyed) await settled(zstd, (done) => zstd.flush(done));
        if (zstd.destroyed) return;
      }
    }
    zstd.end();
  };
  // An error of the input becomes that of the output.
  const fed = feed().catch((error: Error) => void zstd.destroy(error));
  try {
    yield* zstd as AsyncIterable<Uint8Array>;
  } finally {
    zstd.destroy();
    await fed;
  }
}

/** Where a response stops short: `cut` breaks the connection off, `end` ends it as if that were all. */
export interface BodyFault {
  readonly afterBytes: number;
  readonly by: 'cut' | 'end' | 'hang';
}

/** Sends a body as fast as the client reads it; resolves when it is sent, stopped short, or the client is gone. */
export async function sendBody(
  response: ServerResponse,
  chunks: AsyncIterable<Uint8Array>,
  fault: BodyFault | null,
): Promise<void> {
  let left = fault?.afterBytes ?? Number.POSITIVE_INFINITY;
  for await (const chunk of chunks) {
    const bytes = chunk.subarray(0, left);
    left -= bytes.length;
    if (response.destroyed) return;
    if (bytes.length > 0 && !response.write(bytes)) {
      await settled(response, (done) => response.once('drain', done));
    }
    if (left === 0) break;
  }
  if (fault === null || fault.by === 'end' || left > 0) response.end();
  // The end of the socket, unlike its destruction, lets everything before it arrive.
  else if (fault.by === 'cut') response.socket?.end();
}

/** Resolves when `begin` calls back, or when the stream is closed, after which it might never. */
function settled(stream: Writable, begin: (done: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      stream.off('close', done);
      resolve();
    };
    stream.on('close', done);
    begin(done);
  });
}
