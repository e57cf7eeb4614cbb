import { join } from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { checkBarFile } from '#adapters/files/check-bars.ts';
import { type MadeHeader, madeBar, madeHeader } from '../databento/dbn/dbn-files.ts';
import {
  ALL,
  barsOf,
  calendar,
  csv,
  dbn,
  dbnBar,
  esHeader,
  file,
  folder,
  folderOf,
  good,
  line,
  openMs,
  refusal,
} from './made-files.ts';

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
    ['a cut-off header', dbn(esHeader).subarray(0, 99), /truncated DBN: the header at byte 0 has 99 of/],
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
    [
      'a price that a double cannot hold',
      dbn(esHeader, dbnBar(0), dbnBar(1, 7, [1e9, 1e9, 1e9, 1e9])),
      new RegExp(`record 1 at byte ${start + 56}: open is too large .*get the file again`),
    ],
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

  test.skipIf(process.platform === 'win32')('a pipe or a device is refused, as it can be read only once', async () => {
    expect(await refusal('/dev/zero')).toBe(
      '/dev/zero: is neither a file nor a folder; give a CSV or DBN file of one-minute bars',
    );
  });

  test('a folder without bar files says which it looked for', async () => {
    expect(await refusal(await folderOf({ 'notes.txt': 'x' }))).toMatch(/no \.csv, \.dbn or \.dbn\.zst file; put one/);
  });
});
