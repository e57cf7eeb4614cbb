import { createReadStream } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { looksLikeDbn } from '#adapters/databento/dbn/stream.ts';
import { contractError } from '#core/errors.ts';
import { type BarFile, inFile } from './bar-record.ts';
import { openCsvBars } from './csv-bars.ts';
import { openDbnBars } from './dbn-bars.ts';

const HEAD_BYTES = 512;

/** The bar files of a path: itself, or every .csv, .dbn and .dbn.zst file directly in the folder, by name. */
export async function listBarFiles(path: string): Promise<readonly string[]> {
  try {
    const found = await stat(path);
    if (found.isFile()) return [path];
    if (!found.isDirectory()) {
      // Bars are read twice, once to check them all and once to use them, which a pipe does not allow.
      throw contractError('is neither a file nor a folder; give a CSV or DBN file of one-minute bars');
    }
    const names = (await readdir(path)).filter((name) => /\.(csv|dbn|dbn\.zst)$/.test(name)).sort();
    if (names.length > 0) return names.map((name) => join(path, name));
  } catch (error) {
    throw inFile(path, error);
  }
  throw contractError(`${path}: the folder holds no .csv, .dbn or .dbn.zst file; put one in or name another folder`);
}

/** Opens a bar file, CSV or DBN by its content. Reading to the end or `close` releases it. */
export async function openBarFile(path: string): Promise<BarFile & { close(): void }> {
  const head = await readHead(path);
  if (head.length === 0) throw contractError(`${path}: the file is empty; give a CSV or DBN file of one-minute bars`);
  const isDbn = looksLikeDbn(head);
  if (!isDbn && !isText(head)) {
    throw contractError(`${path}: is neither DBN (plain or zstd) nor CSV; give a CSV or DBN file of one-minute bars`);
  }
  const chunks = createReadStream(path);
  // Errors reach the reader through the iteration; without a listener one that comes later would end the process.
  chunks.on('error', () => undefined);
  const close = (): void => {
    chunks.destroy();
  };
  try {
    return { ...(isDbn ? await openDbnBars(path, chunks) : openCsvBars(path, chunks)), close };
  } catch (error) {
    close();
    throw error;
  }
}

async function readHead(path: string): Promise<Uint8Array> {
  try {
    await using file = await open(path);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } catch (error) {
    throw inFile(path, error);
  }
}

/** Tab, line breaks and everything from the space on. */
function isText(head: Uint8Array): boolean {
  return head.every((byte) => byte >= 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d);
}
