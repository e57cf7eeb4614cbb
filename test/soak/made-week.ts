import { schemaNumbers } from '#adapters/databento/dbn/enums.ts';
import { BatchBuilder } from '#adapters/databento/gateway/batch-builder.ts';
import type { Random } from '#adapters/databento/gateway/random.ts';
import type { RecordBatch } from '#adapters/databento/gateway/record-batch.ts';
import type { GatewaySource } from '#adapters/databento/gateway/source.ts';
import { generatorFeed } from '#adapters/generator/generator-feed.ts';
import { cmeCalendar } from '#core/market/cme-hours.ts';
import type { FeedEvent } from '#core/market/feed.ts';
import { feedRecords } from '#local/gateway/feed-records.ts';
import { feedSource } from '#local/gateway/feed-source.ts';
import { SourceGate } from './source-gate.ts';

/** A week of the market: what it holds, and a gateway source that gives it out. */
export interface MadeWeek {
  readonly universe: readonly string[];
  /** As the generator tells them. */
  readonly events: readonly FeedEvent[];
  readonly source: GatewaySource;
  /** Through which the source lets its records, in step with the client. */
  readonly gate: SourceGate;
  /** The bars of each raw symbol, spreads included, in the order in which the source has them. */
  readonly bars: ReadonlyMap<string, readonly Uint8Array[]>;
  /** Bars that the source has later than their minute ends. */
  readonly late: number;
}

/** Families with their own hours: an index, energy, a grain. */
const UNIVERSE = ['ES', 'CL', 'ZC'];
const SESSIONS = 5;
const FIRST_TRADE_DATE = '2026-02-02';
const BATCH_RECORDS = 256;
/** Records that the gateway may be ahead of its client: some hours, and more than it collects before it sends. */
const AHEAD_MAX = 2_500;
const MINUTE_NS = 60_000_000_000n;
const LATE_MINUTES_MAX = 5;
const [RTYPE_AT, INSTRUMENT_ID_AT, BAR_RTYPE] = [1, 4, 0x21] as const;

interface Held {
  readonly bytes: Uint8Array;
  readonly availableNs: bigint;
}

/** Makes the week of a seed. A share `lateShare` of the bars is available only some minutes after their end. */
export async function madeWeek(
  seed: number,
  { random, lateShare }: { random: Random; lateShare: number },
): Promise<MadeWeek> {
  const events: FeedEvent[] = [];
  const calendar = cmeCalendar();
  const options = { seed, universe: UNIVERSE, firstTradeDate: FIRST_TRADE_DATE, sessions: SESSIONS, calendar };
  for await (const event of generatorFeed(options).events()) events.push(event);
  const told = async function* (): AsyncGenerator<FeedEvent, void> {
    yield* events;
  };
  const plain = await feedSource(told, { universe: UNIVERSE, spreads: true });
  const held: Held[] = [];
  let late = 0;
  for await (const batch of feedRecords(told(), true)) {
    for (const { bytes, availableNs } of batch) {
      const isLate = bytes[RTYPE_AT] === BAR_RTYPE && random.uniform() < lateShare;
      if (isLate) late += 1;
      const byNs = isLate ? BigInt(1 + random.below(LATE_MINUTES_MAX)) * MINUTE_NS : 0n;
      held.push({ bytes: bytes.slice(), availableNs: availableNs + byNs });
    }
  }
  // Sorting is stable: of the same time, what was there first comes first, and late bars come after what is on time.
  held.sort((a, b) => (a.availableNs < b.availableNs ? -1 : a.availableNs > b.availableNs ? 1 : 0));
  const batches = batchesOf(held);
  const gate = new SourceGate(
    BigUint64Array.from(held, ({ availableNs }) => availableNs),
    AHEAD_MAX,
  );
  const source: GatewaySource = {
    ...plain,
    endNs: held.at(-1)!.availableNs,
    async *records({ fromNs }) {
      for (const [number, batch] of batches.entries()) {
        const from = fromNs === 0n ? 0 : batch.indexAfter(fromNs - 1n);
        if (from === batch.length) continue;
        await gate.reach(number * BATCH_RECORDS);
        yield batch.slice(from, batch.length);
      }
    },
  };
  return { universe: UNIVERSE, events, source, gate, bars: barsBySymbol(held, plain), late };
}

function batchesOf(held: readonly Held[]): RecordBatch[] {
  const batches: RecordBatch[] = [];
  for (let at = 0; at < held.length; at += BATCH_RECORDS) {
    const builder = new BatchBuilder();
    for (const { bytes, availableNs } of held.slice(at, at + BATCH_RECORDS)) {
      builder.addBytes(bytes, schemaNumbers['ohlcv-1m'], availableNs);
    }
    batches.push(builder.batch());
  }
  return batches;
}

function barsBySymbol(held: readonly Held[], source: GatewaySource): Map<string, Uint8Array[]> {
  const bars = new Map<string, Uint8Array[]>();
  for (const { bytes, availableNs } of held) {
    if (bytes[RTYPE_AT] !== BAR_RTYPE) continue;
    const id = new DataView(bytes.buffer, bytes.byteOffset).getUint32(INSTRUMENT_ID_AT, true);
    const { rawSymbol } = source.instrument(id, availableNs)!;
    const own = bars.get(rawSymbol);
    if (own === undefined) bars.set(rawSymbol, [bytes]);
    else own.push(bytes);
  }
  return bars;
}
