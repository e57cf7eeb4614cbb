import { createReadStream, createWriteStream } from 'node:fs';
import { type FileHandle, open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { DbnMetadata } from '#adapters/databento/dbn/metadata.ts';
import { compressZstd } from '#adapters/databento/dbn/stream-writer.ts';
import { contractError, kindOf } from '#core/errors.ts';
import type { DbnIo } from './dbn-io.ts';
import type { EncodeFlags } from './encode-flags.ts';
import { FileEncoder } from './file-encoder.ts';
import { type Input, openInput } from './input.ts';
import { showProgress } from './progress.ts';
import { cannotWrite, targetFile, withTemporaryFolder } from './temporary-folder.ts';
import { readTextRows, type TextRow } from './text-rows.ts';

/** What has been written. */
export interface Encoded {
  readonly metadata: DbnMetadata;
  readonly records: number;
}

/**
 * Writes the DBN of a text to the file or to standard output. The header comes first but follows from the records, so
 * all is written to a temporary file, whose header is corrected at the end. Errors name the input and the line.
 */
export async function encodeText(flags: EncodeFlags, io: DbnIo): Promise<Encoded> {
  const target = flags.out === null ? null : await targetFile(flags.out);
  const input = await openInput(flags.path, io.in);
  try {
    return await withTemporaryFolder(target, async (folder) => {
      const plain = join(folder, 'plain');
      const encoded = await encodeFile(plain, { flags, input, io });
      const isPlain = flags.compression === 'none';
      if (target !== null && isPlain) {
        await rename(plain, target);
        return encoded;
      }
      const bytes = isPlain ? createReadStream(plain) : compressZstd(createReadStream(plain));
      if (target === null) {
        await pipeline(bytes, io.out, { end: false });
        return encoded;
      }
      const compressed = join(folder, 'compressed');
      await pipeline(bytes, createWriteStream(compressed));
      await rename(compressed, target);
      return encoded;
    });
  } catch (error) {
    throw kindOf(error) === 'contract' ? error : cannotWrite(flags.out, error);
  }
}

interface Encoding {
  readonly flags: EncodeFlags;
  readonly input: Input;
  readonly io: DbnIo;
}

async function encodeFile(path: string, { flags, input, io }: Encoding): Promise<Encoded> {
  const encoder = new FileEncoder(flags);
  const file = await open(path, 'w');
  const stopProgress = showProgress(io.err, input, () => encoder.records);
  try {
    for await (const rows of readTextRows(input, flags.from)) await addRows(encoder, rows, { file, input });
    const { metadata, header } = encoder.finish();
    await file.appendFile(encoder.take());
    await overwriteStart(path, header);
    return { metadata, records: encoder.records };
  } finally {
    stopProgress();
    await file.close();
  }
}

async function addRows(
  encoder: FileEncoder,
  rows: readonly TextRow[],
  { file, input }: { readonly file: FileHandle; readonly input: Input },
): Promise<void> {
  for (const row of rows) {
    if (row.kind === 'record') encoder.requireDataset();
    try {
      if (row.kind === 'metadata') encoder.header(row.read());
      else encoder.add(row.read(encoder.version));
    } catch (error) {
      if (kindOf(error) !== 'contract') throw error;
      throw contractError(`${input.name} line ${row.line}: ${(error as Error).message}`, { cause: error });
    }
  }
  await file.appendFile(encoder.take());
}

async function overwriteStart(path: string, header: Uint8Array): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.writeFile(header);
  } finally {
    await file.close();
  }
}
