import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { fileFeed } from '#adapters/files/file-feed.ts';
import { generatorFeed } from '#adapters/generator/generator-feed.ts';
import { kindOf } from '#core/errors.ts';
import type { FeedEvent } from '#core/market/feed.ts';
import { MINUTE_MS } from '#core/market/timeframe.ts';
import { calendar, covered, minuteBar, unknown, utc } from '../../core/market/feed-events.ts';
import { collected } from '../collected.ts';
import { KEY, type SimulatedFeed, simulatedFeed } from './simulated-feed.ts';

const csv = fileURLToPath(new URL('../../../../shared/data/market/es-minute-2013-2020.csv', import.meta.url));

const running: SimulatedFeed[] = [];
afterEach(async () => {
  for (const one of running.splice(0)) await one.stop();
});

type Wanted = Parameters<typeof simulatedFeed>[0];

async function start(simulated: Wanted): Promise<SimulatedFeed> {
  const started = await simulatedFeed(simulated);
  running.push(started);
  return started;
}

/** The replay begins so long before the end of history. */
const OVERLAP_MS = 60 * MINUTE_MS;

/** The events as the feed should tell them when it is opened at an instant: presumed up to its replay, then proved. */
function graded(events: readonly FeedEvent[], startMs: number, overlapMs = OVERLAP_MS): FeedEvent[] {
  const grade = (closeTimeMs: number) => (closeTimeMs > startMs - overlapMs ? 'proved' : 'presumed');
  return events.map((event) => (event.kind === 'closed' ? { ...event, grade: grade(event.closeTimeMs) } : event));
}

/** Two generated sessions; the second opens at 23:00 UTC of 2014-03-05. */
const universe = ['ES', '6E', 'ZC'];
const OPEN = '2014-03-05T23:00';
const generated = (seed: number): Promise<FeedEvent[]> =>
  collected(generatorFeed({ seed, universe, firstTradeDate: '2014-03-05', sessions: 2, calendar }).events());
const made = await generated(5);

describe('the feed of Databento over its simulators', () => {
  test('tells history presumed and the live session proved, without a seam, in the middle of a session', async () => {
    const startMs = utc('2014-03-06T15:00');
    const { feed, log } = await start({ events: made, universe, startMs });
    expect(feed.history).toEqual({ fromMs: utc('2014-03-04T23:00'), toMs: startMs });
    const told: FeedEvent[] = [];
    let liveFromMs: number | null = null;
    for await (const event of feed.events()) {
      told.push(event);
      if (feed.isLive && event.kind === 'closed') liveFromMs ??= event.closeTimeMs;
    }
    expect(told).toEqual(graded(made, startMs));
    // What the market had before the feed was opened is not new; the minute in progress is.
    expect(liveFromMs).toBe(startMs + MINUTE_MS);
    expect(log.filter((line) => line === 'live')).toHaveLength(1);
    expect(feed.unused()).toEqual({ setAside: 0, notOutrights: 0, faulty: 0, unnamed: 0 });
  });

  test('is the feed that the gateway was fed with, however often the connection is cut, and wherever', async () => {
    let cuts = 0;
    const cases = fc.record({ seed: fc.nat(1_000), chunkBytes: fc.constantFrom(null, 7, 1000) });
    await fc.assert(
      fc.asyncProperty(cases, async ({ seed, chunkBytes }) => {
        const events = await generated(seed);
        const faults = { eof: 0.0008, reset: 0.0008, duplicate: 0.01, unknown: 0.01 };
        const gateway = { seed, faults, chunkBytes };
        const { feed, log, stop } = await start({ events, universe, startMs: utc(OPEN), gateway });
        expect(await collected(feed.events())).toEqual(graded(events, utc(OPEN)));
        cuts += log.filter((line) => line === 'warn Databento: disconnected').length - 1;
        await stop();
      }),
      { numRuns: 3 },
    );
    expect(cuts).toBeGreaterThan(0);
  });

  test('keeps outrights only, though spreads come under the same parents', async () => {
    const { feed } = await start({ events: made, universe, startMs: utc(OPEN), spreads: true });
    expect(await collected(feed.events())).toEqual(graded(made, utc(OPEN)));
    expect(feed.unused().notOutrights).toBeGreaterThan(100);
  });

  test('leaves holes where markers are missing and nothing came, and never loses a late bar without a word', async () => {
    const gateway = { faults: { late: 0.02, 'missing-marker': 0.05 } };
    const { feed, log } = await start({ events: made, universe, startMs: utc(OPEN), gateway });
    const told = await collected(feed.events());
    const bars = (events: readonly FeedEvent[]) => events.filter(({ kind }) => kind === 'bar').length;
    const { setAside } = feed.unused();
    expect(setAside).toBeGreaterThan(0);
    expect(bars(told) + setAside).toBe(bars(made));
    expect(log.filter((line) => line === 'warn bar set aside: late')).toHaveLength(setAside);
    const grades = new Set(told.flatMap((event) => (event.kind === 'closed' ? event.grade : [])));
    expect(grades).toEqual(new Set(['presumed', 'proved']));
  });

  test('without history begins at the end of what is available', async () => {
    const feed = { historySessions: 0 };
    const opened = await start({ events: made, universe, startMs: utc(OPEN), feed });
    const told = await collected(opened.feed.events());
    expect(told[0]).toMatchObject({ kind: 'bar', bar: { openTimeMs: utc(OPEN) } });
  });

  test('fills from history what the gateway no longer replays', async () => {
    const startMs = utc('2014-03-06T15:00');
    const { feed } = await start({ events: made, universe, startMs, gateway: { replayWindowS: 600 } });
    expect(await collected(feed.events())).toEqual(graded(made, startMs, 0));
  });

  test('tells of a hole across the seam once, and of the one at the end', async () => {
    const bars = ['2014-03-05T09:55', '2014-03-05T10:00', '2014-03-06T10:00'].map((at) => minuteBar('ESH2014', at));
    const events = [
      ...covered(['equity-index'], ['2014-03-05T09:55', '2014-03-05T10:01'], bars.slice(0, 2)),
      unknown('2014-03-05T10:01', '2014-03-06T10:00'),
      ...covered(['equity-index'], ['2014-03-06T10:00', '2014-03-06T10:30'], bars.slice(2)),
      unknown('2014-03-06T10:30', '2014-03-06T22:15'),
    ];
    const { feed } = await start({ events, universe: ['ES'], startMs: utc(OPEN) });
    const gaps = (await collected(feed.events())).filter(({ kind }) => kind === 'gap');
    expect(gaps).toEqual(events.filter(({ kind }) => kind === 'gap'));
  });

  test('does not come back to a gateway that has said everything, however slowly it is read', async () => {
    const events = covered(['equity-index'], ['2014-03-05T23:00', '2014-03-05T23:30']);
    const { feed, log } = await start({ events, universe: ['ES'], startMs: utc(OPEN), feed: { historySessions: 0 } });
    for await (const event of feed.events()) {
      expect(event).toMatchObject({ grade: 'proved' });
      // Longer than until the next connection would be made.
      if (log.includes('warn Databento: disconnected')) await sleep(20);
    }
    expect(log.filter((line) => line === 'info Databento: connecting')).toHaveLength(1);
  });

  test.skipIf(!existsSync(csv))(
    'tells the real ES minutes of 2013 to 2020, holes and all (needs ../shared/data)',
    async () => {
      const startMs = utc('2013-10-08T22:00');
      const events = await collected(fileFeed({ path: csv, calendar, universe: ['ES'] }).events());
      const { feed } = await start({ events, universe: ['ES'], startMs, feed: { historySessions: 9 } });
      expect(await collected(feed.events())).toEqual(graded(events, startMs));
      // A week without holes; at full speed a cut beside one would lie further back than the gateway replays.
      const week = events.slice(
        0,
        events.findIndex((event) => event.kind === 'gap'),
      );
      const gateway = { faults: { eof: 0.001 } };
      const cut = await start({ events: week, universe: ['ES'], startMs, gateway, feed: { historySessions: 9 } });
      expect(await collected(cut.feed.events())).toEqual(graded(week, startMs));
      expect(cut.log.filter((line) => line === 'info Databento: connecting').length).toBeGreaterThan(1);
    },
  );
});

describe('a start that cannot be', () => {
  const refused = async (simulated: Partial<Wanted>): Promise<Error> => {
    try {
      const { feed } = await start({ events: made, universe, startMs: utc(OPEN), ...simulated });
      await collected(feed.events());
    } catch (error) {
      return error as Error;
    }
    throw new Error('the feed was opened');
  };

  test('for history that costs too much says what it costs and what to change, and gets nothing', async () => {
    const error = await refused({ usdPerGigabyte: 10_000, feed: { historyUsdMax: 0.5 } });
    expect(kindOf(error)).toBe('contract');
    expect(error.message).toMatch(/HISTORY_USD_MAX .* quoted at \$[\d.]+ .* ingest\.historyUsdMax/s);
  });

  test('with a key that is not known is refused for good, and the key is in no word of it', async () => {
    const key = 'db-anotherapikey12345678901EEEEE';
    const error = await refused({ feed: { key } });
    expect(kindOf(error)).toBe('contract');
    expect(`${error.message} ${error.stack}`).not.toContain(key);
    const { log } = await start({ events: made, universe, startMs: utc(OPEN) });
    expect(log.join()).not.toContain(KEY);
  });
});
