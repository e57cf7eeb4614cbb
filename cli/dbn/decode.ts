import { once } from 'node:events';
import { type DbnStream, openDbn } from '#adapters/databento/dbn/stream.ts';
import { DatabentoError } from '#adapters/databento/errors.ts';
import { contractError, kindOf } from '#core/errors.ts';
import { ChosenRecords } from './chosen-records.ts';
import type { DbnIo } from './dbn-io.ts';
import type { DecodeFlags } from './decode-flags.ts';
import { openInput } from './input.ts';
import { makePrinter, type Printer } from './printers.ts';
import { showProgress } from './progress.ts';

/**
 * Prints every file that was asked for, each up to its end or its damage, and says on `io.err` what is wrong with one.
 * Returns whether there was nothing wrong.
 */
export async function decodeFiles(flags: DecodeFlags, io: DbnIo): Promise<boolean> {
  const printer = makePrinter(flags);
  let isWell = true;
  for (const path of flags.paths) {
    try {
      await decodeFile(path, { flags, io, printer });
    } catch (error) {
      if (kindOf(error) !== 'contract') throw error;
      io.err.write(`rooney dbn: ${(error as Error).message}\n`);
      isWell = false;
    }
    if (printer.isRefusing) break;
  }
  return isWell;
}

interface Decoding {
  readonly flags: DecodeFlags;
  readonly io: DbnIo;
  readonly printer: Printer;
}

async function decodeFile(path: string, { flags, io, printer }: Decoding): Promise<void> {
  const input = await openInput(path, io.in);
  const chosen = new ChosenRecords(flags);
  const isShown = io.out.isTTY && flags.format !== 'summary';
  // Records that run over the terminal are progress enough.
  const stopProgress = isShown ? () => undefined : showProgress(io.err, input, () => chosen.taken);
  let stream: DbnStream | null = null;
  let error: Error | null = null;
  try {
    stream = await openDbn(input.chunks, { upgrade: flags.upgrade });
    await writeLines(io.out, printer.begin(stream.metadata));
    await printRecords(stream, { io, printer, chosen });
  } catch (failure) {
    error = failure as Error;
  } finally {
    stopProgress();
  }
  if (stream !== null) {
    const { name: file, bytesRead: bytes, isCompressed } = input;
    const bytesUncompressed = chosen.isDone ? null : stream.place.byteOffset;
    const lines = printer.end({ file, bytes, isCompressed, bytesUncompressed, error });
    await writeLines(io.out, lines);
  }
  if (error !== null) throw error instanceof DatabentoError ? named(input.name, error) : error;
  if (chosen.hint !== null) io.err.write(`rooney dbn: ${input.name}: ${chosen.hint}\n`);
}

async function printRecords(
  stream: DbnStream,
  { io, printer, chosen }: { readonly io: DbnIo; readonly printer: Printer; readonly chosen: ChosenRecords },
): Promise<void> {
  chosen.begin(stream.metadata);
  const lines = stream.collect((view) => {
    if (chosen.isDone) return null;
    const line = chosen.take(view) ? printer.record(view) : null;
    // The last one ends the reading, whether it is printed or not.
    return line ?? (chosen.isDone ? '' : null);
  });
  for await (const batch of lines) {
    if (!printer.isRefusing) await writeLines(io.out, batch);
    if (chosen.isDone) return;
  }
}

/** Writes lines at once, and waits for a reader that is slower. */
async function writeLines(out: DbnIo['out'], lines: readonly string[]): Promise<void> {
  const text = lines.filter((line) => line !== '').join('\n');
  if (text !== '' && !out.write(`${text}\n`)) await once(out, 'drain');
}

function named(name: string, error: DatabentoError): Error {
  return contractError(`${name}: ${error.message}`, { cause: error });
}
