import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { CSV_COLUMNS } from '#adapters/files/csv-bars.ts';
import { fileFeed } from '#adapters/files/file-feed.ts';
import { generatorFeed } from '#adapters/generator/generator-feed.ts';
import { calendar, utc } from '../core/market/feed-events.ts';
import { barFeedContract } from './bar-feed-contract.ts';
import { collected } from './collected.ts';
import { type SimulatedFeed, simulatedFeed } from './databento/simulated-feed.ts';

const universe = ['ES', 'ZC'];
const generator = () => generatorFeed({ seed: 7, universe, firstTradeDate: '2014-03-05', sessions: 2, calendar });
const folder = mkdtempSync(join(tmpdir(), 'rooney-feeds-'));
const simulated: SimulatedFeed[] = [];
afterAll(async () => {
  rmSync(folder, { recursive: true });
  for (const one of simulated) await one.stop();
});

barFeedContract('generator', universe, async () => generator());

barFeedContract('file', universe, async () => {
  const path = join(folder, 'bars.csv');
  const lines = (await collected(generator().events())).flatMap((event) => {
    if (event.kind !== 'bar') return [];
    const { root, contract, openTimeMs, open, high, low, close, volume } = event.bar;
    return [new Date(openTimeMs).toISOString(), root, contract, open, high, low, close, volume].join();
  });
  writeFileSync(path, `${[CSV_COLUMNS, ...lines].join('\n')}\n`);
  return fileFeed({ path, calendar, universe });
});

barFeedContract('Databento', universe, async () => {
  const events = await collected(generator().events());
  const started = await simulatedFeed({ events, universe, startMs: utc('2014-03-06T03:00') });
  simulated.push(started);
  return started.feed;
});
