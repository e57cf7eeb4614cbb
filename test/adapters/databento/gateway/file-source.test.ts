import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { writeDbnFile } from '#adapters/databento/dbn/dbn-file.ts';
import type { Schema } from '#adapters/databento/dbn/enums.ts';
import { type DbnMetadata, liveMetadata } from '#adapters/databento/dbn/metadata.ts';
import type { DbnRecord, StoredRecord } from '#adapters/databento/dbn/record.ts';
import type { EncodeOptions } from '#adapters/databento/dbn/stream-writer.ts';
import { dbnFileSource } from '#adapters/databento/gateway/file-source.ts';
import { endOfInterval, heartbeat, symbolMapping } from '#adapters/databento/gateway/gateway-records.ts';
import type { GatewaySource } from '#adapters/databento/gateway/source.ts';
import { bar, ES_H, type MadeRecord, MINUTE_NS, minute, NQ_H, record, START_NS, tick } from './made-source.ts';

const schemas: ReadonlySet<Schema> = new Set<Schema>(['ohlcv-1m', 'trades', 'tbbo', 'mbp-1', 'definition', 'bbo-1s']);

/** Writes DBN files and gives their paths; they are gone with the test. */
async function files(...made: readonly (Partial<EncodeOptions> & { readonly records: readonly DbnRecord[] })[]) {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const paths: string[] = [];
  for (const [index, options] of made.entries()) {
    const path = join(folder, `${index}.dbn`);
    await writeDbnFile(path, { metadata: metadata('ohlcv-1m'), ...options });
    paths.push(path);
  }
  return paths;
}

function metadata(schema: Schema | null, given: Partial<DbnMetadata> = {}): DbnMetadata {
  const mappings = [mapping('ESH6', 1), mapping('NQH6', 4)];
  return {
    ...liveMetadata({ dataset: 'GLBX.MDP3', start: START_NS }),
    schema,
    stype_in: 'raw_symbol',
    mappings,
    ...given,
  };
}

function mapping(raw_symbol: string, id: number, [start_date, end_date] = [20260205, 20260206]) {
  return { raw_symbol, intervals: [{ start_date, end_date, symbol: String(id) }] };
}

const recordsOf = (made: readonly MadeRecord[]): DbnRecord[] => made.map((one) => one.record);

/** `trades 1 @0.5`: schema, instrument and minutes from the start. */
async function told(source: GatewaySource, fromNs = 0n, wanted = schemas): Promise<string[]> {
  const texts: string[] = [];
  for await (const batch of source.records({ schemas: wanted, fromNs })) {
    for (const { schema, availableNs, bytes } of batch) {
      const id = new DataView(bytes.buffer, bytes.byteOffset).getUint32(4, true);
      texts.push(`${schema} ${id} @${Number(availableNs - START_NS) / Number(MINUTE_NS)}`);
    }
  }
  return texts;
}

describe('a source of DBN files', () => {
  test('gives bars at their end and other records when they were received', async () => {
    const [bars, trades] = [
      [bar(1, 0), bar(4, 0), bar(1, 1)],
      [tick('trades', 1, 30), tick('trades', 1, 60)],
    ];
    const source = await dbnFileSource(
      await files({ records: recordsOf(bars) }, { records: recordsOf(trades), metadata: metadata('trades') }),
    );
    expect(source).toMatchObject({
      dataset: 'GLBX.MDP3',
      startNs: START_NS + MINUTE_NS / 2n,
      endNs: null,
      hasMarkers: false,
    });
    expect(source.schemas).toEqual(new Set(['ohlcv-1m', 'trades']));
    expect(await told(source)).toEqual([
      ...['trades 1 @0.5', 'ohlcv-1m 1 @1', 'ohlcv-1m 4 @1', 'trades 1 @1', 'ohlcv-1m 1 @2'],
    ]);
    expect(await told(source, minute(1), new Set(['ohlcv-1m']))).toEqual([
      ...['ohlcv-1m 1 @1', 'ohlcv-1m 4 @1', 'ohlcv-1m 1 @2'],
    ]);
  });

  test.each([1, 2, 3] as const)('reads version %i, compressed or not, as often as it is asked', async (version) => {
    const records = recordsOf([bar(1, 0), bar(1, 1)]);
    const compression = version === 2 ? 'zstd' : 'none';
    const source = await dbnFileSource(await files({ records, version, compression }));
    expect(await told(source)).toEqual(['ohlcv-1m 1 @1', 'ohlcv-1m 1 @2']);
    expect(await told(source)).toEqual(await told(source));
  });

  test('knows instruments by the metadata of the files, from the day of their mapping on', async () => {
    const later = mapping('ESM6', 2, [20260206, 20260210]);
    const [path] = await files({
      records: recordsOf([bar(1, 0)]),
      metadata: metadata('ohlcv-1m', { mappings: [mapping('ESH6', 1), later] }),
    });
    const source = await dbnFileSource([path!]);
    expect(source.instruments(START_NS).map(({ rawSymbol }) => rawSymbol)).toEqual(['ESH6']);
    expect(source.instruments(minute(1440)).map(({ rawSymbol }) => rawSymbol)).toEqual(['ESM6']);
    expect(source.instrument(1, START_NS)).toMatchObject({ rawSymbol: 'ESH6', parents: ['ES.FUT'], isSpread: false });
    expect(source.instrument(99, START_NS)).toBeUndefined();
  });

  test('knows an id that changes its meaning by the day', async () => {
    const mappings = [mapping('ESH6', 1, [20260205, 20260206]), mapping('ESM6', 1, [20260206, 20260207])];
    const [path] = await files({ records: recordsOf([bar(1, 0)]), metadata: metadata('ohlcv-1m', { mappings }) });
    const source = await dbnFileSource([path!]);
    expect([START_NS, minute(1440)].map((atNs) => source.instrument(1, atNs)?.rawSymbol)).toEqual(['ESH6', 'ESM6']);
  });

  test('knows them from ids too when these were asked for', async () => {
    const mappings = [{ raw_symbol: '1', intervals: [{ start_date: 20260205, end_date: 20260206, symbol: 'ESH6' }] }];
    const [path] = await files({
      records: recordsOf([bar(1, 0)]),
      metadata: metadata('ohlcv-1m', { mappings, stype_in: 'instrument_id', stype_out: 'raw_symbol' }),
    });
    expect((await dbnFileSource([path!])).instruments(START_NS)).toMatchObject([
      { instrumentId: 1, rawSymbol: 'ESH6' },
    ]);
  });

  test('knows them best from definitions: class, parent, from when to when', async () => {
    const definition = record('definition', {
      ...{ instrument_id: 3, raw_symbol: 'ESH6-ESM6', asset: 'ES', instrument_class: 'S', ts_recv: START_NS },
      ...{ activation: START_NS - 1n, expiration: minute(5) },
    });
    const [path] = await files({ records: [definition], metadata: metadata('definition', { mappings: [] }) });
    const source = await dbnFileSource([path!]);
    expect(source.instruments(START_NS)).toMatchObject([
      { rawSymbol: 'ESH6-ESM6', parents: ['ES.FUT'], isSpread: true, listedNs: START_NS - 1n, expiryNs: minute(5) },
    ]);
    expect(source.instruments(minute(5))).toEqual([]);
    expect(await told(source)).toEqual(['definition 3 @0']);
  });

  test('serves a recorded session: its markers and market records, not what the gateway said of itself', async () => {
    const records: DbnRecord[] = [
      symbolMapping({ symbol: 'ES.FUT', instrument: ES_H }, 'parent', START_NS),
      bar(1, 0).record,
      endOfInterval('ohlcv-1m', minute(1)),
      heartbeat(minute(1)),
      tick('trades', 1, 90).record,
      endOfInterval('ohlcv-1m', minute(2)),
    ];
    const sent = records.map((one, index) => ({ ...one, ts_out: START_NS + BigInt(index) }) as StoredRecord);
    const [path] = await files({
      records: sent as DbnRecord[],
      metadata: metadata(null, { mappings: [], stype_in: null, ts_out: true }),
    });
    const source = await dbnFileSource([path!]);
    expect(source).toMatchObject({ hasMarkers: true, startNs: minute(1), endNs: minute(2) });
    expect(source.schemas).toEqual(new Set(['ohlcv-1m', 'trades']));
    expect(source.instruments(START_NS)).toMatchObject([{ rawSymbol: 'ESH6', parents: ['ES.FUT'] }]);
    expect(await told(source)).toEqual(['ohlcv-1m 1 @1', 'ohlcv-1m 0 @1', 'trades 1 @1.5', 'ohlcv-1m 0 @2']);
  });

  test('tells trades with quotes from quotes by the file', async () => {
    const records = [tick('tbbo', 1, 1).record];
    for (const schema of ['tbbo', 'mbp-1'] as const) {
      const source = await dbnFileSource(await files({ records, metadata: metadata(schema) }));
      expect(await told(source)).toEqual([`${schema} 1 @${1 / 60}`]);
    }
  });

  test('gives bars of old files, which do not say their length, the type of their schema', async () => {
    const old = { ...bar(1, 0).record, rtype: 0x11 } as DbnRecord;
    const source = await dbnFileSource(await files({ records: [old] }));
    const [batch] = await Array.fromAsync(source.records({ schemas, fromNs: 0n }));
    expect(batch?.bytesOf(0)[1]).toBe(0x21);
  });

  test('gives a file out in its own order', async () => {
    const source = await dbnFileSource(await files({ records: recordsOf([bar(1, 3), bar(4, 1)]) }));
    expect(await told(source)).toEqual(['ohlcv-1m 1 @4', 'ohlcv-1m 4 @4']);
  });

  test('begins an empty file when its metadata say', async () => {
    const source = await dbnFileSource(await files({ records: [] }));
    expect(source.startNs).toBe(START_NS);
    expect(await told(source)).toEqual([]);
  });

  test('refuses no file, a missing one, one without metadata, and files of two data sets', async () => {
    await expect(dbnFileSource([])).rejects.toThrow('a gateway needs at least one DBN file');
    await expect(dbnFileSource(['/nowhere.dbn'])).rejects.toThrow(/^\/nowhere.dbn: /);
    const records = recordsOf([bar(1, 0)]);
    await expect(dbnFileSource(await files({ records, metadata: null }))).rejects.toThrow(
      /0\.dbn: holds records without metadata/,
    );
    const paths = await files({ records }, { records, metadata: metadata('ohlcv-1m', { dataset: 'IFEU.IMPACT' }) });
    await expect(dbnFileSource(paths)).rejects.toThrow(/is of data set GLBX.MDP3 and .* of IFEU.IMPACT/);
  });

  test('names the file when it turns out to be cut off', async () => {
    const [path] = await files({
      records: recordsOf(Array.from({ length: 3 }, (_, index) => bar(NQ_H.instrumentId, index))),
    });
    const { truncateSync, statSync } = await import('node:fs');
    truncateSync(path!, statSync(path!).size - 10);
    const source = await dbnFileSource([path!]);
    await expect(told(source)).rejects.toThrow(/0\.dbn: truncated DBN: record 2 at byte/);
  });
});
