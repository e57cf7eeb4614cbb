import { describe, expect, test } from 'vitest';
import type { RecordBatch } from '#adapters/databento/gateway/record-batch.ts';
import type { GatewaySource } from '#adapters/databento/gateway/source.ts';
import { generatorFeed } from '#adapters/generator/generator-feed.ts';
import type { MinuteBar } from '#core/market/bar.ts';
import { cmeCalendar } from '#core/market/cme-hours.ts';
import type { FeedEvent } from '#core/market/feed.ts';
import { feedSource } from '#local/gateway/feed-source.ts';

const START_MS = Date.UTC(2026, 1, 5, 15);
const MINUTE_MS = 60_000;
const schemas = new Set(['ohlcv-1m'] as const);

function bar(contract: string, minutes: number, price = 6900.25): FeedEvent {
  const root = contract.slice(0, -5);
  const prices = { open: price, high: price + 1, low: price - 1, close: price + 0.5 };
  return { kind: 'bar', bar: { root, contract, openTimeMs: START_MS + minutes * MINUTE_MS, ...prices, volume: 100 } };
}

const closed = (minutes: number): FeedEvent => ({
  kind: 'closed',
  closeTimeMs: START_MS + minutes * MINUTE_MS,
  grade: 'presumed',
});

async function sourceOf(events: readonly FeedEvent[], spreads = false): Promise<GatewaySource> {
  return await feedSource(
    async function* () {
      yield* events;
    },
    { universe: ['ES', 'CL'], spreads },
  );
}

/** What each record says: `ESH6 @0 open high low close x volume`, or `| @1` for a marker; times in minutes. */
async function told(source: GatewaySource, fromNs = 0n): Promise<string[]> {
  const texts: string[] = [];
  for await (const batch of source.records({ schemas, fromNs })) texts.push(...toldBatch(source, batch));
  return texts;
}

function toldBatch(source: GatewaySource, batch: RecordBatch): string[] {
  const minutes = (timeNs: bigint): number => (Number(timeNs / 1_000_000n) - START_MS) / MINUTE_MS;
  return [...batch].map(({ availableNs, bytes }) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    const at = minutes(view.getBigUint64(8, true));
    if (bytes[1] === 0x17) return `| @${at} available @${minutes(availableNs)}`;
    const prices = [16, 24, 32, 40].map((offset) => Number(view.getBigInt64(offset, true)) / 1e9);
    const symbol = source.instrument(view.getUint32(4, true), availableNs)?.rawSymbol;
    return `${symbol} @${at} ${prices.join(' ')} x ${view.getBigUint64(48, true)} available @${minutes(availableNs)}`;
  });
}

describe('a feed as a gateway source', () => {
  test('gives bars at the end of their minute, closed minutes as markers, and nothing for a gap', async () => {
    const gap: FeedEvent = { kind: 'gap', fromMs: START_MS + MINUTE_MS, toMs: START_MS + 3 * MINUTE_MS };
    const events = [
      bar('ESH2026', 0),
      bar('CLH2026', 0, -37.63),
      closed(1),
      gap,
      closed(4),
      bar('ESH2026', 4),
      closed(5),
    ];
    const source = await sourceOf(events);
    expect(source).toMatchObject({
      dataset: 'GLBX.MDP3',
      hasMarkers: true,
      startNs: BigInt(START_MS + MINUTE_MS) * 1_000_000n,
    });
    expect(await told(source)).toEqual([
      'ESH6 @0 6900.25 6901.25 6899.25 6900.75 x 100 available @1',
      'CLH6 @0 -37.63 -36.63 -38.63 -37.13 x 100 available @1',
      '| @1 available @1',
      '| @4 available @4',
      'ESH6 @4 6900.25 6901.25 6899.25 6900.75 x 100 available @5',
      '| @5 available @5',
    ]);
    expect(source.endNs).toBe(BigInt(START_MS + 5 * MINUTE_MS) * 1_000_000n);
  });

  test('begins at any time, and again', async () => {
    const source = await sourceOf([bar('ESH2026', 0), closed(1), bar('ESH2026', 1), closed(2)]);
    const fromNs = BigInt(START_MS + 2 * MINUTE_MS) * 1_000_000n;
    expect(await told(source, fromNs)).toEqual((await told(source)).slice(2));
    expect(await told(source)).toHaveLength(4);
  });

  test('keeps its order when a print of the closing minute comes late', async () => {
    const source = await sourceOf([bar('ESH2026', 0), closed(1), bar('ESH2026', -30), closed(2)]);
    expect((await told(source)).map((text) => text.split('available')[1])).toEqual([' @1', ' @1', ' @1', ' @2']);
  });

  test('lists the coming contracts of every root of the universe, whether they trade or not', async () => {
    const source = await sourceOf([bar('ESH2026', 0)]);
    const listed = source.instruments(BigInt(START_MS) * 1_000_000n);
    expect(listed.map(({ rawSymbol }) => rawSymbol)).toEqual([
      ...['ESH6', 'ESM6', 'ESU6', 'ESZ6', 'ESH7', 'CLH6', 'CLJ6', 'CLK6', 'CLM6', 'CLN6'],
    ]);
    expect(listed[0]).toMatchObject({ parents: ['ES.FUT'], isSpread: false });
    expect(new Set(listed.map(({ instrumentId }) => instrumentId)).size).toBe(listed.length);
    for (const instrument of listed) expect(source.instrument(instrument.instrumentId, 0n)).toEqual(instrument);
  });

  test('lists a contract no more when it has ended', async () => {
    const source = await sourceOf([bar('ESH2026', 0)]);
    const onNs = BigInt(Date.UTC(2026, 2, 21)) * 1_000_000n;
    expect(
      source
        .instruments(onNs)
        .map(({ rawSymbol }) => rawSymbol)
        .slice(0, 2),
    ).toEqual(['ESM6', 'ESU6']);
  });

  test('gives a contract the same id in every run', async () => {
    const ids = async (contract: string): Promise<number[]> => {
      const source = await sourceOf([bar(contract, 0)]);
      const [batch] = await Array.fromAsync(source.records({ schemas, fromNs: 0n }));
      return [batch!.view.getUint32(4, true)];
    };
    expect(await ids('ESH2026')).toEqual(await ids('ESH2026'));
    expect(await ids('ESH2026')).not.toEqual(await ids('ESH2027'));
  });

  test('with spreads lists and trades the calendar spreads, at prices below zero too', async () => {
    const events = [
      bar('ESH2026', 0, 6900),
      bar('ESM2026', 0, 6960),
      bar('CLH2026', 0, 70),
      closed(1),
      bar('ESH2026', 1),
    ];
    const source = await sourceOf(events, true);
    expect((await told(source)).filter((text) => text.includes('-ESM6'))).toEqual([
      'ESH6-ESM6 @0 -60 -60 -60 -60 x 2 available @1',
    ]);
    const spreads = source.instruments(BigInt(START_MS) * 1_000_000n).filter(({ isSpread }) => isSpread);
    expect(spreads.map(({ rawSymbol }) => rawSymbol)).toContain('CLH6-CLJ6');
    expect(spreads[0]).toMatchObject({ rawSymbol: 'ESH6-ESM6', parents: ['ES.FUT'] });
    for (const spread of spreads) expect(source.instrument(spread.instrumentId, 0n)).toEqual(spread);
  });

  test('refuses a feed that says nothing', async () => {
    await expect(sourceOf([])).rejects.toThrow('a gateway needs bars to give out, and the feed has none');
  });

  test('gives every bar and closed minute of the generator, prices exact', async () => {
    const options = { seed: 3, universe: ['ES', '6J', 'ZB'], firstTradeDate: '2026-02-05', sessions: 1 };
    const feed = () => generatorFeed({ ...options, calendar: cmeCalendar() }).events();
    const bars: MinuteBar[] = [];
    let minutes = 0;
    for await (const event of feed()) {
      if (event.kind === 'bar') bars.push(event.bar);
      else minutes += 1;
    }
    const source = await feedSource(feed, { universe: options.universe });
    const texts = await told(source);
    expect(texts.filter((text) => text.startsWith('|'))).toHaveLength(minutes);
    const prices = texts.filter((text) => !text.startsWith('|')).map((text) => text.split(' ').slice(2, 6).map(Number));
    expect(prices).toEqual(bars.map(({ open, high, low, close }) => [open, high, low, close]));
  });
});
