import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { until } from '../emulated-pump.ts';

const parent = fileURLToPath(new URL('../fixtures/kinesis-parent.ts', import.meta.url));

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test('the Kinesis emulator does not outlive a parent that was killed without a word', async () => {
  const starter = spawn(process.execPath, [parent], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(starter.stdout.setEncoding('utf8'), 'data')) as [string];
  const pid = Number(line);
  expect(isRunning(pid)).toBe(true);
  starter.kill('SIGKILL');
  await until('the emulator is gone', () => !isRunning(pid));
});
