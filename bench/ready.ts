import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { against } from './statistics.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** How long the command takes until the system is ready, with and without a cached template. */
export async function ready(): Promise<string[]> {
  rmSync(`${root}.rooney/cache`, { recursive: true, force: true });
  const first = await secondsToReady();
  const cached = await secondsToReady();
  return [
    against('start to ready, nothing cached', first, { unit: 's', bound: 15 }),
    against('start to ready, template cached', cached, { unit: 's', bound: 5 }),
  ];
}

/** Wall seconds from the start of the launcher to the line that says ready; the run is ended there. */
async function secondsToReady(): Promise<number> {
  const startedMs = performance.now();
  const child = spawn(process.execPath, ['cli/rooney.mjs', 'local', '--once'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let said = '';
  for await (const chunk of child.stdout) {
    said += String(chunk);
    if (said.includes('ready in')) break;
  }
  const seconds = (performance.now() - startedMs) / 1000;
  child.kill('SIGTERM');
  await new Promise((resolve) => child.once('exit', resolve));
  if (!said.includes('ready in')) throw new Error(`the local run did not become ready; it said: ${said}`);
  return seconds;
}
