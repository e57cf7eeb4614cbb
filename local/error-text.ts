import { kindOf } from '#core/errors.ts';

const CANNOT_WRITE = ['EACCES', 'EROFS', 'EPERM', 'EEXIST', 'ENOTDIR'];

/**
 * What went wrong, for the person at the terminal; an error that explains itself comes without its place in the code.
 * `folder` is where files were being written, for errors of the system that do not say it.
 */
export function errorText(error: unknown, folder = 'the folder .rooney'): string {
  if (!(error instanceof Error)) return String(error);
  const { code, message, path, stack, syscall } = error as NodeJS.ErrnoException;
  const place = path ?? folder;
  if (code === 'ENOSPC') return `no space is left on the disk to write ${place}; free some and start again`;
  // Making a folder in a read-only one reports that the parent is absent.
  if (code !== undefined && (CANNOT_WRITE.includes(code) || (code === 'ENOENT' && syscall === 'mkdir'))) {
    return `${place} cannot be written (${code}); logs and the cache go there, so make the folder writable`;
  }
  if (code === 'EADDRINUSE') return `a port is already in use: ${message}`;
  return kindOf(error) === 'invariant' && code === undefined ? (stack ?? message) : message;
}
