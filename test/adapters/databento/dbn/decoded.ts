import { DbnDecoder, type DecoderOptions } from '#adapters/databento/dbn/decoder.ts';
import { rtypeName } from '#adapters/databento/dbn/enums.ts';
import type { DbnMetadata } from '#adapters/databento/dbn/metadata.ts';
import type { StoredRecord } from '#adapters/databento/dbn/record.ts';
import { toObject } from '#adapters/databento/dbn/record-object.ts';
import { DatabentoError } from '#adapters/databento/errors.ts';

/** Cuts bytes into chunks, which repeat the given sizes. */
export function* chunksOf(bytes: Uint8Array, ...sizes: readonly number[]): Generator<Uint8Array, void, undefined> {
  for (let at = 0, index = 0; at < bytes.length; index++) {
    const size = sizes[index % sizes.length]!;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

/** The same, asynchronously. */
export async function* inChunks(
  bytes: Uint8Array,
  ...sizes: readonly number[]
): AsyncGenerator<Uint8Array, void, undefined> {
  for (const chunk of chunksOf(bytes, ...sizes)) yield await Promise.resolve(chunk);
}

export interface Decoded {
  readonly metadata: DbnMetadata | null;
  /** Those before the error, if there is one. */
  readonly records: readonly StoredRecord[];
  readonly error: DatabentoError | null;
}

/** Decodes chunks with the push decoder; an error that is not meant to be thrown is thrown. */
export function decodeChunks(chunks: Iterable<Uint8Array>, options?: DecoderOptions): Decoded {
  const decoder = new DbnDecoder(options);
  const records: StoredRecord[] = [];
  let error: DatabentoError | null = null;
  try {
    for (const chunk of chunks) decoder.feed(chunk, (view) => records.push(toObject(view)));
    decoder.end();
  } catch (thrown) {
    if (!(thrown instanceof DatabentoError)) throw thrown;
    error = thrown;
  }
  return { metadata: decoder.metadata, records, error };
}

/** A record or metadata in the terms of the expected files. */
export function inExpectedTerms(value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (Array.isArray(value)) return value.map(inExpectedTerms);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, inExpectedTerms(inner)]));
}

/** A record in the terms of the expected files. */
export function recordInExpectedTerms(record: StoredRecord): unknown {
  if (record.layout === 'unknown') {
    const { layout: _, raw, ...header } = record;
    return inExpectedTerms({ _rtype: rtypeName(record.rtype), ...header, _raw: raw });
  }
  const { layout, ...fields } = record;
  return inExpectedTerms({ _rtype: rtypeName(record.rtype), _layout: layout, ...fields });
}
