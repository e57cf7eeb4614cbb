import { pipeline, Readable } from 'node:stream';
import { constants, createZstdCompress } from 'node:zlib';
import { DbnEncoder } from './encoder.ts';
import { type DbnVersion, NEWEST_VERSION } from './layouts.ts';
import { type DbnMetadata, metadataInVersion } from './metadata.ts';
import type { StoredRecord } from './record.ts';

/** A stream to be written. */
export interface EncodeOptions {
  /** Null writes a fragment: records only. */
  readonly metadata: DbnMetadata | null;
  readonly records: Iterable<StoredRecord> | AsyncIterable<StoredRecord>;
  /** `none` when not given. */
  readonly compression?: 'none' | 'zstd';
  /** Version to write; when not given that of the metadata, and 3 for a fragment. */
  readonly version?: DbnVersion;
}

const CHUNK_BYTES = 64 * 1024;

/** Encodes a whole stream, in chunks of about 64 KiB. Throws what the encoder throws. */
export function encodeDbn(options: EncodeOptions): AsyncGenerator<Uint8Array, void, undefined> {
  return options.compression === 'zstd' ? compressZstd(plainDbn(options)) : plainDbn(options);
}

/** Compresses chunks to one zstd frame with a checksum. An error of the input is passed on. */
export async function* compressZstd(
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const zstd = createZstdCompress({ params: { [constants.ZSTD_c_checksumFlag]: 1 } });
  // The iteration reports the error; the callback only has to exist.
  yield* pipeline(Readable.from(chunks, { objectMode: false }), zstd, () => undefined) as AsyncIterable<Uint8Array>;
}

async function* plainDbn(options: EncodeOptions): AsyncGenerator<Uint8Array, void, undefined> {
  const { metadata, records, version = metadata?.version ?? NEWEST_VERSION } = options;
  const encoder = new DbnEncoder({ version, tsOut: metadata?.ts_out ?? false, bufferBytes: 2 * CHUNK_BYTES });
  if (metadata !== null) encoder.metadata(metadataInVersion(metadata, version));
  for await (const record of records) {
    encoder.record(record);
    if (encoder.pendingBytes >= CHUNK_BYTES) yield encoder.take();
  }
  if (encoder.pendingBytes > 0) yield encoder.take();
}
