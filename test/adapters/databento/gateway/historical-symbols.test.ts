import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { readDbnFile } from '#adapters/databento/dbn/dbn-file.ts';
import type { DbnRecord } from '#adapters/databento/dbn/record.ts';
import { dbnFileSource } from '#adapters/databento/gateway/file-source.ts';
import { dbnSamples, hasDbnSamples } from '../dbn/dbn-files.ts';
import { type MadeRecord, madeBar, madeBars, madeStartNs } from '../historical/made-source.ts';
import { bars, dayNs, opened, serve } from './historical-requests.ts';

describe('symbols', () => {
  /** From the day on which ESM6 is traded more than ESH6. */
  const rolled = [
    ...[madeBar(101, 0), madeBar(102, 0), madeBar(105, 0)].map((made, index) =>
      withVolume(made, [900, 100, 10][index]!),
    ),
    ...[madeBar(101, 1440), madeBar(102, 1440)].map((made, index) => withVolume(made, [200, 800][index]!)),
    madeBar(101, 2 * 1440),
  ];

  function withVolume(made: MadeRecord, volume: number): MadeRecord {
    return { ...made, record: { ...made.record, volume: BigInt(volume) } as DbnRecord };
  }

  async function resolved(parameters: Record<string, string>): Promise<Record<string, unknown>> {
    const { ask } = await serve(rolled, { now: () => madeStartNs + 4n * dayNs });
    const days = { dataset: 'GLBX.MDP3', start_date: '2026-01-05', end_date: '2026-01-08' };
    return (await (await ask('symbology.resolve', { ...days, ...parameters })).json()) as Record<string, unknown>;
  }

  const dated = (d0: string, d1: string, s: string) => ({ d0: `2026-01-${d0}`, d1: `2026-01-${d1}`, s });

  test('are resolved to ids, with the days on which they were something', async () => {
    expect(await resolved({ symbols: 'esh6,ESF6,NOPE', stype_in: 'raw_symbol', stype_out: 'instrument_id' })).toEqual({
      result: { ESH6: [dated('05', '08', '101')], ESF6: [dated('05', '07', '105')] },
      symbols: ['ESH6', 'ESF6', 'NOPE'],
      stype_in: 'raw_symbol',
      stype_out: 'instrument_id',
      start_date: '2026-01-05',
      end_date: '2026-01-08',
      partial: ['ESF6'],
      not_found: ['NOPE'],
      message: 'Not found',
      status: 2,
    });
  });

  test('are resolved from ids', async () => {
    const { result } = await resolved({ symbols: '101', stype_in: 'instrument_id', stype_out: 'raw_symbol' });
    expect(result).toEqual({ 101: [dated('05', '08', 'ESH6')] });
  });

  test('of a parent are those of its instruments, spreads included', async () => {
    const { result, partial } = await resolved({ symbols: 'ES.FUT', stype_in: 'parent', stype_out: 'instrument_id' });
    expect(new Set(Object.keys(result as object))).toEqual(new Set(['ESF6', 'ESH6', 'ESH6-ESM6', 'ESM6']));
    expect(partial).toEqual(['ESF6']);
  });

  test('that are continuous roll from day to day', async () => {
    const { result } = await resolved({ symbols: 'ES.v.0,ES.c.0', stype_in: 'continuous', stype_out: 'instrument_id' });
    expect(result).toEqual({
      'ES.v.0': [dated('05', '07', '101'), dated('07', '08', '102')],
      'ES.c.0': [dated('05', '07', '105'), dated('07', '08', '101')],
    });
  });

  test('of a range choose its records day by day, and are told in its header', async () => {
    const { ask } = await serve(rolled, { now: () => madeStartNs + 4n * dayNs });
    const range = { ...bars, start: '2026-01-05', end: '2026-01-08', symbols: 'ES.c.0', stype_in: 'continuous' };
    const { metadata, records } = await opened(ask('timeseries.get_range', range));
    expect(records.map(({ instrument_id }) => instrument_id)).toEqual([105, 101]);
    expect(metadata.mappings).toEqual([
      {
        raw_symbol: 'ES.c.0',
        intervals: [
          { start_date: 20260105, end_date: 20260107, symbol: '105' },
          { start_date: 20260107, end_date: 20260108, symbol: '101' },
        ],
      },
    ]);
  });

  test('are all there are when none is named', async () => {
    const { metadata, records } = await opened((await serve(madeBars(6))).ask('timeseries.get_range', bars));
    expect(records.length).toBe(16);
    expect(metadata).toMatchObject({ symbols: ['ALL_SYMBOLS'], mappings: [], partial: [], not_found: [] });
  });
});

// Needs ../shared/data/dbn.
describe.skipIf(!hasDbnSamples)('files of Databento', () => {
  const folder = new URL('nautilus/', dbnSamples);

  test.each([
    'futures_ohlcv-1m_2024-07-01T23-40_2024-07-02T00-10.dbn.zst',
    'futures_trades_2024-07-01T23-58_2024-07-02T00-02.dbn.zst',
    'futures_mbp-1_2024-07-01T23-58_2024-07-02T00-02.dbn.zst',
    'futures_definition.dbn.zst',
  ])('are served as they were delivered: %s', async (name) => {
    const path = fileURLToPath(new URL(name, folder));
    const stream = await readDbnFile(path);
    const { dataset, schema, start, end, symbols, mappings } = stream.metadata!;
    const source = await dbnFileSource([path]);
    const { ask } = await serve([], { source, now: () => start + 10n * dayNs });
    const range = { dataset, schema: schema!, start: `${start}`, end: `${end!}`, symbols: symbols.join() };
    const delivered = await opened(ask('timeseries.get_range', { ...range, compression: 'zstd' }));
    expect(delivered.records).toEqual(await Array.fromAsync(stream.records()));
    expect(delivered.metadata).toMatchObject({ dataset, schema, start, end, symbols });
    expect(new Set(delivered.metadata.mappings)).toEqual(new Set(mappings));
  });
});
