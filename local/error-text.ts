import { kindOf } from '#core/errors.ts';

const CANNOT_WRITE = ['EACCES', 'EROFS', 'EPERM', 'EEXIST', 'ENOTDIR'];

/** What went wrong, for the person at the terminal; an error that explains itself comes without its place in the code. */
export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code, message, path, stack } = error as NodeJS.ErrnoException;
  const place = path ?? 'the folder .rooney';
  if (code === 'ENOSPC') return `no space is left on the disk to write ${place}; free some and start again`;
  if (code !== undefined && CANNOT_WRITE.includes(code)) {
    return `${place} cannot be written (${code}); logs and the cache go there, so make the folder writable`;
  }
  if (code === 'EADDRINUSE') return `a port is already in use: ${message}`;
  return kindOf(error) === 'invariant' && code === undefined ? (stack ?? message) : message;
}
