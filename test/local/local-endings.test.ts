import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { until } from './emulated-pump.ts';
import {
  canSeeProcesses,
  childrenOf,
  csvBars,
  isRunning,
  type StartedRun,
  startCommand,
  startRun,
} from './local-run.ts';

let folder: string;
let bars: string;
const running: StartedRun[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rooney-local-'));
  bars = join(folder, 'bars.csv');
  writeFileSync(bars, csvBars());
});
afterEach(() => {
  for (const { child } of running.splice(0)) child.kill('SIGKILL');
});
afterAll(() => rmSync(folder, { recursive: true }));

function start(args: readonly string[]): StartedRun {
  const run = startRun(args);
  running.push(run);
  return run;
}

describe.skipIf(!canSeeProcesses)('rooney local, ended from outside', () => {
  test('ends everything and says 143 when it is told to by SIGTERM', async () => {
    const { child, ended, text } = start(['--speed', '1', '--data', bars]);
    await until('it is ready', () => text.out.includes('ready in'));
    const children = childrenOf(child.pid);
    expect(children).toHaveLength(2);
    // Twice, as when a terminal and the launcher both pass it on: that is still one wish.
    child.kill('SIGTERM');
    child.kill('SIGTERM');
    expect(await ended).toEqual({ code: 143, signal: null });
    expect(children.filter(isRunning)).toEqual([]);
  });

  test('says so, shows what was committed and ends when an emulator is killed under it', async () => {
    // At speed max somebody is always waiting for the system to come to rest, which it then never does.
    const { child, ended, text } = start(['--from', '2026-02-05']);
    await until('it is ready', () => text.out.includes('ready in'));
    const children = childrenOf(child.pid);
    const emulator = children.find((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('kinesis-child'));
    process.kill(emulator ?? 0, 'SIGKILL');
    expect(await ended).toEqual({ code: 1, signal: null });
    expect(text.err).toMatch(/an emulator is gone: kinesis-local ended with SIGKILL; start again\n$/);
    expect(text.out).toContain('minute bars');
    expect(children.filter(isRunning)).toEqual([]);
  });

  test('leaves nothing behind when it is killed without a word', async () => {
    const { child, ended, text } = start(['--speed', '1', '--data', bars]);
    await until('it is ready', () => text.out.includes('ready in'));
    const children = childrenOf(child.pid);
    expect(children).toHaveLength(2);
    child.kill('SIGKILL');
    await ended;
    await until('its children are gone', () => !children.some(isRunning));
  });

  test('leaves nothing behind when the npm that it was started through is told to end, and does not pass it on', async () => {
    const run = startCommand('npm', ['start', '--', '--speed', '1', '--data', bars]);
    running.push(run);
    await until('it is ready', () => run.text.out.includes('ready in'));
    const family = descendantsOf(run.child.pid);
    // The launcher, the supervisor and its two children, at least.
    expect(family.length).toBeGreaterThanOrEqual(4);
    run.child.kill('SIGTERM');
    await until('its family is gone', () => !family.some(isRunning));
  });
});

function descendantsOf(pid: number | undefined): number[] {
  return childrenOf(pid).flatMap((child) => [child, ...descendantsOf(child)]);
}
