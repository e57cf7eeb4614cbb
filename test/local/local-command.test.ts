import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { generatorFeed } from '#adapters/generator/generator-feed.ts';
import { loadConfig } from '#config/load.ts';
import { MINUTE_MS } from '#core/market/timeframe.ts';
import { collected } from '../adapters/collected.ts';
import { KEY, startSimulators } from '../adapters/databento/simulated-feed.ts';
import { calendar, utc } from '../core/market/feed-events.ts';
import { until } from './emulated-pump.ts';
import { csvBars, MINUTES, type StartedRun, startRun } from './local-run.ts';

const { universe } = loadConfig('config/dev.yml').market;
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

function start(args: readonly string[], env: Readonly<Record<string, string>> = {}): StartedRun {
  const run = startRun(args, env);
  running.push(run);
  return run;
}

describe('rooney local, used wrongly or on bad input', () => {
  test.each([
    [['--speed', 'fast'], 2, /--speed must be a number above 0, or max.*--once/s],
    [['--data', '/nowhere/bars.csv'], 1, /--data \/nowhere\/bars\.csv: there is no such file/],
    [['--live', '--data', 'bars.csv'], 2, /--live takes what comes now/],
    [['--config', '/nowhere/dev.yml'], 1, /\/nowhere\/dev\.yml: cannot be read/],
  ])('%j', async (args, code, message) => {
    const { ended, text } = start(args);
    expect((await ended).code).toBe(code);
    expect(text.err).toMatch(message);
    expect(text.out).toBe('');
  });

  test('--live without a key says what to set', async () => {
    const { ended, text } = start(['--live'], { DATABENTO_API_KEY: '' });
    expect((await ended).code).toBe(1);
    expect(text.err).toMatch(/--live needs a Databento key: set DATABENTO_API_KEY/);
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

  test('with --live announces what a gateway at another address brings, and ends well when it is told to', async () => {
    const session = { seed: 1, universe, firstTradeDate: '2026-02-05', sessions: 2, calendar };
    const events = await collected(generatorFeed(session).events());
    // A market that goes much faster than time, seven hours before the close of its second session.
    const gateway = { pace: 300, endWithSource: false } as const;
    const startMs = utc('2026-02-06T15:00');
    const simulators = await startSimulators({ events, universe, startMs, gateway });
    const marketMs = () => Number(simulators.gateway.clock.now() / 1_000_000n);
    const { child, ended, text } = start(['--live'], {
      DATABENTO_API_KEY: KEY,
      DATABENTO_GATEWAY: `127.0.0.1:${simulators.gateway.port}`,
      DATABENTO_HISTORICAL_URL: simulators.historicalUrl,
    });
    try {
      await until('it is ready', () => text.out.includes('ready in'));
      const readyMs = marketMs();
      await until('ten more minutes of the market', () => marketMs() > readyMs + 10 * MINUTE_MS);
      child.kill('SIGINT');
      expect(await ended).toEqual({ code: 0, signal: null });
    } finally {
      await simulators.stop();
    }
    const slices = Number(/(\d+) slices \(0 gaps\)/.exec(text.out)?.[1]);
    expect(slices).toBeGreaterThan(0);
    // Nothing of the day before 15:00 was announced.
    expect(slices).toBeLessThanOrEqual(7 * 60);
    expect(text.out + text.err).not.toContain(KEY);
  });

  test('stays up when the data have ended, at many times the speed of the market, and ends well', async () => {
    const { child, ended, text } = start(['--speed', '600', '--data', bars]);
    await until('the data have ended', () => text.out.includes('stays up'));
    expect(text.out).toMatch(new RegExp(`${MINUTES} slices \\(0 gaps\\), ${MINUTES} minute bars`));
    child.kill('SIGINT');
    expect(await ended).toEqual({ code: 0, signal: null });
  });
});
