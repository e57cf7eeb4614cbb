import { GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { contractError } from '#core/errors.ts';
import { decodeSlice, encodeSlice, type Gap, type Slice } from '#core/market/slice.ts';
import type { SliceLog } from '#core/ports.ts';
import { answered, type Item, isConditionFailure, putAll, queryItems, type Table, timeKey } from './table.ts';

const DAY_MS = 24 * 3_600_000;

/**
 * Slices and gaps in a table with keys `pk` and `sk`: a slice is `SLICE#` and the UTC date of its close, `closeTimeMs`;
 * a gap is `GAP`, `fromMs`. Reads are strongly consistent.
 */
export function dynamoSliceLog(table: Table): SliceLog {
  const putGap = ({ fromMs, toMs, minutes }: Gap): Promise<void> =>
    putAll(table, [
      { pk: { S: 'GAP' }, sk: { S: timeKey(fromMs) }, toMs: { N: String(toMs) }, minutes: { N: String(minutes) } },
    ]);

  return {
    putGap,
    async put(slice) {
      const stored = (await putIfAbsent(table, slice)) ? slice : await read(table, slice.closeTimeMs);
      // Only the gap of the stored slice counts. Written after it, and again on every repeat until the put returns.
      if (stored.gap !== null) await putGap(stored.gap);
      return stored;
    },
    async newest(fromMs, toMs) {
      for (let day = Math.floor(toMs / DAY_MS); (day + 1) * DAY_MS > fromMs; day--) {
        const query = { ...onDay(day, fromMs, toMs), ScanIndexForward: false, Limit: 1 };
        for await (const item of queryItems(table, query)) return sliceOf(item);
      }
      return null;
    },
    async *between(fromMs, toMs) {
      for (let day = Math.floor(fromMs / DAY_MS); day * DAY_MS <= toMs; day++) {
        for await (const item of queryItems(table, onDay(day, fromMs, toMs))) yield sliceOf(item);
      }
    },
    async gaps(fromMs, toMs) {
      const found: Gap[] = [];
      const query = {
        KeyConditionExpression: 'pk = :pk AND sk < :to',
        ExpressionAttributeValues: { ':pk': { S: 'GAP' }, ':to': { S: timeKey(toMs) } },
        ScanIndexForward: false,
      };
      // Gaps of one feed do not overlap, so the first one that ends too early ends the search.
      for await (const { sk, toMs: end, minutes } of queryItems(table, query)) {
        const gap = { fromMs: Number(sk?.S), toMs: Number(end?.N), minutes: Number(minutes?.N) };
        if (gap.toMs <= fromMs) break;
        found.push(gap);
      }
      return found.reverse();
    },
  };
}

/** The slices of one UTC day, counted from the epoch, that close in [fromMs, toMs]. */
function onDay(day: number, fromMs: number, toMs: number) {
  return {
    KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
    ExpressionAttributeValues: {
      ':pk': { S: dateKey(day * DAY_MS) },
      ':from': { S: timeKey(fromMs) },
      ':to': { S: timeKey(toMs) },
    },
  };
}

/** Whether the slice was stored; false when another one, or an earlier attempt of this one, was there first. */
async function putIfAbsent({ client, tableName }: Table, slice: Slice): Promise<boolean> {
  const Item = { ...keyOf(slice.closeTimeMs), slice: { S: encodeSlice(slice) } };
  const command = new PutItemCommand({ TableName: tableName, Item, ConditionExpression: 'attribute_not_exists(pk)' });
  try {
    await answered(() => client.send(command), `the put of slice ${slice.closeTimeMs}`);
    return true;
  } catch (error) {
    if (isConditionFailure(error)) return false;
    throw error;
  }
}

async function read({ client, tableName }: Table, closeTimeMs: number): Promise<Slice> {
  const Key = keyOf(closeTimeMs);
  const get = new GetItemCommand({ TableName: tableName, Key, ConsistentRead: true });
  const { Item } = await answered(() => client.send(get), `the read of slice ${closeTimeMs}`);
  return sliceOf(Item ?? Key);
}

function sliceOf({ pk, sk, slice }: Item): Slice {
  if (slice?.S === undefined) throw contractError(`item ${pk?.S} ${sk?.S} is no slice`);
  return decodeSlice(slice.S);
}

function keyOf(closeTimeMs: number): { pk: { S: string }; sk: { S: string } } {
  return { pk: { S: dateKey(closeTimeMs) }, sk: { S: timeKey(closeTimeMs) } };
}

function dateKey(timeMs: number): string {
  return `SLICE#${new Date(timeMs).toISOString().slice(0, 10)}`;
}
