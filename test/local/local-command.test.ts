import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { until } from './emulated-pump.ts';
import { csvBars, MINUTES, type StartedRun, startRun } from './local-run.ts';

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

describe('rooney local, used wrongly or on bad input', () => {
  test.each([
    [['--speed', 'fast'], 2, /--speed must be a number above 0, or max.*--once/s],
    [['--data', '/nowhere/bars.csv'], 1, /--data \/nowhere\/bars\.csv: there is no such file/],
    [['--live'], 1, /--live needs a Databento key/],
    [['--config', '/nowhere/dev.yml'], 1, /\/nowhere\/dev\.yml: cannot be read/],
  ])('%j', async (args, code, message) => {
    const { ended, text } = start(args);
    expect((await ended).code).toBe(code);
    expect(text.err).toMatch(message);
    expect(text.out).toBe('');
  });

  test('a file with a broken bar stops the run with its place, and nothing was traded from it', async () => {
    const broken = join(folder, 'broken.csv');
    writeFileSync(
      broken,
      csvBars((line, index) => (index === 12 ? line.replace('1671', '1600') : line)),
    );
    const { ended, text } = start(['--once', '--json', '--data', broken]);
    expect((await ended).code).toBe(1);
    expect(text.err).toMatch(/broken\.csv.*14/s);
    expect(text.out).toBe('');
  });
});

describe('rooney local, running', () => {
  test('prints one JSON object and nothing else on stdout', async () => {
    const { ended, text } = start(['--once', '--json', '--data', bars]);
    expect(await ended).toEqual({ code: 0, signal: null });
    expect(JSON.parse(text.out)).toMatchObject({ slices: MINUTES, bars: MINUTES, gaps: 0, trades: 0, openLanes: 0 });
  });

  test('stays up when the data have ended, at many times the speed of the market, and ends well', async () => {
    const { child, ended, text } = start(['--speed', '600', '--data', bars]);
    await until('the data have ended', () => text.out.includes('stays up'));
    expect(text.out).toMatch(new RegExp(`${MINUTES} slices \\(0 gaps\\), ${MINUTES} minute bars`));
    child.kill('SIGINT');
    expect(await ended).toEqual({ code: 0, signal: null });
  });
});
