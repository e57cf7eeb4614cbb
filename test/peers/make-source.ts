import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DbnEncoder } from '#adapters/databento/dbn/encoder.ts';
import { rtypeOfSchema, type Schema, UNDEF_PRICE } from '#adapters/databento/dbn/enums.ts';
import { layoutOf } from '#adapters/databento/dbn/layouts.ts';
import { type DbnMetadata, liveMetadata } from '#adapters/databento/dbn/metadata.ts';
import type { StoredRecord } from '#adapters/databento/dbn/record.ts';

/**
 * Writes an hour of a market into a folder, one DBN file for each schema, as the historical API would give them:
 * four futures of CME, one of them a spread with negative prices, and many other instruments of which each trades once.
 */
const START_NS = BigInt(Date.UTC(2026, 0, 5, 14, 30)) * 1_000_000n;
const SECOND_NS = 1_000_000_000n;
const MINUTE_NS = 60n * SECOND_NS;
const MINUTES = 60;
const TICK = 250_000_000n;

const futures = [
  { id: 42_001, symbol: 'ESH6', price: 6_900_000_000_000n },
  { id: 42_002, symbol: 'ESM6', price: 6_955_000_000_000n },
  { id: 42_003, symbol: 'NQH6', price: 25_400_000_000_000n },
  { id: 42_900, symbol: 'ESH6-ESM6', price: -55_000_000_000n },
] as const;
/** More than one line of a subscription may name. */
const others = Array.from({ length: 600 }, (_, index) => ({
  id: 50_000 + index,
  symbol: `OTHER${1000 + index}`,
  price: TICK * 400n,
}));
const [es, , nq] = futures;

/** A record of a schema: what is not given is zero or empty. */
function record(schema: Schema, given: Readonly<Record<string, unknown>>): StoredRecord {
  const rtype = rtypeOfSchema(schema);
  const layout = layoutOf(rtype, 3)!;
  const unset: Record<string, unknown> = { price: 0n, time: 0n, u64: 0n, i64: 0n, char: '', text: '' };
  const blank = Object.fromEntries(layout.fields.map(({ name, type }) => [name, unset[type] ?? 0]));
  return { layout: layout.name, ...blank, rtype, publisher_id: 1, ...given } as unknown as StoredRecord;
}

function bar(schema: Schema, instrument: { id: number; price: bigint }, atNs: bigint, index: number): StoredRecord {
  const close = instrument.price + BigInt((index * 7) % 40) * TICK;
  const prices = { open: close - TICK, high: close + 2n * TICK, low: close - 3n * TICK, close };
  return record(schema, {
    instrument_id: instrument.id,
    ts_event: atNs,
    ...prices,
    volume: BigInt(1 + ((index * 31) % 900)),
  });
}

function tick(schema: Schema, instrument: { id: number; price: bigint }, index: number): StoredRecord {
  const ts_event = START_NS + BigInt(index) * 700_000_123n;
  const price = instrument.price + BigInt((index * 13) % 25) * TICK;
  const quote = {
    bid_px_00: index % 50 === 0 ? UNDEF_PRICE : price - TICK,
    ask_px_00: price,
    bid_sz_00: 7,
    ask_sz_00: 9,
  };
  return record(schema, {
    ...(schema === 'mbp-1' && { ...quote, bid_ct_00: 3, ask_ct_00: 4 }),
    instrument_id: instrument.id,
    ts_event,
    ts_recv: ts_event + 91_000n,
    ts_in_delta: 17_000,
    price,
    size: 1 + (index % 12),
    action: schema === 'mbp-1' ? 'A' : 'T',
    side: 'BAN'[index % 3],
    flags: 128,
    sequence: 1_000_000 + index,
  });
}

function definition({ id, symbol }: { id: number; symbol: string }, index: number): StoredRecord {
  const atNs = BigInt(Date.UTC(2026, 0, 5)) * 1_000_000n + BigInt(index);
  const isSpread = symbol.includes('-');
  return record('definition', {
    instrument_id: id,
    ts_event: atNs,
    ts_recv: atNs,
    raw_symbol: symbol,
    asset: symbol.slice(0, 2),
    exchange: 'XCME',
    currency: 'USD',
    security_type: 'FUT',
    instrument_class: isSpread ? 'S' : 'F',
    match_algorithm: 'F',
    security_update_action: 'A',
    user_defined_instrument: 'N',
    leg_side: 'N',
    min_price_increment: TICK,
    activation: BigInt(Date.UTC(2025, 0, 5)) * 1_000_000n,
    expiration: BigInt(Date.UTC(2026, symbol.endsWith('M6') && !isSpread ? 5 : 2, 20, 13, 30)) * 1_000_000n,
  });
}

const minutes = Array.from({ length: MINUTES }, (_, index) => START_NS + BigInt(index) * MINUTE_NS);
const seconds = Array.from({ length: 300 }, (_, index) => START_NS + BigInt(index) * SECOND_NS);
const records: Partial<Record<Schema, StoredRecord[]>> = {
  // The other instruments trade ten to the minute; NQH6 rests in every fourth.
  'ohlcv-1m': minutes.flatMap((atNs, index) => [
    ...futures.filter((future) => future !== nq || index % 4 > 0).map((future) => bar('ohlcv-1m', future, atNs, index)),
    ...others.slice(10 * index, 10 * index + 10).map((other) => bar('ohlcv-1m', other, atNs, index)),
  ]),
  'ohlcv-1s': seconds.map((atNs, index) => bar('ohlcv-1s', es, atNs, index)),
  trades: Array.from({ length: 2000 }, (_, index) => tick('trades', index % 3 === 0 ? nq : es, index)),
  'mbp-1': Array.from({ length: 1000 }, (_, index) => tick('mbp-1', es, index)),
  definition: futures.map(definition),
};

function metadataOf(schema: Schema): DbnMetadata {
  const instruments = [...futures, ...others];
  return {
    ...liveMetadata({ dataset: 'GLBX.MDP3', start: BigInt(Date.UTC(2026, 0, 5)) * 1_000_000n }),
    schema,
    end: BigInt(Date.UTC(2026, 0, 6)) * 1_000_000n,
    stype_in: 'raw_symbol',
    symbols: instruments.map(({ symbol }) => symbol),
    mappings: instruments.map(({ id, symbol }) => ({
      raw_symbol: symbol,
      intervals: [{ start_date: 20260105, end_date: 20260106, symbol: String(id) }],
    })),
  };
}

const folder = process.argv[2];
if (folder === undefined) throw new Error('usage: make-source.ts FOLDER');
mkdirSync(folder, { recursive: true });
for (const [schema, list] of Object.entries(records)) {
  const encoder = new DbnEncoder();
  encoder.metadata(metadataOf(schema as Schema));
  for (const one of list) encoder.record(one);
  writeFileSync(join(folder, `${schema}.dbn`), encoder.take());
}
