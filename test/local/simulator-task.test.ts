import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, expect, test } from 'vitest';
import { openDatabentoFeed } from '#adapters/databento/databento-feed.ts';
import { MINUTE_MS } from '#core/market/timeframe.ts';
import { KEY } from '../adapters/databento/simulated-feed.ts';
import { calendar } from '../core/market/feed-events.ts';
import { until } from './emulated-pump.ts';

let child: ReturnType<typeof spawn> | null = null;
afterEach(() => {
  child?.kill('SIGKILL');
});

test('the simulator beside a deployed ingest service lives in the present, with the history that the service asks for', async () => {
  const universe = ['ES', '6E'];
  const env = { UNIVERSE: universe.join(), GATEWAY_KEY: `${KEY}\n`, LIVE_PORT: '0', HISTORICAL_PORT: '0' };
  const task = spawn(process.execPath, ['local/simulator-task.ts'], { stdio: ['ignore', 'pipe', 'inherit'], env });
  child = task;
  let said = '';
  task.stdout.setEncoding('utf8').on('data', (piece: string) => {
    said += piece;
  });
  await until('it has said where it is', () => said.includes('\n'));
  const { host, port, historicalUrl } = JSON.parse(said) as { host: string; port: number; historicalUrl: string };
  const stop = new AbortController();
  const feed = await openDatabentoFeed({
    ...{ key: KEY, dataset: 'GLBX.MDP3', universe, calendar, host, port, historicalUrl },
    ...{ historySessions: 3, historyUsdMax: 1, signal: stop.signal, onLog: () => undefined },
    // The seam to what is new is reached without waiting for the next minute.
    onLive: () => stop.abort(),
  });
  const nowMs = Date.now();
  expect(feed.history.toMs).toBeGreaterThan(nowMs - 10 * MINUTE_MS);
  expect(feed.history.toMs).toBeLessThanOrEqual(nowMs);
  let bars = 0;
  for await (const { kind } of feed.events()) if (kind === 'bar') bars += 1;
  expect(bars).toBeGreaterThan(3_000);
  expect(said).not.toContain(KEY);
  task.kill('SIGTERM');
  expect(await once(task, 'exit')).toEqual([0, null]);
});
