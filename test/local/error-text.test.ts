import { expect, test } from 'vitest';
import { contractError } from '#core/errors.ts';
import { errorText } from '#local/error-text.ts';

function systemError(code: string, path?: string): Error {
  return Object.assign(new Error(`${code}: it says`), { code, path });
}

test.each([
  ['a full disk', systemError('ENOSPC', '/r/.rooney/local/x.log'), /no space .* \/r\/\.rooney\/local\/x\.log/],
  [
    'a folder in a read-only one',
    Object.assign(systemError('ENOENT', '/r/.rooney'), { syscall: 'mkdir' }),
    /\/r\/\.rooney cannot be written \(ENOENT\)/,
  ],
  ['a folder that cannot be written', systemError('EROFS', '/r/.rooney'), /\/r\/\.rooney cannot be written \(EROFS\)/],
  ['a port that is taken', systemError('EADDRINUSE'), /port is already in use/],
  [
    'input that was refused',
    contractError('bars.csv, line 7: high is below low'),
    /^bars\.csv, line 7: high is below low$/,
  ],
  ['our own mistake, with its place in the code', new Error('broken'), /error-text\.test\.ts/],
])('says so: %s', (_name, error, message) => {
  expect(errorText(error)).toMatch(message);
});
