import { BatchBuilder } from './batch-builder.ts';
import type { RecordBatch } from './record-batch.ts';

/** One of the passes to be merged. */
export interface MergeInput {
  /** None of its records is available earlier. */
  readonly startNs: bigint;
  open(): AsyncIterable<RecordBatch>;
}

interface Head {
  /** Place among the inputs, which decides between records of the same time. */
  readonly order: number;
  readonly batches: AsyncIterator<RecordBatch>;
  batch: RecordBatch;
  at: number;
  timeNs: bigint;
}

const BATCH_RECORDS_MAX = 4096;

/** Merges passes by time. An input is opened only when the others have come to its start. */
export async function* mergeBatches(inputs: readonly MergeInput[]): AsyncGenerator<RecordBatch, void, undefined> {
  const waiting = inputs
    .map((input, order) => ({ ...input, open: () => input.open(), order }))
    .sort((a, b) => (a.startNs < b.startNs ? -1 : a.startNs > b.startNs ? 1 : a.order - b.order));
  const heads: Head[] = [];
  const builder = new BatchBuilder();
  try {
    for (;;) {
      let first = firstOf(heads);
      while (waiting[0] !== undefined && (first === null || waiting[0].startNs <= first.timeNs)) {
        const { order, open } = waiting.shift()!;
        const head = await openHead(open(), order);
        if (head !== null) heads.push(head);
        first = firstOf(heads);
      }
      if (first === null) break;
      const limitNs = nextTime(heads, first, waiting[0]?.startNs ?? null);
      const until =
        limitNs === null ? first.batch.length : Math.max(first.batch.indexAfter(limitNs - 1n), first.at + 1);
      if (builder.length === 0 && until === first.batch.length) {
        yield first.batch.slice(first.at, until);
      } else {
        copy(first, until, builder);
        if (builder.length >= BATCH_RECORDS_MAX || limitNs === null) {
          yield builder.batch();
          builder.clear();
        }
      }
      if (!(await move(first, until))) heads.splice(heads.indexOf(first), 1);
    }
    if (builder.length > 0) yield builder.batch();
  } finally {
    await Promise.all(heads.map(({ batches }) => batches.return?.()));
  }
}

async function openHead(pass: AsyncIterable<RecordBatch>, order: number): Promise<Head | null> {
  const batches = pass[Symbol.asyncIterator]();
  for (let next = await batches.next(); !next.done; next = await batches.next()) {
    const batch = next.value;
    if (batch.length > 0) return { order, batches, batch, at: 0, timeNs: batch.availableNs[0]! };
  }
  return null;
}

/** Goes on to a record of the batch, or into the next batch; false at the end of the pass. */
async function move(head: Head, at: number): Promise<boolean> {
  head.at = at;
  while (head.at >= head.batch.length) {
    const next = await head.batches.next();
    if (next.done) return false;
    head.batch = next.value;
    head.at = 0;
  }
  head.timeNs = head.batch.availableNs[head.at]!;
  return true;
}

function firstOf(heads: readonly Head[]): Head | null {
  let first: Head | null = null;
  for (const head of heads) {
    if (first === null || head.timeNs < first.timeNs || (head.timeNs === first.timeNs && head.order < first.order)) {
      first = head;
    }
  }
  return first;
}

/** The time before which no other pass has a record; null when there is no other. */
function nextTime(heads: readonly Head[], first: Head, waitingNs: bigint | null): bigint | null {
  let nextNs = waitingNs;
  for (const head of heads) {
    if (head !== first && (nextNs === null || head.timeNs < nextNs)) nextNs = head.timeNs;
  }
  return nextNs;
}

function copy({ batch, at }: Head, until: number, builder: BatchBuilder): void {
  for (let index = at; index < until; index++) {
    const record = { bytes: batch.view, at: batch.offsets[index]!, hasTsOut: false };
    builder.add(record, batch.schemaNumbers[index]!, batch.availableNs[index]!);
  }
}
