import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { FeedEvent } from '#core/market/feed.ts';
import { eventsThrough, type MarketSpec, openMarketData } from '#local/market-data.ts';
import { collected } from '../adapters/collected.ts';
import { calendar, covered, unknown, utc } from '../core/market/feed-events.ts';
import { csvBars, MINUTES } from './local-run.ts';

const folder = mkdtempSync(join(tmpdir(), 'rooney-market-'));
const path = join(folder, 'bars.csv');
writeFileSync(path, csvBars());
afterAll(() => rmSync(folder, { recursive: true }));

const open = (spec: MarketSpec, universe: readonly string[] = ['ES']) => openMarketData(spec, { calendar, universe });
const file = { kind: 'file', path, from: null, to: null } as const;
const generator = { kind: 'generator', seed: 1, from: '2026-02-05', to: null, sessions: 1 } as const;

describe('recorded bars', () => {
  test('are announced from their beginning on, without history', async () => {
    const market = await open(file);
    expect(market).toMatchObject({ startMs: utc('2013-10-07T14:00'), historySessions: 0 });
    expect((await collected(market.events())).filter(({ kind }) => kind === 'bar')).toHaveLength(MINUTES);
    expect(market.endMs()).toBe(utc('2013-10-07T14:20'));
    expect(market.setAsideBars()).toBe(0);
    expect(market.isHoled('2013-10-07')).toBe(false);
  });

  test('before the first trade date are history, however many they are', async () => {
    const { startMs, historySessions } = await open({ ...file, from: '2013-10-09' });
    expect(startMs).toBe(utc('2013-10-08T22:00'));
    expect(historySessions).toBeGreaterThan(1_000);
    expect(await open({ ...file, from: '2013-10-01' })).toMatchObject({ historySessions: 0 });
  });

  test('without a session up to the last trade date are refused', async () => {
    await expect(open({ ...file, to: '2013-10-04' })).rejects.toThrow(/nothing to announce: .*bars\.csv .* 2013-10-04/);
  });
});

describe('generated bars', () => {
  test('have three sessions of history before the ones asked for', async () => {
    const market = await open(generator, ['ES', 'ZC']);
    expect(market).toMatchObject({ startMs: utc('2026-02-04T23:00'), historySessions: 3 });
    const events = await collected(market.events());
    expect(events[0]).toMatchObject({ bar: { openTimeMs: utc('2026-02-01T23:00') } });
    expect(market.endMs()).toBe(utc('2026-02-05T22:00'));
  });

  test('are as many sessions as lie between the first and the last trade date', async () => {
    const market = await open({ ...generator, to: '2026-02-09' });
    await collected(market.events());
    expect(market.endMs()).toBe(utc('2026-02-09T22:00'));
  });
});

describe('the events up to a trade date', () => {
  const events = [
    ...covered(['equity-index'], ['2014-03-04T23:00', '2014-03-05T23:02']),
    unknown('2014-03-05T23:02', '2014-03-11T15:00'),
  ];
  async function* all(): AsyncGenerator<FeedEvent> {
    yield* events;
  }

  test('end with its session, and a gap is cut there', async () => {
    const through = async (date: string) =>
      (await collected(eventsThrough(all(), date, { calendar, universe: ['ES'] }))).at(-1);
    expect(await through('2014-03-05')).toMatchObject({ closeTimeMs: utc('2014-03-05T22:15') });
    expect(await through('2014-03-06')).toEqual(unknown('2014-03-05T23:02', '2014-03-06T22:15'));
    // A Saturday ends with the session of its Friday.
    expect(await through('2014-03-08')).toEqual(unknown('2014-03-05T23:02', '2014-03-07T22:15'));
  });
});
