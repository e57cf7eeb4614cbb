import { readDbnFile } from '../dbn/dbn-file.ts';
import { type Schema, schemas } from '../dbn/enums.ts';
import type { DbnMetadata } from '../dbn/metadata.ts';
import type { DbnStream } from '../dbn/stream.ts';
import { DatabentoError } from '../errors.ts';
import { BatchBuilder } from './batch-builder.ts';
import { makeFileRecords } from './file-records.ts';
import { InstrumentList } from './instrument-list.ts';
import { mergeBatches } from './merged-batches.ts';
import type { RecordBatch } from './record-batch.ts';
import type { GatewaySource, RecordQuery } from './source.ts';

/** What is known of a file before its records are given out. */
interface FileFacts {
  readonly path: string;
  readonly metadata: DbnMetadata;
  readonly schemas: ReadonlySet<Schema>;
  /** When its first record is available, and its last one; null for the last when the file was not read to its end. */
  readonly startNs: bigint;
  readonly endNs: bigint | null;
  readonly hasMarkers: boolean;
}

const everySchema: ReadonlySet<Schema> = new Set(schemas);
const [RTYPE_AT, SYSTEM_RTYPE] = [1, 0x17] as const;

/**
 * Serves DBN files, of any version and schema, plain or zstd, merged by the time at which a gateway has their records:
 * bars at their end, others at `ts_recv`. Files are streamed; only recorded sessions, definitions and files without symbol
 * mappings are read through once before. Throws when there is no file, one cannot be read, one has no metadata, or two are
 * of different data sets.
 */
export async function dbnFileSource(paths: readonly string[]): Promise<GatewaySource> {
  const instruments = new InstrumentList();
  const files: FileFacts[] = [];
  for (const path of paths) files.push(await naming(path, () => factsOf(path, instruments)));
  const [first] = files;
  if (first === undefined) throw new DatabentoError('usage', 'a gateway needs at least one DBN file');
  const { dataset } = first.metadata;
  const other = files.find(({ metadata }) => metadata.dataset !== dataset);
  if (other !== undefined) {
    throw new DatabentoError(
      'usage',
      `${first.path} is of data set ${dataset} and ${other.path} of ${other.metadata.dataset}; a gateway serves one`,
    );
  }
  return {
    dataset,
    startNs: files.map(({ startNs }) => startNs).reduce((a, b) => (a < b ? a : b)),
    endNs: latest(files.map(({ endNs }) => endNs)),
    schemas: new Set(files.flatMap((file) => [...file.schemas])),
    hasMarkers: files.some(({ hasMarkers }) => hasMarkers),
    instruments: (atNs) => instruments.at(atNs),
    instrument: (instrumentId, atNs) => instruments.find(instrumentId, atNs),
    records: (query) => recordsOf(files, instruments, query),
  };
}

function recordsOf(
  files: readonly FileFacts[],
  instruments: InstrumentList,
  query: RecordQuery,
): AsyncIterable<RecordBatch> {
  const wanted = files.filter((file) => {
    const isLater = file.endNs === null || file.endNs >= query.fromNs;
    return isLater && [...file.schemas].some((schema) => query.schemas.has(schema));
  });
  return mergeBatches(
    wanted.map(({ path, metadata, startNs }) => ({
      startNs,
      open: () => passOf(path, { ...query, schema: metadata.schema, instruments }),
    })),
  );
}

async function* passOf(
  path: string,
  options: RecordQuery & { readonly schema: Schema | null; readonly instruments: InstrumentList },
): AsyncGenerator<RecordBatch, void, undefined> {
  const builder = new BatchBuilder();
  const take = makeFileRecords({ ...options, builder });
  const stream = await naming(path, () => readDbnFile(path));
  // One item for each chunk that held a record.
  const chunks = stream.collect((view) => (take(view) && builder.length === 1 ? true : null));
  try {
    for (;;) {
      const next = await naming(path, () => chunks.next());
      if (next.done) return;
      yield builder.batch();
      builder.clear();
    }
  } finally {
    await chunks.return();
  }
}

async function factsOf(path: string, instruments: InstrumentList): Promise<FileFacts> {
  const stream = await readDbnFile(path);
  const { metadata } = stream;
  if (metadata === null) {
    await stream.close();
    throw new DatabentoError('usage', 'holds records without metadata, which do not say their data set');
  }
  instruments.addMetadata(metadata);
  const isSessionOrDefinitions = metadata.schema === null || metadata.schema === 'definition';
  if (isSessionOrDefinitions || metadata.mappings.length === 0)
    return await scan(path, { stream, metadata, instruments });
  const first = await scan(path, { stream, metadata, instruments }, 1);
  return { ...first, schemas: new Set([metadata.schema]), endNs: null };
}

/** Reads a file, or its first records, for what it is. */
async function scan(
  path: string,
  { stream, metadata, instruments }: { stream: DbnStream; metadata: DbnMetadata; instruments: InstrumentList },
  recordsMax = Number.POSITIVE_INFINITY,
): Promise<FileFacts> {
  const builder = new BatchBuilder();
  const { schema } = metadata;
  const take = makeFileRecords({ schema, instruments, builder, schemas: everySchema, fromNs: 0n });
  const found = new Set<number>();
  let [startNs, endNs]: (bigint | null)[] = [null, null];
  let hasMarkers = false;
  const chunks = stream.collect((view) => (take(view) && builder.length === 1 ? true : null));
  for await (const _ of chunks) {
    const { view, offsets, availableNs, schemaNumbers } = builder.batch();
    startNs ??= availableNs[0]!;
    endNs = availableNs[builder.length - 1]!;
    for (const number of schemaNumbers) found.add(number);
    hasMarkers ||= offsets.some((offset) => view.getUint8(offset + RTYPE_AT) === SYSTEM_RTYPE);
    builder.clear();
    recordsMax -= offsets.length;
    if (recordsMax <= 0) break;
  }
  const own: readonly Schema[] = schema === null ? [] : [schema];
  return {
    path,
    metadata,
    schemas: new Set([...own, ...[...found].map((number) => schemas[number]!)]),
    startNs: startNs ?? metadata.start,
    endNs: endNs ?? metadata.start,
    hasMarkers,
  };
}

function latest(times: readonly (bigint | null)[]): bigint | null {
  let latestNs = 0n;
  for (const timeNs of times) {
    if (timeNs === null) return null;
    if (timeNs > latestNs) latestNs = timeNs;
  }
  return latestNs;
}

/** Does a step; an error of it names the file. */
async function naming<T>(path: string, step: () => T | Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const { code, byteOffset } = error as Partial<DatabentoError>;
    const known = error instanceof DatabentoError ? code! : 'usage';
    throw new DatabentoError(known, `${path}: ${error.message}`, {
      cause: error,
      ...(byteOffset !== undefined && { byteOffset }),
    });
  }
}
