import { setTimeout as sleep } from 'node:timers/promises';
import {
  type AttributeValue,
  BatchWriteItemCommand,
  type DynamoDBClient,
  paginateQuery,
  type QueryCommandInput,
  type WriteRequest,
} from '@aws-sdk/client-dynamodb';
import { RooneyError } from '#core/errors.ts';

/** An item of a table with the string keys `pk` and `sk`. */
export type Item = Readonly<Record<string, AttributeValue>>;

/** One table with the string keys `pk` and `sk`. */
export interface Table {
  readonly client: DynamoDBClient;
  readonly tableName: string;
}

const BATCH_ITEMS_MAX = 25;
// A quarter of the service's limit for a whole batch; binary grows by a third on the wire.
const BATCH_BYTES_MAX = 4_000_000;
const ROUNDS_MAX = 8;
const BACKOFF_MS = 25;

/** Puts items, in any order, replacing those with the same keys. Throws a transient error when the table stays throttled. */
export async function putAll({ client, tableName }: Table, items: readonly Item[]): Promise<void> {
  const requests = items.map((item) => ({ PutRequest: { Item: { ...item } } }));
  await Promise.all(batchesOf(requests).map((batch) => putBatch({ client, tableName }, batch)));
}

/** The items of one partition that a condition on `sk` picks, strongly consistent, page by page. */
export async function* queryItems(
  { client, tableName }: Table,
  query: Omit<QueryCommandInput, 'TableName' | 'ConsistentRead'>,
): AsyncGenerator<Item, void, undefined> {
  const pages = paginateQuery({ client }, { TableName: tableName, ConsistentRead: true, ...query });
  for (;;) {
    const { value, done } = await answered(() => pages.next(), `a query of ${tableName}`);
    if (done) return;
    yield* value.Items ?? [];
  }
}

/** Refusals that another try cannot change. */
const FINAL_ERRORS = ['ValidationException', 'ResourceNotFoundException', 'AccessDeniedException'];

/** Runs one call; what fails without being final is a transient error that names `what`. */
export async function answered<T>(call: () => Promise<T>, what: string): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (isConditionFailure(error) || FINAL_ERRORS.includes((error as Error).name)) throw error;
    throw new RooneyError('transient', `${what} has no answer: ${(error as Error).message}`, { cause: error });
  }
}

/** A condition was not met; whoever set it knows what that means. */
export function isConditionFailure(error: unknown): boolean {
  return (error as Error | null)?.name === 'ConditionalCheckFailedException';
}

/** UTC milliseconds as 13 digits, so that text order is time order. */
export function timeKey(timeMs: number): string {
  return String(timeMs).padStart(13, '0');
}

async function putBatch({ client, tableName }: Table, batch: WriteRequest[]): Promise<void> {
  let left = batch;
  for (let round = 0; round < ROUNDS_MAX; round++) {
    if (round > 0) await sleep(BACKOFF_MS * 2 ** (round - 1));
    const command = new BatchWriteItemCommand({ RequestItems: { [tableName]: left } });
    const { UnprocessedItems } = await answered(() => client.send(command), `a write to ${tableName}`);
    left = UnprocessedItems?.[tableName] ?? [];
    if (left.length === 0) return;
  }
  throw new RooneyError('transient', `${left.length} items of ${tableName} were not taken in ${ROUNDS_MAX} rounds`);
}

function batchesOf(requests: readonly WriteRequest[]): WriteRequest[][] {
  const batches: WriteRequest[][] = [];
  let batch: WriteRequest[] = [];
  let bytes = 0;
  for (const request of requests) {
    const size = sizeOf(request);
    if (batch.length === BATCH_ITEMS_MAX || bytes + size > BATCH_BYTES_MAX) {
      batches.push(batch);
      batch = [];
      bytes = 0;
    }
    batch.push(request);
    bytes += size;
  }
  return batch.length === 0 ? batches : [...batches, batch];
}

/** Bytes of the large attributes of an item, near enough for the limit of a batch. */
function sizeOf({ PutRequest }: WriteRequest): number {
  let bytes = 0;
  for (const { B, S } of Object.values(PutRequest?.Item ?? {})) bytes += B?.byteLength ?? S?.length ?? 0;
  return bytes;
}
