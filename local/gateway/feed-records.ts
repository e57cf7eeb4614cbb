import { rtypes, schemaNumbers } from '#adapters/databento/dbn/enums.ts';
import { layouts } from '#adapters/databento/dbn/layouts.ts';
import { encodeRecord } from '#adapters/databento/dbn/record-writer.ts';
import { BatchBuilder } from '#adapters/databento/gateway/batch-builder.ts';
import { endOfInterval } from '#adapters/databento/gateway/gateway-records.ts';
import type { RecordBatch } from '#adapters/databento/gateway/record-batch.ts';
import type { MinuteBar } from '#core/market/bar.ts';
import { parseContract } from '#core/market/contract.ts';
import type { FeedEvent } from '#core/market/feed.ts';
import { MINUTE_MS } from '#core/market/timeframe.ts';
import { calendarSpread, outright } from './listed-contracts.ts';
import { spreadBars } from './spread-bars.ts';

const schemaNumber = schemaNumbers['ohlcv-1m'];
const specs = layouts.ohlcv.specs;
const BATCH_RECORDS = 2048;
const NS_PER_MS = 1_000_000n;
const PRICE_UNITS = 1e9;
/** Of CME Globex. */
const PUBLISHER_ID = 1;

/**
 * What a gateway has of a feed: a one-minute bar at the end of its minute, an end-of-interval marker where the feed says
 * that a minute is closed, nothing for a gap. With spreads, the calendar spread of each root's first two contracts of the
 * minute comes after the bars of the minute.
 */
export async function* feedRecords(
  events: AsyncIterable<FeedEvent>,
  hasSpreads: boolean,
): AsyncGenerator<RecordBatch, void, undefined> {
  const writer = new BarWriter();
  let minute: MinuteBar[] = [];
  const addSpreads = (): void => {
    if (hasSpreads) for (const { bar, near } of spreadBars(minute)) writer.bar(bar, calendarSpread(near).instrumentId);
    minute = [];
  };
  for await (const event of events) {
    if (event.kind === 'bar') {
      if (minute[0] !== undefined && minute[0].openTimeMs !== event.bar.openTimeMs) addSpreads();
      writer.bar(event.bar, writer.idOf(event.bar.contract));
      minute.push(event.bar);
    } else {
      addSpreads();
      if (event.kind === 'closed') writer.marker(event.closeTimeMs);
    }
    if (writer.length >= BATCH_RECORDS && minute.length === 0) yield writer.take();
  }
  addSpreads();
  if (writer.length > 0) yield writer.take();
}

/** Writes bars and markers into batches. */
class BarWriter {
  readonly #record = new Uint8Array(layouts.ohlcv.size);
  readonly #view = new DataView(this.#record.buffer);
  readonly #ids = new Map<string, number>();
  #builder = new BatchBuilder();
  #lastMs = 0;

  constructor() {
    this.#record[0] = layouts.ohlcv.size / 4;
    this.#record[1] = rtypes['ohlcv-1m'];
    this.#view.setUint16(specs.publisher_id[1], PUBLISHER_ID, true);
  }

  get length(): number {
    return this.#builder.length;
  }

  /** The instrument id of a contract, `ESZ2026`. */
  idOf(contract: string): number {
    const known = this.#ids.get(contract);
    if (known !== undefined) return known;
    const { instrumentId } = outright(parseContract(contract));
    this.#ids.set(contract, instrumentId);
    return instrumentId;
  }

  bar(bar: Omit<MinuteBar, 'root' | 'contract'>, instrumentId: number): void {
    const view = this.#view;
    view.setUint32(specs.instrument_id[1], instrumentId, true);
    view.setBigUint64(specs.ts_event[1], BigInt(bar.openTimeMs) * NS_PER_MS, true);
    for (const name of ['open', 'high', 'low', 'close'] as const) {
      view.setBigInt64(specs[name][1], BigInt(Math.round(bar[name] * PRICE_UNITS)), true);
    }
    view.setBigUint64(specs.volume[1], BigInt(bar.volume), true);
    this.#builder.addBytes(this.#record, schemaNumber, this.#available(bar.openTimeMs + MINUTE_MS));
  }

  marker(closeTimeMs: number): void {
    const record = encodeRecord(endOfInterval('ohlcv-1m', BigInt(closeTimeMs) * NS_PER_MS));
    this.#builder.addBytes(record, schemaNumber, this.#available(closeTimeMs));
  }

  /** The batch so far, which nobody writes to any more. */
  take(): RecordBatch {
    const batch = this.#builder.batch();
    this.#builder = new BatchBuilder();
    return batch;
  }

  /** Time in the order of the feed. */
  #available(timeMs: number): bigint {
    this.#lastMs = Math.max(this.#lastMs, timeMs);
    return BigInt(this.#lastMs) * NS_PER_MS;
  }
}
