import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { dbnSamples, hasDbnSamples } from '#test/adapters/databento/dbn/dbn-files.ts';
import { expectedSamples } from '#test/adapters/databento/dbn/expected-records.ts';
import { bar, barsHeader, heartbeat, madeDbn } from './made-dbn.ts';
import { dbn } from './run-dbn.ts';

const folder = mkdtempSync(join(tmpdir(), 'rooney-dbn-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

const bars = madeDbn([bar(0), bar(0, 22), bar(1)]);
const mixed = madeDbn([heartbeat(), bar(0), bar(1)], { ...barsHeader, schema: null });

describe('rooney dbn --format json', () => {
  // Needs ../shared/data/dbn.
  test.for(expectedSamples)('$name: every record as expected, stored and upgraded', async (sample) => {
    const { path } = sample;
    for (const [flags, expected] of [
      [[], sample.records],
      [['--upgrade'], sample.upgraded],
    ] as const) {
      const { exitCode, lines, err } = await dbn([path, '--json', ...flags]);
      expect(lines).toEqual(expected.map((record) => JSON.stringify(record)));
      expect(exitCode).toBe(sample.isTruncated ? 1 : 0);
      expect(err).toMatch(sample.isTruncated ? /truncated\.dbn: truncated DBN: record 14 at byte 2816/ : /^$/);
    }
  });

  test('standard input, zstd or not, in small pieces, gives what a file gives', async () => {
    const path = join(folder, 'bars.dbn');
    writeFileSync(path, bars);
    const { lines } = await dbn([path, '--json']);
    expect(lines).toHaveLength(3);
    for (const bytes of [bars, zstdCompressSync(bars)]) {
      const pieces = Array.from(bytes, (_, index) => bytes.subarray(index, index + 1));
      expect(await dbn(['--json'], pieces)).toMatchObject({ lines, exitCode: 0, err: '' });
    }
  });

  test('--metadata prints the header first, and a fragment has none', async () => {
    const { lines } = await dbn(['--json', '--metadata', '--limit', '1'], bars);
    expect(JSON.parse(lines[0]!)).toEqual({
      _metadata: { ...barsHeader, start: String(barsHeader.start), end: String(barsHeader.end) },
    });
    expect(lines).toHaveLength(2);
    const headerBytes = bars.length - 3 * 56;
    expect((await dbn(['--json', '--metadata'], bars.subarray(headerBytes))).lines).toHaveLength(3);
  });

  test('--schema leaves out the rest, --limit counts what is left', async () => {
    const { lines } = await dbn(['--json', '--schema', 'ohlcv-1m', '--limit', '1'], mixed);
    expect(lines.map((line) => JSON.parse(line)._rtype)).toEqual(['ohlcv-1m']);
    const { lines: system } = await dbn(['--json', '--schema', 'system'], mixed);
    expect(system.map((line) => JSON.parse(line).msg)).toEqual(['Heartbeat']);
  });

  test('a schema that is not there is told together with what is', async () => {
    const { exitCode, lines, err } = await dbn(['--json', '--schema', 'trades'], mixed);
    expect({ exitCode, lines }).toEqual({ exitCode: 0, lines: [] });
    expect(err).toMatch(/no record is of schema trades; there are system, ohlcv-1m/);
  });

  test('bars of old files, whose type does not tell their length, are those of the schema of the header', async () => {
    const old = madeDbn([{ ...bar(0), rtype: 0x11 }]);
    expect((await dbn(['--json', '--schema', 'ohlcv-1m'], old)).lines).toHaveLength(1);
    expect((await dbn(['--json', '--schema', 'ohlcv-1s'], old)).lines).toHaveLength(0);
  });

  test('damage after the limit is not reported', async () => {
    const cut = bars.subarray(0, -5);
    expect(await dbn(['--json', '--limit', '2'], cut)).toMatchObject({ exitCode: 0, err: '' });
    expect(await dbn(['--json', '--limit', '3'], cut)).toMatchObject({ exitCode: 1 });
  });
});

describe('rooney dbn --format csv', () => {
  test('several files come under one header, also when the first has no records', async () => {
    const paths = [madeDbn([]), bars, bars].map((bytes, index) => {
      const path = join(folder, `csv-${index}.dbn`);
      writeFileSync(path, bytes);
      return path;
    });
    const { lines } = await dbn(['--format', 'csv', ...paths]);
    const header = '_rtype,_layout,length,rtype,publisher_id,instrument_id,ts_event,open,high,low,close,volume';
    expect(lines.filter((line) => line === header)).toHaveLength(1);
    expect(lines[0]).toBe(header);
    expect(lines).toHaveLength(7);
  });

  test('records of several kinds are refused before anything is printed, with the kinds', async () => {
    const { exitCode, lines, err } = await dbn(['--format', 'csv'], mixed);
    expect({ exitCode, lines }).toEqual({ exitCode: 1, lines: [] });
    expect(err).toMatch(/standard input: CSV has one kind .* system \(1\), ohlcv-1m \(2\); choose one with --schema/);
    expect((await dbn(['--format', 'csv', '--schema', 'ohlcv-1m'], mixed)).lines).toHaveLength(3);
  });

  test('a second file of another kind is refused, and none after it is printed', async () => {
    const paths = [bars, madeDbn([heartbeat()]), bars].map((bytes, index) => {
      const path = join(folder, `other-${index}.dbn`);
      writeFileSync(path, bytes);
      return path;
    });
    const { exitCode, lines, err } = await dbn(['--format', 'csv', ...paths]);
    expect({ exitCode, rows: lines.length }).toEqual({ exitCode: 1, rows: 4 });
    expect(err).toMatch(/other-1\.dbn: its records, system \(1\), have other fields/);
  });
});

describe('rooney dbn --format summary', () => {
  test('tells the header, the records by type, the instruments with their symbols, and the times', async () => {
    const { out } = await dbn([], zstdCompressSync(bars));
    expect(out.toString().replace(/to \d+$/m, 'to N')).toBe(`standard input
  container     DBN version 3, 752 bytes, compressed with zstd to N
  dataset       GLBX.MDP3
  schema        ohlcv-1m
  asked for     from 2026-01-01T00:00:00Z to 2026-01-01T01:00:00Z
  symbology     raw_symbol to instrument_id
  symbols       ESH6, NQH6
  mappings      of 2 symbols in 2 intervals
  records       3
                  ohlcv-1m  3
  ts_event      2026-01-01T00:00:00Z to 2026-01-01T00:01:00Z
  instruments   2
                  11  ESH6  2 records
                  22  NQH6  1 record
`);
  });

  test('with --json it is one object for each file', async () => {
    const { lines } = await dbn(['--json', '--format', 'summary'], mixed);
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      {
        ...{ file: 'standard input', compression: 'none', records: 3, isLimited: false, error: null },
        recordsByType: { system: 1, 'ohlcv-1m': 2 },
        metadata: { schema: null, start: String(barsHeader.start) },
        instruments: [{ instrumentId: 11, symbols: ['ESH6'], records: 2 }],
      },
    ]);
  });

  test('names in a file cannot command the terminal', async () => {
    const { out } = await dbn([], madeDbn([], { ...barsHeader, dataset: 'A\x1b[2JB\n' }));
    expect(out.toString()).toMatch(/dataset {7}A\?\[2JB\?\n/);
  });

  test('stops at the limit and says so', async () => {
    const { out } = await dbn(['--limit', '2'], bars);
    expect(out.toString()).toMatch(/records {7}2 \(stopped there, at the limit\)/);
  });

  test('tells the damage where the records end', async () => {
    const cut = bars.subarray(0, -5);
    const { exitCode, out, err } = await dbn([], cut);
    const reason = 'truncated DBN: record 2 at byte 696 has 51 of 56 bytes';
    expect(exitCode).toBe(1);
    expect(out.toString()).toMatch(new RegExp(`records {7}2\n[^]*damaged {7}${reason}`));
    expect(err).toMatch(`rooney dbn: standard input: ${reason}`);
    const { lines } = await dbn(['--json', '--format', 'summary'], cut);
    expect(JSON.parse(lines[0]!).error).toMatchObject({ code: 'truncated', byteOffset: 696 });
  });
});

describe('what rooney dbn cannot read', () => {
  test.for<[string, Uint8Array, RegExp]>([
    ['an empty file', new Uint8Array(0), /: the input is empty/],
    ['text', Buffer.from('ts_event,open\n'), /: not DBN/],
    ['a newer version', Buffer.from('DBN\x09........'), /: DBN version 9 .* is newer/],
    ['half a header', bars.subarray(0, 40), /: truncated DBN: the header/],
    ['a record without a length', Buffer.concat([bars, new Uint8Array(16)]), /: corrupt DBN: record 3 at byte 752/],
    ['half of a compressed file', zstdCompressSync(bars).subarray(0, 90), /: the zstd frame at byte 0 is cut off/],
  ])('%s is told in one line that names the file', async ([name, bytes, reason]) => {
    const path = join(folder, name);
    writeFileSync(path, bytes);
    const { exitCode, err } = await dbn([path, '--json']);
    expect(exitCode).toBe(1);
    expect(err).toMatch(new RegExp(`^rooney dbn: ${path}${reason.source}.*\n$`));
  });

  // Needs ../shared/data/dbn.
  test.runIf(hasDbnSamples)('the legacy DBZ format is told by its name', async () => {
    const { err } = await dbn([new URL('dbn/test_data.ohlcv-1m.dbz', dbnSamples).pathname]);
    expect(err).toMatch(/dbz: legacy DBZ at byte 0/);
  });

  test('a missing file and a folder do not keep the files after them from being printed', async () => {
    const path = join(folder, 'after.dbn');
    writeFileSync(path, bars);
    const { exitCode, lines, err } = await dbn(['--json', join(folder, 'nothing.dbn'), folder, path]);
    expect({ exitCode, records: lines.length }).toEqual({ exitCode: 1, records: 3 });
    expect(err).toMatch(/nothing\.dbn: there is no such file\n.*: it is a directory; name the files in it\n$/);
  });

  test('a terminal as input is wrong usage, not a wait', async () => {
    expect(await dbn([], '', { in: true })).toMatchObject({
      exitCode: 2,
      err: expect.stringMatching(/name a DBN file/),
    });
  });
});
