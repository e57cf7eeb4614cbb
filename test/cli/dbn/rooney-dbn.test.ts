import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';
import { bar, madeDbn } from './made-dbn.ts';

const rooney = fileURLToPath(new URL('../../../cli/rooney.mjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'rooney-dbn-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

const path = join(folder, 'bars.dbn');
const bars = madeDbn(Array.from({ length: 20_000 }, (_, minute) => bar(minute)));
writeFileSync(path, bars);

describe('the rooney command', () => {
  test('a reader that has seen enough ends it quietly', async () => {
    const pipe = `node '${rooney}' dbn --json '${path}' | head -n 2`;
    const { stdout, stderr } = await promisify(execFile)('bash', ['-o', 'pipefail', '-c', pipe]);
    expect(stdout.trimEnd().split('\n')).toHaveLength(2);
    expect(stderr).toBe('');
  });

  test('decodes into a pipe what it encodes again from one', async () => {
    const made = join(folder, 'made.dbn');
    const pipe = `node '${rooney}' dbn --json --metadata < '${path}' | node '${rooney}' dbn encode --out '${made}'`;
    await promisify(execFile)('bash', ['-o', 'pipefail', '-c', pipe]);
    expect(readFileSync(made).equals(bars)).toBe(true);
  });

  test('Ctrl-C while it encodes leaves nothing behind', async () => {
    const made = join(folder, 'interrupted.dbn');
    const args = [rooney, 'dbn', 'encode', '--dataset', 'GLBX.MDP3', '--out', made];
    const child = spawn('node', args, { stdio: ['pipe', 'ignore', 'ignore'] });
    const isWorking = (): boolean => readdirSync(folder).some((name) => name.startsWith('.rooney-dbn-'));
    while (!isWorking()) await new Promise((resolve) => setTimeout(resolve, 20));
    child.kill('SIGINT');
    const [exitCode] = await once(child, 'exit');
    expect(exitCode).toBe(130);
    expect(isWorking() || existsSync(made)).toBe(false);
  });
});
