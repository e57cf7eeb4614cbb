import { zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DbnEncoder } from '#adapters/databento/dbn/encoder.ts';
import { liveMetadata } from '#adapters/databento/dbn/metadata.ts';
import type { StoredRecord } from '#adapters/databento/dbn/record.ts';
import { openDbn } from '#adapters/databento/dbn/stream.ts';
import { DatabentoError } from '#adapters/databento/errors.ts';
import { anyRecordOf } from './arbitrary-records.ts';
import { chunksOf, decodeChunks, inChunks } from './decoded.ts';

/** A stream, and where its header and each of its records end. */
interface Original {
  readonly bytes: Buffer;
  readonly ends: readonly number[];
  readonly records: readonly StoredRecord[];
}

const originals: readonly Original[] = ([1, 2, 3] as const).flatMap((version) =>
  [false, true].map((tsOut) => {
    const encoder = new DbnEncoder({ version, tsOut });
    encoder.metadata({
      ...liveMetadata({ dataset: 'GLBX.MDP3', version, tsOut }),
      symbols: ['ES.FUT', 'NQ.FUT'],
      mappings: [{ raw_symbol: 'ESH6', intervals: [{ start_date: 20260105, end_date: 20260106, symbol: '7' }] }],
    });
    const ends = [encoder.pendingBytes];
    for (const record of fc.sample(anyRecordOf(version, tsOut), { numRuns: 12, seed: 20_260_105 + version })) {
      encoder.record(record);
      ends.push(encoder.pendingBytes);
    }
    const bytes = Buffer.from(encoder.take());
    return { bytes, ends, records: decodeChunks([bytes]).records };
  }),
);

interface Mutation {
  readonly kind: 'change' | 'insert' | 'delete' | 'cut';
  readonly fraction: number;
  readonly byte: number;
}

/** More often than not a mutation hits the header or the first bytes of a record, which say the most. */
const mutation: fc.Arbitrary<Mutation> = fc.record({
  kind: fc.constantFrom('change' as const, 'change' as const, 'insert' as const, 'delete' as const, 'cut' as const),
  fraction: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
  byte: fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom(0, 1, 127, 128, 255)),
});

function mutated(bytes: Buffer, { kind, byte }: Mutation, at: number): Buffer {
  if (kind === 'cut') return bytes.subarray(0, at);
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(kind === 'insert' ? at : at + 1)];
  return Buffer.concat(kind === 'delete' ? [before, after] : [before, Buffer.from([byte]), after]);
}

test('input mutated behind its header gives the records before that, and then perhaps an error of ours', () => {
  const sizes = fc.constantFrom([65_536], [1], [100, 7], [1021]);
  fc.assert(
    fc.property(fc.constantFrom(...originals), mutation, sizes, ({ bytes, ends, records }, change, chunkSizes) => {
      const header = ends[0]!;
      const at = header + Math.floor(change.fraction * (bytes.length - header));
      const whole = ends.slice(1).filter((end) => end <= at).length;
      const decoded = decodeChunks(chunksOf(mutated(bytes, change, at), ...chunkSizes));
      expect(decoded.records.slice(0, whole)).toEqual(records.slice(0, whole));
      if (decoded.error === null) expect(decoded.records.length).toBeGreaterThanOrEqual(whole);
      else expect(decoded.error.byteOffset).toBeGreaterThanOrEqual(ends[whole]!);
    }),
    { numRuns: 3000, seed: 1 },
  );
});

test('input mutated anywhere is read or refused, and what is made of it stays small', () => {
  const mutations = fc.array(mutation, { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(fc.constantFrom(...originals), mutations, fc.boolean(), ({ bytes, ends }, changes, inHeader) => {
      const span = inHeader ? ends[0]! : bytes.length;
      const input = changes.reduce((all, change) => mutated(all, change, Math.floor(change.fraction * span)), bytes);
      const { metadata, records, error } = decodeChunks([input]);
      if (error !== null) expect(error.byteOffset).toBeLessThanOrEqual(input.length);
      // Every record and every entry of the metadata takes bytes of the input.
      expect(records.length).toBeLessThanOrEqual(input.length / 16);
      const entries = [metadata?.symbols, metadata?.partial, metadata?.not_found, metadata?.mappings];
      expect(entries.reduce((sum, list) => sum + (list?.length ?? 0), 0)).toBeLessThanOrEqual(input.length / 22);
    }),
    { numRuns: 3000, seed: 2 },
  );
});

test('compressed input mutated anywhere is read or refused', async () => {
  const compressed = originals.map(({ bytes }) => zstdCompressSync(bytes));
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...compressed),
      mutation,
      fc.constantFrom(50, 65_536),
      async (bytes, change, size) => {
        const input = mutated(bytes, change, Math.floor(change.fraction * bytes.length));
        try {
          await (await openDbn(inChunks(input, size))).forEach((view) => {
            expect(view.byteLength).toBeGreaterThanOrEqual(16);
          });
        } catch (error) {
          expect(error).toBeInstanceOf(DatabentoError);
        }
      },
    ),
    { numRuns: 400, seed: 3 },
  );
});

test('any bytes behind any beginning are read or refused', () => {
  const beginning = fc.constantFrom(
    ...originals.flatMap(({ bytes, ends }) => [0, 3, 8, ends[0]!].map((end) => bytes.subarray(0, end))),
  );
  fc.assert(
    fc.property(beginning, fc.uint8Array({ maxLength: 600 }), fc.boolean(), (head, rest, fragment) => {
      const { records } = decodeChunks([Buffer.concat([head, rest])], { fragment });
      expect(records.length).toBeLessThanOrEqual((head.length + rest.length) / 16);
    }),
    { numRuns: 1000, seed: 4 },
  );
});
