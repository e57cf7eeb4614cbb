import type { Schema } from '../dbn/enums.ts';
import { layouts } from '../dbn/layouts.ts';
import type { GatewayInstrument, GatewaySource } from './source.ts';

const continuous = /^(?<root>[A-Z0-9]+)\.(?<rule>[cnv])\.(?<rank>\d{1,3})$/;
const DAY_NS = 86_400_000_000_000n;
/** Open interest is published once a day, and not on weekends. */
const STATISTICS_DAYS = 4n;
const OPEN_INTEREST = 9;
/** Schemas to count volume by, the shortest first. */
const VOLUME_SCHEMAS = ['ohlcv-1d', 'ohlcv-1h', 'ohlcv-1m', 'ohlcv-1s', 'trades'] as const satisfies readonly Schema[];

/** The parts of a continuous symbol such as `ES.v.0`. */
export interface ContinuousSymbol {
  readonly root: string;
  /** Ranked by expiry, open interest or volume. */
  readonly rule: 'c' | 'n' | 'v';
  /** From 0. */
  readonly rank: number;
}

/** Reads a continuous symbol; null when it is none. */
export function readContinuous(symbol: string): ContinuousSymbol | null {
  const groups = continuous.exec(symbol)?.groups;
  if (groups === undefined) return null;
  return { root: groups.root!, rule: groups.rule as ContinuousSymbol['rule'], rank: Number(groups.rank) };
}

/**
 * The outright futures of a root by rank: by expiry, by the newest open interest, or by the volume of the last day,
 * which at the beginning of a source is that of its first day. What is not known counts as least.
 */
export async function rankOutrights(
  source: GatewaySource,
  { root, rule }: Pick<ContinuousSymbol, 'root' | 'rule'>,
  atNs: bigint,
): Promise<readonly GatewayInstrument[]> {
  const outrights = source
    .instruments(atNs)
    .filter(({ parents, isSpread, expiryNs }) => {
      return parents.includes(`${root}.FUT`) && !isSpread && (expiryNs === null || expiryNs > atNs);
    })
    .sort(byExpiry);
  if (rule === 'c' || outrights.length < 2) return outrights;
  const interest = rule === 'n' ? await openInterest(source, atNs) : new Map<number, number>();
  const weights = interest.size > 0 ? interest : await volumes(source, atNs);
  const weightOf = ({ instrumentId }: GatewayInstrument): number => weights.get(instrumentId) ?? 0;
  // The sort is stable: of equals the nearer expiry comes first.
  return outrights.sort((a, b) => weightOf(b) - weightOf(a));
}

function byExpiry(a: GatewayInstrument, b: GatewayInstrument): number {
  if (a.expiryNs === b.expiryNs) return a.rawSymbol < b.rawSymbol ? -1 : 1;
  if (a.expiryNs === null) return 1;
  if (b.expiryNs === null) return -1;
  return a.expiryNs < b.expiryNs ? -1 : 1;
}

async function volumes(source: GatewaySource, atNs: bigint): Promise<ReadonlyMap<number, number>> {
  const schema = VOLUME_SCHEMAS.find((candidate) => source.schemas.has(candidate));
  if (schema === undefined) return new Map();
  const before = await volumesBetween(source, schema, { fromNs: atNs - DAY_NS, toNs: atNs });
  if (before.size > 0) return before;
  return await volumesBetween(source, schema, { fromNs: source.startNs, toNs: source.startNs + DAY_NS });
}

const volumeAt = layouts.ohlcv.specs.volume[1];
const sizeAt = layouts.trade.specs.size[1];

async function volumesBetween(
  source: GatewaySource,
  schema: Schema,
  { fromNs, toNs }: { readonly fromNs: bigint; readonly toNs: bigint },
): Promise<ReadonlyMap<number, number>> {
  const sums = new Map<number, number>();
  for await (const batch of source.records({ schemas: new Set([schema]), fromNs })) {
    const until = batch.indexAfter(toNs);
    for (let index = 0; index < until; index++) {
      const at = batch.offsets[index]!;
      const id = instrumentIdAt(batch.view, at);
      // Markers are of no instrument.
      if (id === 0) continue;
      const volume =
        schema === 'trades'
          ? batch.view.getUint32(at + sizeAt, true)
          : Number(batch.view.getBigUint64(at + volumeAt, true));
      sums.set(id, (sums.get(id) ?? 0) + volume);
    }
    if (until < batch.length) break;
  }
  return sums;
}

const statisticsSpecs = layouts.stat_v3.specs;

async function openInterest(source: GatewaySource, atNs: bigint): Promise<ReadonlyMap<number, number>> {
  const newest = new Map<number, number>();
  if (!source.schemas.has('statistics')) return newest;
  const query = { schemas: new Set<Schema>(['statistics']), fromNs: atNs - STATISTICS_DAYS * DAY_NS };
  for await (const { view, offsets, availableNs } of source.records(query)) {
    for (let index = 0; index < offsets.length; index++) {
      if (availableNs[index]! > atNs) return newest;
      const at = offsets[index]!;
      if (view.getUint16(at + statisticsSpecs.stat_type[1], true) !== OPEN_INTEREST) continue;
      newest.set(instrumentIdAt(view, at), Number(view.getBigInt64(at + statisticsSpecs.quantity[1], true)));
    }
  }
  return newest;
}

function instrumentIdAt(view: DataView, at: number): number {
  return view.getUint32(at + layouts.ohlcv.specs.instrument_id[1], true);
}
