import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { decodeMetadata } from '#adapters/databento/dbn/metadata.ts';
import { decompressZstd } from '#adapters/databento/dbn/zstd-frames.ts';
import { expectedSamples } from '#test/adapters/databento/dbn/expected-records.ts';
import { bar, barsHeader, heartbeat, madeDbn, START_NS } from './made-dbn.ts';
import { dbn } from './run-dbn.ts';

const parent = mkdtempSync(join(tmpdir(), 'rooney-dbn-test-'));
afterAll(() => rmSync(parent, { recursive: true }));
let folder = '';
let target = '';
beforeEach(() => {
  folder = mkdtempSync(join(parent, 'case-'));
  target = join(folder, 'made.dbn');
});

const bars = madeDbn([bar(0), bar(0, 22), bar(1)]);
const dataset = ['--dataset', 'GLBX.MDP3'];
const csvHeader = 'rtype,publisher_id,instrument_id,ts_event,open,high,low,close,volume';

describe('from DBN to text and back', () => {
  // Needs ../shared/data/dbn.
  const samples = expectedSamples.filter(({ isExact, isTruncated }) => isExact && !isTruncated);
  const withHeader = samples.filter(({ metadata }) => metadata !== null);

  test.for(withHeader)('$name: through JSON with --metadata it is the same file', async ({ path, bytes }) => {
    const { out: text } = await dbn([path, '--json', '--metadata']);
    const { out } = await dbn(['encode'], text);
    expect(out.equals(await plainBytes(path, bytes))).toBe(true);
  });

  const oneKind = samples.filter(({ name }) => !name.startsWith('synthetic'));
  test.for(oneKind)('$name: through CSV the records are the same bytes', async (sample) => {
    const { out: text } = await dbn([sample.path, '--format', 'csv']);
    const version = String(sample.metadata?.version ?? /v(\d)/.exec(sample.name)?.[1] ?? 2);
    const { out } = await dbn(['encode', '--from', 'csv', '--dbn-version', version, ...dataset], text);
    const records = (bytes: Buffer): Buffer => bytes.subarray(8 + bytes.readUInt32LE(4));
    const plain = await plainBytes(sample.path, sample.bytes);
    expect(records(out).equals(sample.metadata ? records(plain) : plain)).toBe(true);
  });

  test('records are converted to the version to write', async () => {
    const { out: text } = await dbn(['--json', '--metadata'], madeDbn([heartbeat(), bar(0)]));
    const { out } = await dbn(['encode', '--dbn-version', '1'], text);
    const { lines } = await dbn(['--json', '--metadata'], out);
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { _metadata: { version: 1, symbol_cstr_len: 22, symbols: ['ESH6', 'NQH6'] } },
      { _layout: 'system_v1', msg: 'Heartbeat' },
      { _layout: 'ohlcv' },
    ]);
  });

  test('zstd, to a file by its name and to standard output on demand', async () => {
    const { out: text } = await dbn(['--json', '--metadata'], bars);
    await dbn(['encode', '--out', `${target}.zst`], text);
    expect(zstdDecompressSync(readFileSync(`${target}.zst`)).equals(bars)).toBe(true);
    const { out } = await dbn(['encode', '--compression', 'zstd'], text);
    expect(zstdDecompressSync(out).equals(bars)).toBe(true);
  });
});

describe('the header of what rooney dbn encode writes', () => {
  test('follows from the records', async () => {
    const { out: text } = await dbn(['--json'], bars);
    const { out } = await dbn(['encode', ...dataset], text);
    expect(decodeMetadata(out)).toEqual({
      ...barsHeader,
      ...{ end: START_NS + 60_000_000_001n, stype_in: null, symbols: [], mappings: [] },
    });
  });

  test('has no schema when the records are of several', async () => {
    const { out: text } = await dbn(['--json'], madeDbn([heartbeat(), bar(0)]));
    expect(decodeMetadata((await dbn(['encode', ...dataset], text)).out).schema).toBeNull();
  });

  test('says ts_out when the records have it', async () => {
    const sent = madeDbn([{ ...bar(0), ts_out: START_NS }], { ...barsHeader, ts_out: true });
    const { out: text } = await dbn(['--json'], sent);
    const { out } = await dbn(['encode', ...dataset], text);
    expect(decodeMetadata(out).ts_out).toBe(true);
    expect(out.subarray(-64)).toEqual(Buffer.from(sent.subarray(-64)));
  });

  test('takes from the options what they say', async () => {
    const { out: text } = await dbn(['--json', '--metadata'], bars);
    const flags = [
      '--dataset',
      'XNAS.ITCH',
      '--schema',
      'ohlcv-1s',
      '--stype-in',
      'parent',
      '--stype-out',
      'raw_symbol',
    ];
    expect(decodeMetadata((await dbn(['encode', ...flags], text)).out)).toEqual({
      ...barsHeader,
      ...{ dataset: 'XNAS.ITCH', schema: 'ohlcv-1s', stype_in: 'parent', stype_out: 'raw_symbol' },
    });
  });

  test('stands alone when there are no records', async () => {
    const { out } = await dbn(['encode', ...dataset], `${csvHeader}\n`);
    expect(out).toHaveLength(128);
    expect(decodeMetadata(out)).toMatchObject({ schema: null, start: 0n, end: null });
  });
});

describe('what rooney dbn encode cannot read', () => {
  const line = (values: object): string => JSON.stringify(values);
  const values = {
    rtype: 33,
    publisher_id: 1,
    instrument_id: 7,
    ts_event: '1',
    open: '1',
    high: '1',
    low: '1',
    close: '1',
    volume: '1',
  };
  const header = { ...barsHeader, start: '0', end: null };

  test.for<[string, string | Uint8Array, RegExp]>([
    ['nothing', '', /in: the input is empty/],
    ['what is not text', new Uint8Array([0x44, 0xff, 0xfe]), /in: this is not text in UTF-8/],
    ['a price in units', `${csvHeader}\n33,1,7,1,1.5,1,1,1,1\n`, /in line 2: field open is not a whole number: "1.5"/],
    ['a value too large', `${csvHeader}\n\n33,1,7,1,1,1,1,1,-1`, /in line 3: field volume is u64 and cannot hold "-1"/],
    ['a row too short', `${csvHeader}\n33,1\n`, /in line 2: the number of cells, 2/],
    ['a column too many', `${csvHeader},x\n33,1,7,1,1,1,1,1,1,1\n`, /in line 2: ohlcv records have no x/],
    ['no header', '33,1,7\n', /in: the header has no column rtype/],
    ['broken JSON', `${line(values)}\n{"rtype":\n`, /in line 2: this is not JSON/],
    ['a record without a field', line({ ...values, close: undefined }), /in line 1: .* missing: close/],
    [
      'ts_out in some',
      `${line(values)}\n${line({ ...values, ts_out: '1' })}`,
      /in line 2: ts_out is given here, but not/,
    ],
    ['a bad header', line({ _metadata: { ...header, schema: 'bars' } }), /in line 1: _metadata .* schema: Invalid/],
    [
      'a header out of range',
      line({ _metadata: { ...header, limit: '9'.repeat(20) } }),
      /in line 1: .* limit: must fit/,
    ],
    ['two headers', `${line({ _metadata: header })}\n`.repeat(2), /in line 2: a second header/],
    ['a late header', `${line(values)}\n${line({ _metadata: header })}`, /in line 2: a header after records/],
  ])('%s is told with its line, and nothing is written', async ([_, text, reason]) => {
    const path = join(folder, 'in');
    writeFileSync(path, text);
    writeFileSync(target, 'from before');
    const { exitCode, err, out } = await dbn(['encode', path, ...dataset, '--out', target]);
    expect({ exitCode, out: out.length }).toEqual({ exitCode: 1, out: 0 });
    expect(err).toMatch(/^rooney dbn encode: .*\n$/);
    expect(err).toMatch(reason);
    expect(readdirSync(folder).sort()).toEqual(['in', 'made.dbn']);
    expect(readFileSync(target, 'utf8')).toBe('from before');
  });

  test('records without a data set', async () => {
    const { exitCode, err } = await dbn(['encode'], line(values));
    expect({ exitCode, err }).toEqual({ exitCode: 1, err: expect.stringMatching(/name it with --dataset/) });
  });
});

describe('where rooney dbn encode writes', () => {
  test('a file is replaced as a whole, also behind a link, and what was written is told', async () => {
    const { out: text } = await dbn(['--json', '--metadata'], bars);
    writeFileSync(target, 'from before');
    const link = join(folder, 'link.dbn');
    symlinkSync(target, link);
    const { lines } = await dbn(['encode', '--out', link], text);
    expect(lines).toEqual([`${link}: DBN version 3, 3 records of GLBX.MDP3`]);
    expect(readFileSync(target).equals(bars)).toBe(true);
    expect(readdirSync(folder).sort()).toEqual(['link.dbn', 'made.dbn']);
    const { lines: told } = await dbn(['encode', '--json', '--out', target], text);
    expect(JSON.parse(told[0]!)).toMatchObject({ file: target, records: 3, metadata: { dataset: 'GLBX.MDP3' } });
  });

  test('a folder, a device and a missing folder are refused', async () => {
    mkdirSync(join(folder, 'sub'));
    for (const path of [join(folder, 'sub'), '/dev/null']) {
      const { err } = await dbn(['encode', ...dataset, '--out', path], csvHeader);
      expect(err).toMatch(/is not a file/);
    }
    const { exitCode, err } = await dbn(['encode', ...dataset, '--out', join(folder, 'none', 'a.dbn')], csvHeader);
    expect(exitCode).toBe(1);
    expect(err).toMatch(/a\.dbn cannot be written: there is no such folder/);
  });

  test('a terminal gets no DBN, and is not waited for', async () => {
    expect(await dbn(['encode', ...dataset], csvHeader, { out: true })).toMatchObject({
      ...{ exitCode: 2, out: Buffer.alloc(0), err: expect.stringMatching(/not for a terminal/) },
    });
    expect(await dbn(['encode', ...dataset, '--out', target], '', { in: true })).toMatchObject({ exitCode: 2 });
  });
});

async function plainBytes(path: string, bytes: Uint8Array): Promise<Buffer> {
  if (!path.endsWith('.zst')) return Buffer.from(bytes);
  const pieces: Uint8Array[] = [];
  for await (const piece of decompressZstd(chunksOf(bytes))) pieces.push(piece);
  return Buffer.concat(pieces);
}

async function* chunksOf(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield bytes;
}
