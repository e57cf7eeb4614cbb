import type { Schema } from '#adapters/databento/dbn/enums.ts';
import { rtypeOfSchema } from '#adapters/databento/dbn/enums.ts';
import { encodeMetadata } from '#adapters/databento/dbn/metadata-writer.ts';
import { makeRandom } from '#adapters/databento/gateway/random.ts';

/** What the measured files hold: bars, trades, or one of each in turn. */
export const contents = ['ohlcv-1m', 'trades', 'mixed'] as const;
export type Content = (typeof contents)[number];

/** Accepted by the measured simulators, and of no use elsewhere. */
export const BENCH_KEY = 'db-benchmarkbenchmarkbenchmark01';
export const INSTRUMENTS = 38;
export const FIRST_ID = 4_916;
const [OHLCV_BYTES, TRADE_BYTES] = [56, 48];
export const START_NS = 1_767_571_200_000_000_000n;
const MINUTE_NS = 60_000_000_000n;
/** 0.25 points. */
const TICK_UNITS = 250_000_000n;

/** A whole DBN file of version 3, plain: header, and `count` records whose values vary as those of a market do. */
export function madeFile(content: Content, count: number): Uint8Array {
  const header = fileHeader(content);
  const bars = content === 'ohlcv-1m' ? count : content === 'trades' ? 0 : Math.ceil(count / 2);
  const bytes = new Uint8Array(header.length + bars * OHLCV_BYTES + (count - bars) * TRADE_BYTES);
  bytes.set(header);
  const view = new DataView(bytes.buffer);
  const market = new Market();
  let at = header.length;
  for (let index = 0; index < count; index++) {
    const isBar = content === 'ohlcv-1m' || (content === 'mixed' && index % 2 === 0);
    at += isBar ? market.writeBar(view, at) : market.writeTrade(view, at);
  }
  return bytes;
}

function fileHeader(content: Content): Uint8Array {
  return encodeMetadata({
    version: 3,
    dataset: 'GLBX.MDP3',
    schema: content === 'mixed' ? null : content,
    start: START_NS,
    end: null,
    limit: null,
    stype_in: 'parent',
    stype_out: 'instrument_id',
    ts_out: false,
    symbol_cstr_len: 71,
    symbols: ['ES.FUT'],
    partial: [],
    not_found: [],
    mappings: [],
  });
}

/** Prices that walk, volumes with a long tail, times that move on; the same on every machine. */
export class Market {
  readonly #random = makeRandom(1, 'bench');
  readonly #ticks = Array.from({ length: INSTRUMENTS }, (_, index) => 4_000 + 800 * index);
  #turn = 0;
  #timeNs: bigint;
  #sequence = 1;

  constructor(startNs = START_NS) {
    this.#timeNs = startNs;
  }

  /** Writes a bar of one minute, instrument after instrument. */
  writeBar(view: DataView, at: number): number {
    const instrument = this.#turn++ % INSTRUMENTS;
    if (instrument === 0) this.#timeNs += MINUTE_NS;
    const [open, close] = [this.#ticks[instrument]!, this.#walk(instrument, 9)];
    this.#writeHeader({ view, at, size: OHLCV_BYTES, schema: 'ohlcv-1m', instrument });
    view.setBigInt64(at + 16, units(open), true);
    view.setBigInt64(at + 24, units(Math.max(open, close) + this.#random.below(5)), true);
    view.setBigInt64(at + 32, units(Math.min(open, close) - this.#random.below(5)), true);
    view.setBigInt64(at + 40, units(close), true);
    view.setBigUint64(at + 48, BigInt(1 + Math.floor(20 / (this.#random.uniform() + 0.005))), true);
    return OHLCV_BYTES;
  }

  /** Writes a trade some microseconds after the one before. */
  writeTrade(view: DataView, at: number): number {
    const instrument = Math.floor(INSTRUMENTS * this.#random.uniform() ** 3);
    const delayNs = 9_000 + this.#random.below(40_000);
    this.#timeNs += BigInt(this.#random.below(400_000));
    this.#writeHeader({ view, at, size: TRADE_BYTES, schema: 'trades', instrument });
    view.setBigInt64(at + 16, units(this.#walk(instrument, 3)), true);
    view.setUint32(at + 24, 1 + Math.floor(0.2 / (this.#random.uniform() + 0.01)), true);
    view.setUint8(at + 28, 'T'.charCodeAt(0));
    view.setUint8(at + 29, 'ABN'.charCodeAt(this.#random.below(3)));
    view.setUint8(at + 30, this.#random.below(2) * 128);
    view.setUint8(at + 31, 0);
    view.setBigUint64(at + 32, this.#timeNs + BigInt(delayNs), true);
    view.setInt32(at + 40, delayNs, true);
    view.setUint32(at + 44, this.#sequence++, true);
    return TRADE_BYTES;
  }

  #walk(instrument: number, ticksMax: number): number {
    const ticks = this.#ticks[instrument]! + this.#random.below(2 * ticksMax + 1) - ticksMax;
    this.#ticks[instrument] = Math.max(ticks, 100);
    return this.#ticks[instrument]!;
  }

  #writeHeader(record: { view: DataView; at: number; size: number; schema: Schema; instrument: number }): void {
    const { view, at, size, schema, instrument } = record;
    view.setUint8(at, size / 4);
    view.setUint8(at + 1, rtypeOfSchema(schema));
    view.setUint16(at + 2, 1, true);
    view.setUint32(at + 4, FIRST_ID + instrument, true);
    view.setBigUint64(at + 8, this.#timeNs, true);
  }
}

function units(ticks: number): bigint {
  return BigInt(ticks) * TICK_UNITS;
}

/** A file in pieces of at most `size` bytes, which share its memory. */
export function chunksOf(bytes: Uint8Array, size: number): Uint8Array[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
    bytes.subarray(index * size, (index + 1) * size),
  );
}
