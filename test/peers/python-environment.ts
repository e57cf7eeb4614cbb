import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const requirementsPath = new URL('requirements.txt', import.meta.url).pathname;

/** What a machine without the needs of the tests is told; nothing was tested. */
export class MissingNeed extends Error {}

/**
 * Path of a Python that has exactly the packages of requirements.txt. It is made in `folder` once for each version of
 * Python and each state of that file, and used again when it was finished. Throws MissingNeed with what to do.
 */
export function pythonEnvironment(folder: string, say: (line: string) => void): string {
  const version = pythonVersion();
  const hash = createHash('sha256').update(version).update(readFileSync(requirementsPath)).digest('hex').slice(0, 12);
  const environment = join(folder, `python-${hash}`);
  const python = join(environment, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');
  // Written last: without it an earlier run was stopped half way.
  const finished = join(environment, 'finished');
  if (existsSync(finished)) return python;
  rmSync(environment, { recursive: true, force: true });
  say(`installing the official databento package for Python ${version} into ${environment} ...`);
  succeed('python3', ['-m', 'venv', environment], 'python3 cannot make a virtual environment; install its venv module');
  const pip = ['-m', 'pip', '--disable-pip-version-check', '--no-input', '--quiet'];
  const install = [...pip, 'install', '--only-binary', ':all:', '-r', requirementsPath];
  succeed(python, install, 'pip cannot install test/peers/requirements.txt; a package index must be reachable');
  succeed(python, [...pip, 'check'], 'the versions of test/peers/requirements.txt do not go together');
  writeFileSync(finished, '');
  return python;
}

/** Version of python3, as 3.11; throws when there is none or when it is too old for the package. */
function pythonVersion(): string {
  const program = 'import sys; print("%d.%d" % sys.version_info[:2])';
  const { status, stdout } = spawnSync('python3', ['-c', program], { encoding: 'utf8' });
  if (status !== 0) throw new MissingNeed('python3 is not on the PATH; install Python 3.10 or newer');
  const version = stdout.trim();
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > 3 || (major === 3 && minor >= 10)) return version;
  throw new MissingNeed(`python3 is version ${version}; install Python 3.10 or newer`);
}

function succeed(command: string, args: string[], complaint: string): void {
  const { status, error } = spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) throw new MissingNeed(error === undefined ? complaint : `${complaint} (${error.message})`);
}
