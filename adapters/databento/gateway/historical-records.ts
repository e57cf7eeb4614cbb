import { rtypes } from '../dbn/enums.ts';
import { headerSpecs } from '../dbn/field.ts';
import { NEWEST_VERSION } from '../dbn/layouts.ts';
import { indexTimeOffset } from '../historical/index-time.ts';
import type { ServedRange } from './historical-query.ts';
import { intervalNsOf } from './intervals.ts';
import type { GatewaySource } from './source.ts';

/** Which records of a range are served. */
export interface RecordSelection extends Pick<ServedRange, 'schema' | 'startNs' | 'endNs' | 'limit'> {
  /** Records that are not available by then do not exist yet. */
  readonly nowNs: bigint;
  /** null for all instruments. */
  readonly includes: ((instrumentId: number, timeNs: bigint) => boolean) | null;
}

/** A source gives records when they become available; within this time of it they are put in the order of their time. */
const LATENESS_MAX_NS = 3_600_000_000_000n;

const [RTYPE_AT, INSTRUMENT_ID_AT] = [headerSpecs.rtype[1], headerSpecs.instrument_id[1]];

/** Records of the gateway's own, which history does not have. */
const gatewayRtypes: ReadonlySet<number> = new Set([rtypes.system, rtypes.error, rtypes['symbol-mapping']]);

/** The records of a range in the order of their index time, as stretches of whole records. */
export async function* recordsInRange(
  source: GatewaySource,
  selection: RecordSelection,
): AsyncGenerator<Uint8Array, void, undefined> {
  let left = selection.limit ?? Number.POSITIVE_INFINITY;
  for await (const records of inOrder(source, selection)) {
    const taken = records.slice(0, left);
    left -= taken.length;
    if (taken.length > 0) yield Buffer.concat(taken);
    if (left === 0) return;
  }
}

interface Waiting {
  readonly indexNs: bigint;
  readonly bytes: Uint8Array;
}

async function* inOrder(
  source: GatewaySource,
  selection: RecordSelection,
): AsyncGenerator<readonly Uint8Array[], void, undefined> {
  const { schema, startNs, endNs } = selection;
  const delayNs = (intervalNsOf(schema) ?? 0n) + LATENESS_MAX_NS;
  let waiting: Waiting[] = [];
  for await (const batch of source.records({ schemas: new Set([schema]), fromNs: startNs })) {
    const until = batch.indexAfter(selection.nowNs);
    for (let index = 0; index < until; index++) {
      const indexNs = indexNsOf(batch.view, batch.offsets[index]!, selection);
      if (indexNs !== null) waiting.push({ indexNs, bytes: batch.bytesOf(index).slice() });
    }
    const latestNs = until === 0 ? null : batch.availableNs[until - 1]!;
    const isOver = until < batch.length || (latestNs !== null && latestNs > endNs + delayNs);
    if (isOver) break;
    if (latestNs === null) continue;
    waiting = sorted(waiting);
    const ready = waiting.findIndex(({ indexNs }) => indexNs >= latestNs - delayNs);
    const count = ready === -1 ? waiting.length : ready;
    if (count > 0) yield waiting.slice(0, count).map(({ bytes }) => bytes);
    waiting = waiting.slice(count);
  }
  yield sorted(waiting).map(({ bytes }) => bytes);
}

/** The time by which ranges are cut, of the record at a place; null when it is one of the gateway's own. */
export function marketTimeNs(view: DataView, at: number): bigint | null {
  const rtype = view.getUint8(at + RTYPE_AT);
  return gatewayRtypes.has(rtype) ? null : view.getBigUint64(at + indexTimeOffset(rtype, NEWEST_VERSION), true);
}

/** The index time of a record; null when it is none of the selection. */
function indexNsOf(view: DataView, at: number, selection: RecordSelection): bigint | null {
  const indexNs = marketTimeNs(view, at);
  if (indexNs === null || indexNs < selection.startNs || indexNs >= selection.endNs) return null;
  const instrumentId = view.getUint32(at + INSTRUMENT_ID_AT, true);
  return selection.includes === null || selection.includes(instrumentId, indexNs) ? indexNs : null;
}

/** Stable: records of one time stay in the order in which they became available. */
function sorted(waiting: Waiting[]): Waiting[] {
  return waiting.sort((a, b) => (a.indexNs < b.indexNs ? -1 : a.indexNs > b.indexNs ? 1 : 0));
}
