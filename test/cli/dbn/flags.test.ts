import { describe, expect, test } from 'vitest';
import { readDecodeFlags } from '#cli/dbn/decode-flags.ts';
import { readEncodeFlags } from '#cli/dbn/encode-flags.ts';

describe('the arguments of rooney dbn', () => {
  test('without any: a summary of standard input', () => {
    expect(readDecodeFlags([])).toMatchObject({ paths: ['-'], format: 'summary', json: false, schema: null });
  });

  test('--json alone asks for records, with --format summary for a summary in JSON', () => {
    expect(readDecodeFlags(['--json', 'a.dbn'])).toMatchObject({ format: 'json' });
    expect(readDecodeFlags(['--json', '--format', 'summary'])).toMatchObject({ format: 'summary', json: true });
  });

  test.each([
    [['--format', 'xml'], /json, csv or summary, not "xml"/],
    [['--json', '--format', 'csv'], /contradict/],
    [['--schema', 'bars'], /--schema is one of mbo, .*symbol-mapping, not "bars"/],
    [['--limit', '0'], /--limit .* from 1/],
    [['--limit', '1.5'], /--limit/],
    [['--upgrade'], /--upgrade needs/],
    [['--metadata', '--format', 'csv'], /--metadata needs/],
    [['-', '-'], /only once/],
    [[''], /names no file/],
    [['--nonsense'], /nonsense/],
  ])('%j is wrong usage', (args, message) => {
    expect(readDecodeFlags(args)).toMatch(message);
  });
});

describe('the arguments of rooney dbn encode', () => {
  test('without any: standard input to standard output, everything else as it comes', () => {
    expect(readEncodeFlags([])).toEqual({
      ...{ path: '-', out: null, compression: 'none', from: null, version: null, dataset: null, schema: null },
      ...{ stypeIn: null, stypeOut: null, json: false, help: false },
    });
  });

  test('a name that ends in .zst is compressed, unless told otherwise', () => {
    expect(readEncodeFlags(['--out', 'a.dbn.zst'])).toMatchObject({ compression: 'zstd' });
    expect(readEncodeFlags(['--out', 'a.dbn.zst', '--compression', 'none'])).toMatchObject({ compression: 'none' });
    expect(readEncodeFlags(['--out', 'a.dbn'])).toMatchObject({ compression: 'none' });
  });

  test.each([
    [['a.csv', 'b.csv'], /"b.csv" is a second one/],
    [['--from', 'xml'], /--from is one of json, csv/],
    [['--dbn-version', '4'], /--dbn-version is one of 1, 2, 3/],
    [['--compression', 'gzip'], /--compression/],
    [['--schema', 'bars'], /--schema/],
    [['--stype-in', 'ticker'], /--stype-in/],
    [['--stype-out', 'ticker'], /--stype-out/],
    [['--dataset', ''], /--dataset is a name/],
    [['--dataset', 'A.DATASET.TOO.LONG'], /at most 15/],
    [['--out', ''], /names no file/],
    [['--json'], /--json needs --out/],
  ])('%j is wrong usage', (args, message) => {
    expect(readEncodeFlags(args)).toMatch(message);
  });
});
