import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkBarFile } from '#adapters/files/check-bars.ts';
import { CSV_COLUMNS } from '#adapters/files/csv-bars.ts';
import { fileFeed } from '#adapters/files/file-feed.ts';
import { kindOf } from '#core/errors.ts';
import { cmeCalendar } from '#core/market/cme-hours.ts';
import type { FeedEvent } from '#core/market/feed.ts';
import {
  dbnSamples,
  hasDbnSamples,
  type MadeHeader,
  type MadeOhlc,
  madeBar,
  madeHeader,
} from '../databento/dbn-files.ts';

const calendar = cmeCalendar();
const ALL = ['ES', 'NQ', 'ZC'];
const esCsv = fileURLToPath(new URL('../../../../shared/data/market/es-minute-2013-2020.csv', import.meta.url));

let folder = '';
let made = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rooney-bars-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function file(content: string | Uint8Array, name = 'bars'): Promise<string> {
  const path = join(folder, `${made++}-${name}`);
  await writeFile(path, content);
  return path;
}

async function folderOf(files: Readonly<Record<string, string | Uint8Array>>): Promise<string> {
  const path = join(folder, `${made++}-folder`);
  await mkdir(path);
  for (const [name, content] of Object.entries(files)) await writeFile(join(path, name), content);
  return path;
}

async function eventsOf(path: string, universe: readonly string[] = ALL): Promise<FeedEvent[]> {
  const events: FeedEvent[] = [];
  for await (const event of fileFeed({ path, calendar, universe }).events()) events.push(event);
  return events;
}

async function barsOf(path: string, universe: readonly string[] = ALL): Promise<string[]> {
  return (await eventsOf(path, universe)).flatMap((event) =>
    event.kind === 'bar' ? [`${new Date(event.bar.openTimeMs).toISOString().slice(11, 16)} ${event.bar.contract}`] : [],
  );
}

/** The message of the contract error; nothing may have been yielded before it. */
async function refusal(path: string, universe: readonly string[] = ALL): Promise<string> {
  const events: FeedEvent[] = [];
  try {
    for await (const event of fileFeed({ path, calendar, universe }).events()) events.push(event);
  } catch (error) {
    expect(events).toEqual([]);
    expect(kindOf(error)).toBe('contract');
    expect((error as Error).message).toContain(path);
    return (error as Error).message;
  }
  throw new Error('expected a contract error, the input was read');
}

const csv = (...lines: readonly string[]): string => [CSV_COLUMNS, ...lines, ''].join('\n');
const line = (clock: string, symbol = 'ESH2026', ohlcv = '1,2,0.5,1.5,10'): string =>
  `2026-01-06T${clock}Z,${symbol.replace(/.\d+$/, '')},${symbol},${ohlcv}`;
const good = [line('15:00:00'), line('15:01:00'), line('15:02:00')];

const openMs = Date.UTC(2026, 0, 6, 15);
const esHeader: MadeHeader = { mappings: [{ rawSymbol: 'ESH6', intervals: [[20260106, 20260107, '7']] }] };
const dbnBar = (minute: number, instrumentId = 7, ohlc: MadeOhlc = [1, 2, 0.5, 1.5]) =>
  madeBar({ instrumentId, openTimeMs: openMs + minute * 60_000, ohlc });
const dbn = (header: MadeHeader, ...records: Uint8Array[]): Buffer => Buffer.concat([madeHeader(header), ...records]);

describe('a bad CSV file is refused with line, reason and remedy, and nothing comes out of it', () => {
  const cases: readonly (readonly [string, string, RegExp])[] = [
    ['no bytes', '', /the file is empty; give/],
    ['a header only', csv(), /holds no bars; give/],
    [
      'another header',
      csv(...good).replace('open_time_utc', 'time'),
      /line 1: expected the columns open_time_utc.*rename/,
    ],
    ['a text that is no table', 'hello\nworld\n', /line 1: expected the columns/],
    ['a line cut off', csv(...good).slice(0, -8), /line 4: the file is cut off.*get the file again/],
    ['a number cut off', csv(...good).slice(0, -2), /line 4: the file is cut off/],
    ['too few fields', csv(...good, '2026-01-06T15:03:00Z,ES'), /line 5: expected 8 fields .* found 2/],
    ['too many fields', csv(`${line('15:00:00')},1`), /line 2: expected 8 fields .* found 9/],
    ['a blank line', csv(line('15:00:00'), '', line('15:01:00')), /line 3: expected 8 fields/],
    ['bars out of order', csv(good[1]!, good[0]!), /line 3: ESH2026 is out of order: .*15:00.*15:01.*sort/],
    ['a duplicate', csv(...good, good[2]!), /line 5: duplicate bar of ESH2026 at 2026-01-06T15:02.*line 4; remove/],
    ['a duplicate by a short year', csv(...good, line('15:02:00', 'ESH6')), /line 5: duplicate bar of ESH2026/],
    [
      'high below low',
      csv(line('15:00:00', 'ESH2026', '1,0.4,0.5,1,10')),
      /line 2: ESH2026 has its high below its low/,
    ],
    ['open above high', csv(line('15:00:00', 'ESH2026', '3,2,0.5,1,10')), /line 2: ESH2026 has its open outside/],
    ['close below low', csv(line('15:00:00', 'ESH2026', '1,2,0.5,0.25,10')), /line 2: ESH2026 has its close outside/],
    ['a price that is not a number', csv(line('15:00:00', 'ESH2026', 'NaN,2,0.5,1,10')), /line 2: open "NaN" is not/],
    [
      'an infinite price',
      csv(line('15:00:00', 'ESH2026', '1,1e999,0.5,1,10')),
      /line 2: ESH2026 has a price that is not/,
    ],
    ['an empty field', csv(line('15:00:00', 'ESH2026', '1,2,0.5,,10')), /line 2: close "" is not a number; correct/],
    ['half a contract', csv(line('15:00:00', 'ESH2026', '1,2,0.5,1,1.5')), /line 2: ESH2026 has volume 1.5/],
    ['a negative volume', csv(line('15:00:00', 'ESH2026', '1,2,0.5,1,-1')), /line 2: ESH2026 has volume -1/],
    ['an unknown root', csv(...good, line('15:03:00', 'XXH2026')), /line 5: .*"XXH2026": its root is unknown/],
    ['a spread', csv('2026-01-06T15:00:00Z,ES,ESH6-ESM6,1,2,0.5,1,10'), /line 2: .*"ESH6-ESM6": spreads/],
    [
      'a root of another contract',
      csv('2026-01-06T15:00:00Z,NQ,ESH2026,1,2,0.5,1,1'),
      /line 2: root "NQ" does not fit/,
    ],
    ['a local time', csv(good[0]!.replace('Z,', ',')), /line 2: open_time_utc "2026-01-06T15:00:00" is not a UTC time/],
    ['a date that does not exist', csv(good[0]!.replace('01-06', '02-30')), /line 2: open_time_utc "2026-02-30T15/],
    [
      'half a minute',
      csv(line('15:00:30')),
      /line 2: ESH2026 opens at 2026-01-06T15:00:30.000Z, not on a whole minute/,
    ],
    ['a time before the calendar', csv(good[0]!.replace('2026-01', '1970-01')), /line 2: .*expected 2007 to 2099/],
  ];
  test.each(cases)('%s', async (_, content, reason) => {
    expect(await refusal(await file(content))).toMatch(reason);
  });

  test('no bar of the universe', async () => {
    expect(await refusal(await file(csv(...good)), ['NQ', 'ZC'])).toMatch(
      /no bar of NQ ZC \(3 of other roots.*universe/,
    );
  });

  test('more than one bar in a hundred outside its session asks about the time zone', async () => {
    // Chicago times written as if they were UTC: the evening's bars fall into the afternoon break.
    const shifted = Array.from({ length: 120 }, (_, minute) =>
      line(`${String(20 + Math.floor(minute / 60))}:${String(minute % 60).padStart(2, '0')}:00`),
    );
    const outside = [...shifted, line('22:30:00'), line('22:31:00')];
    expect(await refusal(await file(csv(...outside)))).toMatch(
      /2 of 122 bars lie outside .* ESH2026 at 2026-01-06T22:30.*line 122.*time zone/,
    );
    const one = outside.slice(0, -1);
    const report = await checkBarFile({ path: await file(csv(...one)), calendar, universe: ALL });
    expect(report).toMatchObject({ bars: 121, setAsideBars: 1, closingMinuteBars: 0 });
    expect(await barsOf(await file(csv(...one)))).toHaveLength(120);
  });
});

describe('a bad DBN file is refused with record, byte, reason and remedy, and nothing comes out of it', () => {
  const start = madeHeader(esHeader).length;
  const cases: readonly (readonly [string, Uint8Array, RegExp])[] = [
    ['bytes that are neither', Buffer.from([1, 2, 3, 4, 5]), /neither DBN .* nor CSV; give/],
    ['a zstd file of something else', zstdCompressSync(csv(...good)), /not DBN/],
    ['a cut-off header', dbn(esHeader).subarray(0, 99), /truncated DBN: the input ends at byte 99/],
    [
      'a cut-off record',
      dbn(esHeader, dbnBar(0)).subarray(0, -1),
      new RegExp(`record 0 at byte ${start} has 55 of 56`),
    ],
    [
      'a cut-off zstd frame',
      zstdCompressSync(dbn(esHeader, dbnBar(0))).subarray(0, -3),
      /zstd frame at byte 0 is cut off/,
    ],
    ['a corrupt length', dbn(esHeader, Buffer.alloc(56)), new RegExp(`corrupt DBN: record 0 at byte ${start} says`)],
    ['trades', dbn({ ...esHeader, schema: 4 }), /expected schema ohlcv-1m, found trades; download/],
    ['no bars', dbn(esHeader), /holds no bar of ES NQ ZC/],
    [
      'bars out of order',
      dbn(esHeader, dbnBar(1), dbnBar(0)),
      new RegExp(`record 1 at byte ${start + 56}: ESH2026 is out`),
    ],
    [
      'a duplicate',
      dbn(esHeader, dbnBar(0), dbnBar(0)),
      new RegExp(`record 1 at byte ${start + 56}: duplicate bar of ESH`),
    ],
    ['high below low', dbn(esHeader, dbnBar(0, 7, [1, 0.5, 2, 1])), /record 0 at byte \d+: ESH2026 has its high below/],
    ['an undefined price', dbn(esHeader, dbnBar(0, 7, [1, null, 1, 1])), /ESH2026 has a price that is not a number/],
    ['half a minute', dbn(esHeader, dbnBar(0.5)), /ESH2026 opens at 2026-01-06T15:00:30.000Z, not on a whole minute/],
    [
      'an id that is not mapped',
      dbn(esHeader, dbnBar(0), dbnBar(1, 8)),
      /record 1 .*instrument id 8 has no symbol.*mappings/,
    ],
    ['an id mapped on other days', dbn(esHeader, dbnBar(9 * 60)), /instrument id 7 has no symbol on 2026-01-07/],
  ];
  test.each(cases)('%s', async (_, content, reason) => {
    expect(await refusal(await file(content))).toMatch(reason);
  });

  test.each([
    ['an unknown root', 'XXH6', /record 0 .*"XXH6": its root is unknown/],
    ['a continuous symbol', 'ES.c.0', /ES\.c\.0 is not a contract; download by raw symbol/],
  ])('%s', async (_, rawSymbol, reason) => {
    const header = { mappings: [{ rawSymbol, intervals: [[20260106, 20260107, '7']] }] } satisfies MadeHeader;
    expect(await refusal(await file(dbn(header, dbnBar(0))))).toMatch(reason);
  });

  test('a bar of another cadence', async () => {
    const hourly = madeBar({ instrumentId: 7, openTimeMs: openMs, ohlc: [1, 2, 0.5, 1], rtype: 0x22 });
    const mixed = dbn({ ...esHeader, schema: 0xffff }, dbnBar(0), hourly);
    expect(await refusal(await file(mixed))).toMatch(/record 1 .*expected ohlcv-1m, found ohlcv-1h/);
  });
});

describe('a path that cannot be read', () => {
  test('is named', async () => {
    expect(await refusal(join(folder, 'absent.csv'))).toMatch(/cannot be read \(ENOENT/);
  });

  test('a folder without bar files says which it looked for', async () => {
    expect(await refusal(await folderOf({ 'notes.txt': 'x' }))).toMatch(/no \.csv, \.dbn or \.dbn\.zst file; put one/);
  });
});

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
