import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MissingNeed, pythonEnvironment } from './python-environment.ts';

/**
 * `npm run test:peers`: the codec, the gateway simulator and the historical endpoint against the official Python
 * package of Databento. Arguments are words that test names must have; without any, everything is tested and the decode
 * rates are measured.
 */
const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = join(root, '.rooney/peers');

function main(args: readonly string[]): void {
  mkdirSync(folder, { recursive: true });
  const python = pythonEnvironment(folder, (line) => console.error(`test:peers: ${line}`));
  const env = {
    ...process.env,
    PYTHONDONTWRITEBYTECODE: '1',
    PEERS_NODE: process.execPath,
    PEERS_FOLDER: folder,
  };
  const child = spawn(python, [join(root, 'test/peers/main.py'), ...args], { cwd: root, stdio: 'inherit', env });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal ?? 'SIGTERM']));
}

try {
  main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof MissingNeed)) throw error;
  console.error(`test:peers: ${error.message}. Nothing was tested.`);
  process.exitCode = 1;
}
