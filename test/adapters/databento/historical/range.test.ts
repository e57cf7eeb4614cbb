import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { constants, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { liveMetadata } from '#adapters/databento/dbn/metadata.ts';
import { encodeMetadata } from '#adapters/databento/dbn/metadata-writer.ts';
import type { DbnRecord } from '#adapters/databento/dbn/record.ts';
import { encodeRecord } from '#adapters/databento/dbn/record-writer.ts';
import type { BodyFault } from '#adapters/databento/gateway/historical-body.ts';
import type { HistoricalCall, HistoricalFault } from '#adapters/databento/gateway/historical-server.ts';
import type { HistoricalClient } from '#adapters/databento/historical/client.ts';
import type { RangeRequest } from '#adapters/databento/historical/parameters.ts';
import { type MadeRecord, madeBar, madeBars, madeStartNs, madeTrade } from './made-source.ts';
import { barsRequest, clientOf, madeEndNs, served } from './served.ts';

const allTrades: RangeRequest = {
  dataset: 'GLBX.MDP3',
  schema: 'trades',
  symbols: 'ALL_SYMBOLS',
  start: madeStartNs,
  end: madeEndNs,
};

/** Trades of which several share each time, and some are equal. */
const trades: readonly MadeRecord[] = Array.from({ length: 60 }, (_, index) =>
  madeTrade(101 + (index % 2), BigInt(index >> 2) * 1_000_000_000n, 1 + ((index >> 1) % 2)),
);

async function recordsOf(client: HistoricalClient, request: RangeRequest): Promise<readonly DbnRecord[]> {
  return await Array.fromAsync((await client.timeseries.getRange(request, { maxUsd: 1 })).records());
}

/** Stops the body of each get_range short, in turn, for as long as there are faults. */
function cutInTurn(...cuts: readonly BodyFault[]): (call: HistoricalCall) => HistoricalFault | null {
  const left = [...cuts];
  return ({ name }) => {
    const cut = name === 'timeseries.get_range' ? left.shift() : undefined;
    return cut === undefined ? null : { cut };
  };
}

function namesOf(calls: readonly HistoricalCall[]): readonly string[] {
  return calls.map(({ name }) => name);
}

const [quote, get] = ['metadata.get_cost', 'timeseries.get_range'];

describe('a range', () => {
  test('comes as the records that were asked for, in the order of time, with what the symbols stood for', async () => {
    const { client } = await served();
    const stream = await client().timeseries.getRange(barsRequest, { maxUsd: 1 });
    expect(stream.metadata).toMatchObject({
      version: 3,
      schema: 'ohlcv-1m',
      start: madeStartNs,
      end: madeEndNs,
      stype_in: 'parent',
      symbols: ['ES.FUT'],
    });
    expect(stream.metadata?.mappings).toContainEqual({
      raw_symbol: 'ESH6-ESM6',
      intervals: [{ start_date: 20260105, end_date: 20260106, symbol: '104' }],
    });
    const expected = madeBars(4).filter(({ record }) => record.instrument_id !== 103);
    expect(await Array.fromAsync(stream.records())).toEqual(expected.map(({ record }) => record));
  });

  test('is read as views too', async () => {
    const stream = await (await served()).client().timeseries.getRange(barsRequest, { maxUsd: 1 });
    let volume = 0n;
    await stream.forEach((view) => {
      if (view.layout === 'ohlcv') volume += view.volume;
    });
    expect(volume).toBe(
      madeBars(4).reduce((sum, { record }) => sum + (record.instrument_id === 103 ? 0n : volumeOf(record)), 0n),
    );
  });

  test('ends the request when nobody reads on', async () => {
    const { client, calls } = await served({ records: trades, flushBytes: 48 });
    const stream = await client().timeseries.getRange(allTrades, { maxUsd: 1 });
    for await (const record of stream.records()) {
      expect(record.ts_event).toBe(madeStartNs - 1_000n);
      break;
    }
    expect(namesOf(calls)).toEqual([quote, get]);
  });

  test('is given up with the reason of the signal', async () => {
    const { client } = await served({ fault: cutInTurn({ afterBytes: 150, by: 'hang' }) });
    const stop = new AbortController();
    const stream = await client().timeseries.getRange(barsRequest, { maxUsd: 1, signal: stop.signal });
    const reading = Array.fromAsync(stream.records());
    stop.abort(new Error('enough'));
    await expect(reading).rejects.toThrow('enough');
  });
});

function volumeOf(record: DbnRecord): bigint {
  return record.layout === 'ohlcv' ? record.volume : 0n;
}

describe('the cost guard', () => {
  /** 12 bars of 56 bytes at a dollar a byte. */
  const usdPerGigabyte = 2 ** 30;

  test('refuses what is above the limit, with both amounts, before anything is asked for', async () => {
    const { client, calls } = await served({ usdPerGigabyte });
    await expect(client({ maxUsd: 671.99 }).timeseries.getRange(barsRequest)).rejects.toMatchObject({
      code: 'cost',
      message: expect.stringMatching(
        /ohlcv-1m of GLBX.MDP3 .* quoted at \$672 and maxUsd is \$671.99; nothing was requested/,
      ),
    });
    expect(namesOf(calls)).toEqual([quote]);
  });

  test('refuses whatever costs something when nobody has set a limit', async () => {
    const { client, calls } = await served({ usdPerGigabyte });
    await expect(client().timeseries.getRange(barsRequest)).rejects.toThrow(/quoted at \$672 and no maxUsd allows it/);
    expect(namesOf(calls)).toEqual([quote]);
  });

  test('lets through what is free, and what is within the limit of the client or of the call', async () => {
    const { client } = await served({ usdPerGigabyte });
    const free = await served({ usdPerGigabyte: 0 });
    const streams = [
      free.client().timeseries.getRange(barsRequest),
      client({ maxUsd: 672 }).timeseries.getRange(barsRequest),
      client({ maxUsd: 1 }).timeseries.getRange(barsRequest, { maxUsd: 672 }),
    ];
    for (const stream of await Promise.all(streams)) {
      expect((await Array.fromAsync(stream.records())).length).toBe(12);
    }
  });

  test('asks again for what is left of an interrupted range', async () => {
    const { client, calls } = await served({
      flushBytes: 56,
      usdPerGigabyte,
      fault: cutInTurn({ afterBytes: 400, by: 'cut' }),
    });
    const stream = await client({ maxUsd: 672 }).timeseries.getRange(barsRequest);
    expect((await Array.fromAsync(stream.records())).length).toBe(12);
    expect(namesOf(calls)).toEqual([quote, get, quote, get]);
    const [first, , second, third] = calls.map(({ parameters }) => parameters.get('start'));
    expect(BigInt(second!)).toBeGreaterThan(BigInt(first!));
    expect(third).toBe(second);
  });

  test.each([-1, Number.NaN, Number.POSITIVE_INFINITY])('does not take %d for a limit', async (maxUsd) => {
    const { client } = await served();
    expect(() => client({ maxUsd })).toThrow(/is no limit/);
  });
});

describe('an interrupted range', () => {
  test('is continued where it was cut off, each record once, wherever that was', async () => {
    const plan = { cuts: [] as BodyFault[] };
    const { client } = await served({
      records: trades,
      flushBytes: 48,
      fault: ({ name }) => {
        const cut = name === get ? plan.cuts.shift() : undefined;
        return cut === undefined ? null : { cut };
      },
    });
    const reader = client();
    const cut = fc.record({
      afterBytes: fc.integer({ min: 0, max: 1_500 }),
      by: fc.constantFrom('cut' as const, 'end' as const),
    });
    const expected = trades.map(({ record }) => record);
    const runs = fc.asyncProperty(fc.array(cut, { maxLength: 4 }), async (cuts) => {
      plan.cuts = [...cuts];
      expect(await recordsOf(reader, allTrades)).toEqual(expected);
    });
    await fc.assert(runs, { numRuns: 60 });
  });

  test('keeps to its limit', async () => {
    const { client, calls } = await served({
      records: trades,
      flushBytes: 48,
      fault: cutInTurn({ afterBytes: 450, by: 'cut' }),
    });
    const records = await recordsOf(client(), { ...allTrades, limit: 30 });
    expect(records).toEqual(trades.slice(0, 30).map(({ record }) => record));
    const again = Number(calls.at(-1)?.parameters.get('limit'));
    expect(again).toBeGreaterThan(0);
    expect(again).toBeLessThan(30);
  });

  test('that named no end is continued to the end that the first answer named', async () => {
    const { client, calls } = await served({
      records: trades,
      flushBytes: 48,
      fault: cutInTurn({ afterBytes: 450, by: 'cut' }),
    });
    const { end: _, ...open } = { ...allTrades, start: '2026-01-05T14:30' };
    expect((await recordsOf(client(), open)).length).toBe(60);
    expect(calls.map(({ parameters }) => parameters.get('end'))).toEqual([
      ...[undefined, undefined],
      ...['1767623460000000000', '1767623460000000000'],
    ]);
  });

  test('is given up after as many tries as are allowed without a new record', async () => {
    const cut: BodyFault = { afterBytes: 350, by: 'cut' };
    const fault = ({ name }: HistoricalCall): HistoricalFault | null => (name === get ? { cut } : null);
    const { client, calls } = await served({ fault, flushBytes: 1 });
    const reader = client({ attemptsMax: 3 });
    await expect(recordsOf(reader, { ...barsRequest, symbols: ['ESH6'], stypeIn: 'raw_symbol' })).rejects.toMatchObject(
      {
        code: 'connection',
      },
    );
    expect(namesOf(calls).filter((name) => name === get).length).toBeLessThanOrEqual(4);
  });

  test.each([
    ['nothing at all', 0],
    ['a part of its header', 60],
    ['all but the end of its zstd frame', -1],
  ])('is an error when the body ends with %s as if that were all', async (_, bytes) => {
    const records = [madeBar(101, 0)];
    const whole = await bodyOf(records);
    const afterBytes = bytes < 0 ? whole + bytes : bytes;
    const fault = ({ name }: HistoricalCall): HistoricalFault | null =>
      name === get ? { cut: { afterBytes, by: 'end' } } : null;
    const { client } = await served({ records, fault });
    await expect(recordsOf(client({ attemptsMax: 1 }), barsRequest)).rejects.toMatchObject({ code: 'truncated' });
  });

  test('is not asked for again after a refusal', async () => {
    let gets = 0;
    const { client, calls } = await served({
      flushBytes: 56,
      fault: ({ name }) => {
        if (name !== get) return null;
        gets += 1;
        return gets === 1 ? { cut: { afterBytes: 400, by: 'cut' } } : { status: 402 };
      },
    });
    await expect(recordsOf(client(), barsRequest)).rejects.toMatchObject({ status: 402 });
    expect(namesOf(calls)).toEqual([quote, get, quote, get]);
  });

  test('is asked for again when nothing of it had come', async () => {
    const faults: HistoricalFault[] = [{ status: 503 }, { status: 429 }];
    const { client, calls } = await served({ fault: ({ name }) => (name === get ? (faults.shift() ?? null) : null) });
    expect((await recordsOf(client(), barsRequest)).length).toBe(12);
    expect(namesOf(calls)).toEqual([quote, get, get, get]);
  });
});

/** Compressed bytes of the answer to the request for bars. */
async function bodyOf(records: readonly MadeRecord[]): Promise<number> {
  const { server } = await served({ records });
  const form = new URLSearchParams({ dataset: 'GLBX.MDP3', symbols: 'ES.FUT', schema: 'ohlcv-1m', stype_in: 'parent' });
  for (const [name, value] of [
    ['start', madeStartNs],
    ['end', madeEndNs],
    ['compression', 'zstd'],
  ] as const)
    form.set(name, `${value}`);
  const authorization = `Basic ${Buffer.from('db-unittestapikey1234567890FFFFF:').toString('base64')}`;
  const response = await fetch(`${server.url}/v0/timeseries.get_range`, {
    method: 'POST',
    body: form,
    headers: { authorization },
  });
  return (await response.arrayBuffer()).byteLength;
}

describe('a body', () => {
  const header = encodeMetadata(liveMetadata({ dataset: 'GLBX.MDP3' }));
  const bar = encodeRecord(madeBar(101, 0).record);
  const checked = { params: { [constants.ZSTD_c_checksumFlag]: 1 } };

  test.each([
    [
      'ends inside a record, though its frame is whole',
      zstdCompressSync(Buffer.concat([header, bar.subarray(0, 50)])),
      'truncated',
    ],
    ['is damaged', zstdCompressSync(Buffer.concat([header, bar]), checked).fill(0xff, 20, 30), 'corrupt'],
    ['is no zstd', Buffer.from('<html></html>'), 'corrupt'],
    ['is no DBN', zstdCompressSync('<html></html>'), 'not-dbn'],
  ])('that %s is an error', async (_, body, code) => {
    const server = createServer((request, response) => response.end(request.url === `/v0/${quote}` ? '0' : body));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const reader = clientOf(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, { attemptsMax: 2 });
    await expect(recordsOf(reader, barsRequest)).rejects.toMatchObject({ code });
  });
});
