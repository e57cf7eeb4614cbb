import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { zstdCompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { checkBarFile } from '#adapters/files/check-bars.ts';
import { fileFeed } from '#adapters/files/file-feed.ts';
import type { FeedEvent } from '#core/market/feed.ts';
import { dbnSamples, hasDbnSamples, type MadeHeader, madeBar } from '../databento/dbn/dbn-files.ts';
import {
  ALL,
  barsOf,
  calendar,
  csv,
  dbn,
  dbnBar,
  esHeader,
  eventsOf,
  file,
  folderOf,
  good,
  line,
  openMs,
  refusal,
} from './made-files.ts';

const esCsv = fileURLToPath(new URL('../../../../shared/data/market/es-minute-2013-2020.csv', import.meta.url));

describe('a good file', () => {
  test('is told by its content, not by its name', async () => {
    const expected = ['15:00 ESH2026', '15:01 ESH2026', '15:02 ESH2026'];
    const bytes = dbn(esHeader, dbnBar(0), dbnBar(1), dbnBar(2));
    for (const content of [csv(...good), csv(...good).replaceAll('\n', '\r\n'), bytes, zstdCompressSync(bytes)]) {
      expect(await barsOf(await file(content, 'no-name.csv'))).toEqual(expected);
    }
  });

  test('gives bars of the universe only, and counts the others', async () => {
    const path = await file(csv(line('15:00:00'), line('15:00:00', 'NQH2026'), line('15:01:00')));
    expect(await barsOf(path, ['ES'])).toEqual(['15:00 ESH2026', '15:01 ESH2026']);
    const feed = fileFeed({ path, calendar, universe: ['ES'] });
    expect(feed.stats).toBeNull();
    for await (const _ of feed.events());
    expect(feed.stats).toMatchObject({ files: 1, bars: 2, otherRootBars: 1, firstOpenTimeMs: openMs });
  });

  test('passes a print on the closing minute on and counts it', async () => {
    const path = await file(csv(line('21:59:00'), line('22:00:00'), line('23:00:00')));
    expect(await barsOf(path)).toEqual(['21:59 ESH2026', '22:00 ESH2026', '23:00 ESH2026']);
    const report = await checkBarFile({ path, calendar, universe: ALL });
    expect(report).toMatchObject({ closingMinuteBars: 1, setAsideBars: 0 });
  });
});

describe('the symbols of a DBN file', () => {
  test('a short year is read by the date of the record', async () => {
    const header = { mappings: [{ rawSymbol: 'ESH6', intervals: [[20160104, 20260107, '7']] }] } satisfies MadeHeader;
    const old = madeBar({ instrumentId: 7, openTimeMs: Date.UTC(2016, 0, 5, 15), ohlc: [1, 2, 0.5, 1.5] });
    expect(await barsOf(await file(dbn(header, old, dbnBar(0))))).toEqual(['15:00 ESH2016', '15:00 ESH2026']);
  });

  test('an id may stand for another contract on another day', async () => {
    const header = {
      mappings: [
        { rawSymbol: 'ESZ5', intervals: [[20251201, 20260106, '7']] },
        {
          rawSymbol: 'ESH6',
          intervals: [
            [20260105, 20260106, ''],
            [20260106, 20260107, '7'],
          ],
        },
      ],
    } satisfies MadeHeader;
    const path = await file(
      dbn(header, madeBar({ instrumentId: 7, openTimeMs: Date.UTC(2025, 11, 9, 15), ohlc: [1, 1, 1, 1] }), dbnBar(0)),
    );
    expect(await barsOf(path)).toEqual(['15:00 ESZ2025', '15:00 ESH2026']);
  });

  test('ids that were asked for are mapped the other way round', async () => {
    const header: MadeHeader = {
      stypeIn: 0,
      stypeOut: 1,
      mappings: [{ rawSymbol: '7', intervals: [[20260106, 20260107, 'ESH6']] }],
    };
    expect(await barsOf(await file(dbn(header, dbnBar(0))))).toEqual(['15:00 ESH2026']);
  });

  test('spreads and options are passed over and counted, whatever their prices', async () => {
    const symbols = ['ESH6', 'ESH6-ESM6', 'ESH6 C6000', 'UD:1V: 12', 'GC:BF G6-J6-M6'];
    const mappings = symbols.map((rawSymbol, id) => ({
      rawSymbol,
      intervals: [[20260106, 20260107, String(id)]] as const,
    }));
    const records = symbols.map((_, id) => dbnBar(0, id, id === 0 ? [1, 1, 1, 1] : [-55, -54, -56, -55]));
    const path = await file(dbn({ mappings }, ...records));
    expect(await barsOf(path)).toEqual(['15:00 ESH2026']);
    expect(await checkBarFile({ path, calendar, universe: ALL })).toMatchObject({ bars: 1, notOutrightBars: 4 });
  });
});

describe('what a source covers', () => {
  const kinds = (events: readonly FeedEvent[]) => Object.groupBy(events, ({ kind }) => kind);
  const ns = (minute: number) => BigInt(openMs + minute * 60_000) * 1_000_000n;

  test('a DBN header declares its span', async () => {
    const path = await file(dbn({ ...esHeader, startNs: ns(-60), endNs: ns(60) }, dbnBar(0)));
    const { closed, gap } = kinds(await eventsOf(path));
    expect(closed).toHaveLength(120);
    expect(gap).toBeUndefined();
  });

  test('a header whose limit was reached declares up to the last bar only', async () => {
    const path = await file(dbn({ ...esHeader, startNs: ns(0), endNs: ns(600), limit: 2n }, dbnBar(0), dbnBar(40)));
    expect(kinds(await eventsOf(path)).closed).toHaveLength(41);
  });

  test('a live recording without an end declares nothing', async () => {
    const path = await file(dbn({ ...esHeader, startNs: ns(-60) }, dbnBar(0), dbnBar(40)));
    const { closed, gap } = kinds(await eventsOf(path));
    expect(closed).toHaveLength(2);
    expect(gap).toEqual([{ kind: 'gap', fromMs: openMs + 60_000, toMs: openMs + 40 * 60_000 }]);
  });

  test('session time between the files of a folder is one gap', async () => {
    const path = await folderOf({
      'a.dbn': dbn({ ...esHeader, startNs: ns(0), endNs: ns(10) }, dbnBar(0)),
      'b.dbn.zst': zstdCompressSync(dbn({ ...esHeader, startNs: ns(15), endNs: ns(20) }, dbnBar(16))),
    });
    const { closed, gap } = kinds(await eventsOf(path));
    expect(closed).toHaveLength(15);
    expect(gap).toEqual([{ kind: 'gap', fromMs: openMs + 10 * 60_000, toMs: openMs + 15 * 60_000 }]);
  });
});

describe('a folder', () => {
  test('is read as one stream in time order, whatever the names, and other files are left alone', async () => {
    const path = await folderOf({
      'z-first.csv': csv(line('15:00:00'), line('15:02:00')),
      'a-later.csv': csv(line('15:01:00', 'NQH2026'), line('15:02:00', 'NQH2026')),
      'm.dbn': dbn(esHeader, dbnBar(3)),
      'readme.md': 'not bars',
    });
    expect(await barsOf(path)).toEqual([
      '15:00 ESH2026',
      '15:01 NQH2026',
      '15:02 NQH2026',
      '15:02 ESH2026',
      '15:03 ESH2026',
    ]);
    expect(await checkBarFile({ path, calendar, universe: ALL })).toMatchObject({ files: 3, bars: 5 });
  });

  test('one bad file refuses all of it, be it the last', async () => {
    const path = await folderOf({ 'a.csv': csv(...good), 'b.csv': csv(line('16:00:00'), line('15:59:00')) });
    expect(await refusal(path)).toMatch(/b\.csv, line 3: ESH2026 is out of order/);
  });

  test('a duplicate in another file is named with both places', async () => {
    const path = await folderOf({ 'a.csv': csv(...good), 'b.dbn': dbn(esHeader, dbnBar(2)) });
    expect(await refusal(path)).toMatch(/b\.dbn, record 0 at byte \d+: duplicate bar of ESH2026 .*a\.csv, line 4/);
  });

  test('a DBN file without records is no fault beside others', async () => {
    expect(await barsOf(await folderOf({ 'a.csv': csv(...good), 'empty.dbn': dbn(esHeader) }))).toHaveLength(3);
  });
});

describe.skipIf(!existsSync(esCsv))('the real ES minutes of ../shared/data, skipped when absent', () => {
  test('23,948 bars come out, with the seven stretches that the file lacks as gaps', async () => {
    const events = await eventsOf(esCsv, ['ES']);
    expect(events.filter(({ kind }) => kind === 'bar')).toHaveLength(23_948);
    const gaps = events.flatMap((event) =>
      event.kind === 'gap' ? [[event.fromMs, event.toMs].map((ms) => new Date(ms).toISOString().slice(0, 16))] : [],
    );
    expect(gaps).toEqual([
      ['2013-10-13T22:00', '2013-10-14T00:00'],
      ['2013-10-15T00:00', '2013-10-29T00:00'],
      ['2013-10-31T00:00', '2013-11-18T00:00'],
      ['2013-11-19T00:00', '2013-12-02T00:00'],
      ['2013-12-04T00:00', '2013-12-18T00:00'],
      ['2013-12-19T00:00', '2013-12-20T00:00'],
      ['2013-12-22T23:00', '2020-01-03T22:00'],
    ]);
    expect(new Set(events.flatMap((event) => (event.kind === 'bar' ? [event.bar.contract] : [])))).toContain('ESZ2013');
  });
});

describe.skipIf(!hasDbnSamples)('real DBN of ../shared/data, skipped when absent', () => {
  test('half an hour of ES and NQ is read through its header mappings', async () => {
    const name = 'nautilus/futures_ohlcv-1m_2024-07-01T23-40_2024-07-02T00-10.dbn.zst';
    const events = await eventsOf(fileURLToPath(new URL(name, dbnSamples)));
    const bars = events.flatMap((event) => (event.kind === 'bar' ? [event.bar] : []));
    expect(Object.groupBy(bars, ({ contract }) => contract)).toMatchObject({
      ESU2024: { length: 30 },
      NQU2024: { length: 30 },
    });
    expect(events.filter(({ kind }) => kind === 'closed')).toHaveLength(30);
    expect(events.filter(({ kind }) => kind === 'gap')).toHaveLength(0);
  });

  test.each(['v1', 'v2', 'v3'])(
    '%s declares ten hours but was cut at two records, and covers two minutes',
    async (version) => {
      const path = fileURLToPath(new URL(`dbn/test_data.ohlcv-1m.${version}.dbn.zst`, dbnSamples));
      expect(await barsOf(path)).toEqual(['13:00 ESH2021', '13:01 ESH2021']);
      expect((await eventsOf(path)).filter(({ kind }) => kind === 'closed')).toHaveLength(2);
    },
  );

  test.each(['v1', 'v1.ts_out', 'v3', 'v3.ts_out'])(
    'a live recording, %s, is read through its mapping records',
    async (version) => {
      const path = fileURLToPath(new URL(`synthetic/live-session.${version}.dbn`, dbnSamples));
      expect(await refusal(path)).toMatch(/record 14 at byte \d+: expected ohlcv-1m, found ohlcv-1s/);
      const whole = readFileSync(path);
      const withoutIt = await file(whole.subarray(0, whole.length - (version.endsWith('ts_out') ? 64 : 56)));
      expect(await barsOf(withoutIt)).toEqual(['00:00 ESH2026', '00:01 ESH2026']);
      expect(await checkBarFile({ path: withoutIt, calendar, universe: ALL })).toMatchObject({ notOutrightBars: 1 });
    },
  );
});
