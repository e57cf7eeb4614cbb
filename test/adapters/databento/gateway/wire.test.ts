import { describe, expect, test } from 'vitest';
import { DbnDecoder } from '#adapters/databento/dbn/decoder.ts';
import { downgradeRecord } from '#adapters/databento/dbn/downgrade.ts';
import { openDbn } from '#adapters/databento/dbn/stream.ts';
import { bar, ES_H, type MadeRecord, madeSource, minute, record, tick } from './made-source.ts';
import { connectTo, openGateway } from './opened.ts';
import { RawClient, sentNs, subscription, told } from './raw-client.ts';

type Options = Parameters<typeof openGateway>[0];

const made = Array.from({ length: 30 }, (_, index) => [bar(1, index), tick('trades', 1, 60 * index + 7)]).flat();
const source = madeSource(made, { instruments: [ES_H], batchRecords: 7 });
const lines = [subscription({ start: minute(3), id: 5 }), subscription({ schema: 'trades', symbols: 'ES.FUT,XX.FUT' })];

/** The binary part of a session as it came. */
async function binary(options: Partial<Options> = {}, auth: Record<string, string | number> = {}, asked = lines) {
  const client = await connectTo(await openGateway({ source, startNs: minute(10), ...options }));
  client.isDecoding = false;
  await client.authenticate(auth);
  client.start(...asked);
  await client.end();
  return client.binary;
}

async function decoded(bytes: Uint8Array): Promise<string[]> {
  const stream = await openDbn(chunksOf(bytes), { upgrade: false });
  const texts: string[] = [];
  for await (const one of stream.records()) texts.push(`${told(one)} ${one.ts_event} ${sentNs(one)}`);
  return texts;
}

async function* chunksOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

describe('the bytes of a session', () => {
  test('are the same for the same source, seed and lines, faults included', async () => {
    const faults = { late: 0.2, 'missing-marker': 0.2, unknown: 0.1, duplicate: 0.3 };
    const [first, again, other] = [
      await binary({ faults, jitterMs: 20 }, { ts_out: 1 }),
      await binary({ faults, jitterMs: 20 }, { ts_out: 1 }),
      await binary({ faults, jitterMs: 20, seed: 2 }, { ts_out: 1 }),
    ];
    expect(first.length).toBeGreaterThan(5000);
    expect(again.equals(first)).toBe(true);
    expect(other.equals(first)).toBe(false);
  });

  test.each([
    ['zstd', { compression: 'zstd' }, {}],
    ['zstd with a frame for each two batches', { compression: 'zstd' }, { frameBatches: 2 }],
  ] as const)('come compressed by %s, and say the same', async (_, auth, options) => {
    const [plain, compressed] = [await binary(), await binary(options, auth)];
    expect(compressed.readUInt32LE(0)).toBe(0xfd2fb528);
    const magic = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);
    let frames = 0;
    for (let at = compressed.indexOf(magic); at !== -1; at = compressed.indexOf(magic, at + 1)) frames += 1;
    expect(frames > 1).toBe('frameBatches' in options);
    expect(await decoded(compressed)).toEqual(await decoded(plain));
  });

  test('are compressed so that a record is there when it was sent, not later', async () => {
    const gateway = await openGateway({ source, pace: 'stepped' });
    const client = await connectTo(gateway);
    client.isDecoding = false;
    await client.authenticate({ compression: 'zstd' });
    client.start(subscription());
    await client.until(() => client.binary.length > 0);
    const before = client.binary.length;
    await gateway.control('advance 60s');
    await client.until(() => client.binary.length > before);
    client.send('hello\n');
    await client.end();
    expect((await decoded(client.binary)).map((text) => text.split(' ')[0])).toEqual([
      ...['Subscription', 'ES.FUT', 'ohlcv', 'End', 'error:'],
    ]);
  });

  test.each([1, 3, 61, 65_536])(
    'come in pieces of at most %i bytes, lines included, and are the same',
    async (chunkBytes) => {
      const [plain, pieces] = [await binary(), await binary({ chunkBytes })];
      expect(pieces.equals(plain)).toBe(true);
    },
  );

  test('come in pieces through compression too', async () => {
    const auth = { compression: 'zstd' };
    expect(await decoded(await binary({ chunkBytes: 5 }, auth))).toEqual(await decoded(await binary({}, auth)));
  });
});

describe('an older version', () => {
  const definition: MadeRecord = {
    schema: 'definition',
    availableNs: minute(1),
    record: record('definition', {
      ...{ instrument_id: 1, raw_symbol: 'ESH6', asset: 'ES', instrument_class: 'F', ts_recv: minute(1) },
      raw_instrument_id: 1n,
    }),
  };
  const statistic: MadeRecord = {
    schema: 'statistics',
    availableNs: minute(2),
    record: record('statistics', { instrument_id: 1, ts_recv: minute(2), quantity: 12n, stat_type: 9 }),
  };
  const mixed = madeSource([definition, statistic, bar(1, 2)], { instruments: [ES_H] });
  const asked = ['definition', 'statistics', 'ohlcv-1m'].map((schema) => subscription({ schema }));

  test.each([
    [1, ['def_v1', 'stat_v1', 'ohlcv'], 'symmap_v1', 'system_v1'],
    [2, ['def_v2', 'stat_v1', 'ohlcv'], 'symmap_v2', 'system_v2'],
    [3, ['def_v3', 'stat_v3', 'ohlcv'], 'symmap_v2', 'system_v2'],
  ] as const)('%i has records in its own layouts', async (version, layouts, mapping, system) => {
    const bytes = await binary({ source: mixed, startNs: minute(0), version }, { ts_out: 1 }, asked);
    const stream = await openDbn(chunksOf(bytes), { upgrade: false });
    expect(stream.metadata).toMatchObject({ version, ts_out: true });
    const records = await Array.fromAsync(stream.records());
    const market = records.filter((one) => !['symmap', 'system'].some((kind) => one.layout.startsWith(kind)));
    expect(market.map(({ layout }) => layout)).toEqual(layouts);
    const sources = [definition, statistic, bar(1, 2)].map((one) => downgradeRecord(one.record, version));
    for (const [index, one] of market.entries()) {
      expect({ ...one, length: 0 }).toEqual({ ...sources[index], length: 0, ts_out: minute(index + 1) });
    }
    expect(new Set(records.filter(({ layout }) => layout.startsWith('symmap')).map(({ layout }) => layout))).toEqual(
      new Set([mapping]),
    );
    expect(records[0]?.layout).toBe(system);
  });

  test('1 has no ends of intervals unless they are asked for', async () => {
    const marker = (text: string): boolean => text.startsWith('End of interval');
    expect((await decoded(await binary({ version: 1 }))).filter(marker)).toHaveLength(0);
    expect((await decoded(await binary({ version: 1, markers: true }))).filter(marker)).toHaveLength(28);
    expect((await decoded(await binary({ markers: false }))).filter(marker)).toHaveLength(0);
  });

  test('1 cuts texts that have no room and leaves out records that do not fit', async () => {
    const long = { ...ES_H, rawSymbol: 'A'.repeat(30), parents: ['ES.FUT'] };
    const asks = [subscription({ symbols: `${'B'.repeat(70)}.FUT,ES.FUT` })];
    const bytes = await binary(
      { version: 1, source: madeSource([bar(1, 0)], { instruments: [long] }), startNs: minute(0) },
      {},
      asks,
    );
    const texts: string[] = [];
    new DbnDecoder({ upgrade: false }).feed(bytes, (view) =>
      texts.push(view.layout === 'error_v1' ? view.err : view.layout),
    );
    expect(texts).toEqual(['system_v1', `Failed to resolve symbol: ${'B'.repeat(37)}`, 'ohlcv']);
  });
});

test('a client that is gone in the middle of it all leaves nothing behind', async () => {
  const many = Array.from({ length: 100_000 }, (_, index) => tick('trades', 1, index));
  const gateway = await openGateway({ source: madeSource(many, { instruments: [ES_H], batchRecords: 500 }) });
  const client = await RawClient.connect(gateway.port);
  await client.authenticate();
  client.start(subscription({ schema: 'trades' }));
  await client.until(() => client.records.length > 10);
  client.close();
  await expect.poll(() => gateway.control('active_count')).toBe('ack active_count 0');
  const other = await connectTo(gateway);
  await other.authenticate();
  other.start(subscription({ schema: 'trades', start: 0 }));
  await other.end();
  expect(other.records.filter(({ layout }) => layout === 'trade').length).toBeGreaterThan(0);
});
