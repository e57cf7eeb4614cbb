import { rmSync } from 'node:fs';
import { mkdtemp, realpath, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { contractError } from '#core/errors.ts';

const exitCodes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** Works in a folder that is gone when the work is done or has failed, or when the process is ended by a signal. */
export async function withTemporaryFolder<T>(beside: string | null, work: (folder: string) => Promise<T>): Promise<T> {
  // A file is renamed only within its file system, so what becomes one is made beside it.
  const folder = await mkdtemp(join(beside === null ? tmpdir() : dirname(beside), '.rooney-dbn-'));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  const names = Object.keys(exitCodes) as (keyof typeof exitCodes)[];
  const interrupt = (name: keyof typeof exitCodes): never => process.exit(exitCodes[name]);
  process.on('exit', remove);
  for (const name of names) process.on(name, interrupt);
  try {
    return await work(folder);
  } finally {
    for (const name of names) process.off(name, interrupt);
    process.off('exit', remove);
    remove();
  }
}

/** The file that a path leads to, which need not exist yet. Throws when it cannot be replaced by a file. */
export async function targetFile(path: string): Promise<string> {
  const found = await stat(path).catch(() => null);
  if (found === null) return path;
  if (!found.isFile()) throw contractError(`--out ${path} is not a file; name one, or leave --out away for a pipe`);
  return await realpath(path);
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such folder; make it first',
  ENOTDIR: 'its folder is a file; name another',
  EACCES: 'the folder may not be written to; check its permissions',
  EROFS: 'the folder is on a read-only file system; name another',
  ENOSPC: 'no space is left on the disk; free some and start again',
};

/** What to say when a file, or the temporary file before standard output, cannot be written. */
export function cannotWrite(path: string | null, error: unknown): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === undefined) return error;
  return contractError(`${path ?? `a file in ${tmpdir()}`} cannot be written: ${reasons[code] ?? message}`, {
    cause: error,
  });
}
