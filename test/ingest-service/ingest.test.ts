import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fileFeed } from '#adapters/files/file-feed.ts';
import { generatorFeed } from '#adapters/generator/generator-feed.ts';
import { memoryBarHistory } from '#adapters/memory/bar-history.ts';
import { memorySliceLog } from '#adapters/memory/slice-log.ts';
import type { KnownBar } from '#core/market/bar.ts';
import type { FeedEvent } from '#core/market/feed.ts';
import { compareRevisions } from '#core/market/root-bars.ts';
import type { Gap, Slice } from '#core/market/slice.ts';
import { makeSlicer } from '#core/market/slicing.ts';
import { tradeDateOpenMs } from '#core/market/trade-date.ts';
import { windowOf } from '#core/market/window.ts';
import { ingest } from '#ingest-service/ingest.ts';
import type { IngestMessage } from '#ingest-service/messages.ts';
import { collected } from '../adapters/collected.ts';
import { emptySlice } from '../adapters/slice-log-contract.ts';
import { calendar, covered, minuteBar, sliceAt, unknown, utc } from '../core/market/feed-events.ts';

const csv = fileURLToPath(new URL('../../../shared/data/market/es-minute-2013-2020.csv', import.meta.url));

async function* each(events: readonly FeedEvent[]): AsyncGenerator<FeedEvent> {
  yield* events;
}

/** Ingests ES into memory and keeps, in order, everything that was done and said. */
async function run(
  events: AsyncIterable<FeedEvent>,
  {
    from = null,
    startMs = 0,
    universe = ['ES'],
    slicesMax = Number.POSITIVE_INFINITY,
    stored = [] as Slice[],
  }: {
    from?: string | null;
    /** What closes up to then is history, if no trade date says more. */
    startMs?: number;
    universe?: readonly string[];
    slicesMax?: number;
    stored?: readonly Slice[];
  } = {},
) {
  const openMs = from === null ? startMs : tradeDateOpenMs(calendar, universe, from);
  const sliceLog = memorySliceLog();
  const history = memoryBarHistory({ sliceLog });
  for (const slice of stored) await sliceLog.put(slice);
  const done: string[] = [];
  const slices: Slice[] = [];
  const messages: IngestMessage[] = [];
  const counts = await ingest({
    events,
    slicer: makeSlicer({ universe, calendar, source: 'file', isHistory: (closeTimeMs) => closeTimeMs <= openMs }),
    history: {
      ...history,
      write(bars, knownAtMs) {
        done.push('bars');
        return history.write(bars, knownAtMs);
      },
      writeSessions(sessions) {
        if (sessions.length > 0) done.push('sessions');
        return history.writeSessions(sessions);
      },
    },
    sliceLog: {
      ...sliceLog,
      put(slice) {
        done.push('slice');
        return sliceLog.put(slice);
      },
    },
    stream: {
      async announce(slice) {
        done.push('announcement');
        slices.push(slice);
      },
      lastSequenceNumber: () => String(slices.length),
    },
    pace: async () => slices.length < slicesMax,
    clock: { now: () => 7, monotonic: () => 7 },
    onReady: () => done.push('ready'),
    report: (message) => messages.push(message),
    signal: new AbortController().signal,
  });
  return { counts, done, slices, messages, history, sliceLog };
}

describe('ingesting', () => {
  const wednesday = covered(
    ['equity-index'],
    ['2014-03-04T23:00', '2014-03-05T23:00'],
    [minuteBar('ESH2014', '2014-03-05T15:00')],
  );
  const thursday = covered(
    ['equity-index'],
    ['2014-03-05T23:00', '2014-03-05T23:02'],
    [minuteBar('ESH2014', '2014-03-05T23:00')],
  );

  test('stores bars, then the slice, then announces it, and closed sessions before the slice that follows them', async () => {
    const { done, messages, counts } = await run(each([...wednesday, ...thursday]), { from: '2014-03-06' });
    expect(done).toEqual(['sessions', 'ready', 'bars', 'slice', 'announcement', 'bars', 'slice', 'announcement']);
    const closeTimeMs = utc('2014-03-05T23:01');
    expect(messages.slice(0, 1)).toEqual([
      { type: 'announced', closeTimeMs, sequence: '1', gap: false, bars: 1, wallMs: 7 },
    ]);
    expect(counts).toEqual({ slices: 2, gaps: 0, bars: 2, setAside: 0, isComplete: true });
  });

  test('announces the slice that is stored when another ingester was first', async () => {
    const theirs = emptySlice('2014-03-05T23:01', { source: 'theirs' });
    const { slices } = await run(each([...wednesday, ...thursday]), { from: '2014-03-06', stored: [theirs] });
    expect(slices.map(({ source }) => source)).toEqual(['theirs', 'file']);
  });

  test('again over the same events announces the same', async () => {
    const first = await run(each([...wednesday, ...thursday]));
    const second = await run(each([...wednesday, ...thursday]), { stored: first.slices });
    expect(second.slices).toEqual(first.slices);
  });

  test('stops between two slices when it is told to, with the last one announced', async () => {
    const { counts, done } = await run(each(wednesday), { slicesMax: 2 });
    expect(counts).toMatchObject({ slices: 2, isComplete: false });
    expect(done).toEqual(['ready', 'bars', 'slice', 'announcement', 'bars', 'slice', 'announcement']);
  });

  test('records the gaps of history, which no slice tells of', async () => {
    const { sliceLog } = await run(each([...wednesday, unknown('2014-03-05T23:00', '2014-03-06T00:00')]), {
      from: '2014-03-07',
    });
    expect(await sliceLog.gaps(0, utc('2014-03-07T00:00'))).toEqual([
      { fromMs: utc('2014-03-05T23:00'), toMs: utc('2014-03-06T00:00'), minutes: 60 },
    ]);
  });
});

describe('generated sessions', () => {
  const options = { universe: ['ES', '6E'], firstTradeDate: '2014-03-04', sessions: 2, calendar };

  test('do not change up to an instant whatever comes after it', async () => {
    const events = await collected(generatorFeed({ seed: 1, ...options }).events());
    const whole = await run(each(events), { universe: options.universe });
    await fc.assert(
      fc.asyncProperty(fc.nat(events.length), async (count) => {
        const cut = await run(each(events.slice(0, count)), { universe: options.universe });
        expect(cut.slices).toEqual(whole.slices.slice(0, cut.slices.length));
      }),
      { numRuns: 5 },
    );
  });

  test('read from storage give the windows that the slices themselves give', async () => {
    const { slices, history } = await run(generatorFeed({ seed: 2, ...options }).events(), {
      universe: options.universe,
    });
    const request = { root: 'ES', contract: slices.at(-1)?.leads.ES ?? '', timeframe: '1h', lookback: 20 } as const;
    const known: KnownBar[] = slices
      .flatMap((slice) => slice.bars.map((bar) => ({ ...bar, knownAtMs: slice.closeTimeMs })))
      .filter(({ contract, timeframe }) => contract === request.contract && timeframe === request.timeframe)
      .sort(compareRevisions);
    for (const slice of slices.filter((_, index) => index % 97 === 0)) {
      const read = await history.window(request, slice.closeTimeMs);
      expect(read).toEqual(windowOf(request, { bars: known, gaps: [] }, slice.closeTimeMs));
    }
  });
});

describe.skipIf(!existsSync(csv))('the real ES minutes of 2013 to 2020 (needs ../shared/data)', async () => {
  const { slices, counts, history, sliceLog } = existsSync(csv)
    ? await run(fileFeed({ path: csv, calendar, universe: ['ES'] }).events())
    : await run(each([]));
  const lead = (close: string) => sliceAt(slices, close).leads.ES ?? null;

  test('have no lead in the first session and ESZ2013 from 2013-10-07 17:00 Chicago', () => {
    expect(slices[0]?.closeTimeMs).toBe(utc('2013-10-06T22:01'));
    const first = slices.filter(({ closeTimeMs }) => closeTimeMs <= utc('2013-10-07T21:15'));
    expect(first).toHaveLength(1_380);
    expect(first.every(({ leads }) => Object.keys(leads).length === 0)).toBe(true);
    expect(lead('2013-10-07T22:01')).toBe('ESZ2013');
    expect(lead('2013-10-11T21:15')).toBe('ESZ2013');
  });

  test('lead with ESH2014 from 2013-12-18 17:00 Chicago, and with nobody on 2013-12-20', () => {
    expect(lead('2013-12-18T22:15')).toBeNull();
    expect(lead('2013-12-18T23:01')).toBe('ESH2014');
    expect(lead('2013-12-18T23:59')).toBe('ESH2014');
    const inSession = slices.filter(
      ({ closeTimeMs }) => closeTimeMs > utc('2013-12-19T23:00') && closeTimeMs <= utc('2013-12-20T22:15'),
    );
    expect(inSession.length).toBeGreaterThan(1_000);
    expect(inSession.every(({ leads }) => leads.ES === undefined)).toBe(true);
  });

  test('begun at any minute give the windows that they would have given from the start', async () => {
    const request = { root: 'ES', contract: 'ESZ2013', lookback: 40 } as const;
    const all = await collected(fileFeed({ path: csv, calendar, universe: ['ES'] }).events());
    const closedAt = (at: string) => all.findIndex((event) => event.kind === 'closed' && event.closeTimeMs === utc(at));
    // Up to the end of a day with a halt, whose closing print revises what is closed; the session is still open then.
    const halt = closedAt('2013-10-08T20:15') + 1;
    const print: FeedEvent = { kind: 'bar', bar: minuteBar('ESZ2013', '2013-10-08T20:15', { price: 1_700 }) };
    const events = [...all.slice(0, halt), print, ...all.slice(halt, closedAt('2013-10-08T21:12'))];
    const { history: whole } = await run(each(events));
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: -45, max: 45 }), async (minutes) => {
        const begun = await run(each(events), { startMs: utc('2013-10-08T20:15') + minutes * 60_000 });
        for (const { closeTimeMs } of begun.slices.filter((_, index) => index % 11 === 0)) {
          for (const timeframe of ['1m', '15m', '1h', 'session'] as const) {
            const wanted = await whole.window({ ...request, timeframe }, closeTimeMs);
            expect(await begun.history.window({ ...request, timeframe }, closeTimeMs)).toEqual(wanted);
          }
        }
      }),
      { numRuns: 8, examples: [[0], [7], [15]] },
    );
  });

  test('have one gap slice for each uncovered stretch, and a chain without a break', async () => {
    const gaps = slices.flatMap(({ gap }) => gap ?? []);
    const stretch = ({ fromMs, toMs }: Gap) =>
      [fromMs, toMs].map((ms) => new Date(ms).toISOString().slice(0, 16)).join(' ');
    expect(gaps.map(stretch).slice(0, 2)).toEqual([
      '2013-10-13T22:00 2013-10-14T00:00',
      '2013-10-15T00:00 2013-10-29T00:00',
    ]);
    expect(counts.gaps).toBe(gaps.length);
    expect(await sliceLog.gaps(0, utc('2021-01-01T00:00'))).toEqual(gaps);
    slices.slice(1).forEach((slice, index) => {
      expect(slice.previousCloseTimeMs).toBe(slices[index]?.closeTimeMs);
    });
  });

  test('keep every contract of volume in every timeframe', async () => {
    const monday = { root: 'ES', contract: 'ESZ2013', lookback: 2_000 } as const;
    const asOfMs = utc('2013-10-07T22:01');
    const volumes = await Promise.all(
      (['1m', '15m', '1h', 'session'] as const).map(async (timeframe) => {
        const { volume, openTimeMs } = await history.window({ ...monday, timeframe }, asOfMs);
        return volume.reduce(
          (sum, one, index) => ((openTimeMs[index] ?? 0) < utc('2013-10-07T22:00') ? sum + one : sum),
          0,
        );
      }),
    );
    // The sum of the file's own lines of that contract and session.
    expect(volumes).toEqual([790_575, 790_575, 790_575, 790_575]);
  });
});
