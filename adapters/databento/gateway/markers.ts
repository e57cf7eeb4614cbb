import { type Schema, schemaNumbers } from '../dbn/enums.ts';
import { encodeRecord } from '../dbn/record-writer.ts';
import { BatchBuilder } from './batch-builder.ts';
import { endOfInterval } from './gateway-records.ts';
import { intervalNsOf } from './intervals.ts';
import type { RecordBatch } from './record-batch.ts';

/** A flood of markers is given out in pieces. */
const BATCH_RECORDS_MAX = 1024;

/** Which markers to make. */
export interface MarkerSpan {
  readonly schemas: Iterable<Schema>;
  /** The first interval end, at the earliest. */
  readonly fromNs: bigint;
  /** The last one; null for the end of the interval in which the last record lies. */
  readonly untilNs: bigint | null;
}

/**
 * The batches with a marker of each schema put in at the end of each of its intervals, after all records available until
 * then, also for intervals without records.
 */
export async function* withMarkers(
  batches: AsyncIterable<RecordBatch>,
  { schemas, fromNs, untilNs }: MarkerSpan,
): AsyncGenerator<RecordBatch, void, undefined> {
  const markers = new MarkerClock(schemas, fromNs);
  let lastNs: bigint | null = null;
  for await (const batch of batches) {
    let from = 0;
    while (from < batch.length) {
      // Of the same time, the records come before the marker.
      yield* markers.before(batch.availableNs[from]!);
      const until = markers.nextNs === null ? batch.length : batch.indexAfter(markers.nextNs);
      yield batch.slice(from, until);
      from = until;
    }
    if (batch.length > 0) lastNs = batch.availableNs[batch.length - 1]!;
  }
  if (untilNs !== null) yield* markers.before(untilNs + 1n);
  else if (lastNs !== null) yield* markers.last(lastNs);
}

/** The markers to come, in order of time, and of equal times in order of the schemas. */
class MarkerClock {
  #due: { readonly schema: Schema; readonly intervalNs: bigint; nextNs: bigint }[] = [];
  readonly #builder = new BatchBuilder();
  nextNs: bigint | null = null;

  constructor(schemas: Iterable<Schema>, fromNs: bigint) {
    for (const schema of schemas) {
      const intervalNs = intervalNsOf(schema);
      if (intervalNs !== null) this.#due.push({ schema, intervalNs, nextNs: ceilTo(fromNs, intervalNs) });
    }
    this.#findNext();
  }

  /** The markers of ends before a time. */
  *before(timeNs: bigint): Generator<RecordBatch, void, undefined> {
    while (this.nextNs !== null && this.nextNs < timeNs) {
      this.#builder.clear();
      while (this.nextNs !== null && this.nextNs < timeNs && this.#builder.length < BATCH_RECORDS_MAX) this.#add();
      yield this.#builder.batch();
    }
  }

  /** The markers of each schema up to the end of its interval in which a time lies. */
  *last(timeNs: bigint): Generator<RecordBatch, void, undefined> {
    for (;;) {
      this.#due = this.#due.filter(({ nextNs, intervalNs }) => nextNs <= ceilTo(timeNs, intervalNs));
      this.#findNext();
      if (this.nextNs === null) return;
      yield* this.before(this.nextNs + 1n);
    }
  }

  /** Adds the markers that are due next. */
  #add(): void {
    const dueNs = this.nextNs!;
    for (const due of this.#due) {
      if (due.nextNs !== dueNs) continue;
      this.#builder.addBytes(encodeRecord(endOfInterval(due.schema, dueNs)), schemaNumbers[due.schema], dueNs);
      due.nextNs += due.intervalNs;
    }
    this.#findNext();
  }

  #findNext(): void {
    this.nextNs = null;
    for (const { nextNs } of this.#due) if (this.nextNs === null || nextNs < this.nextNs) this.nextNs = nextNs;
  }
}

function ceilTo(timeNs: bigint, intervalNs: bigint): bigint {
  return ((timeNs + intervalNs - 1n) / intervalNs) * intervalNs;
}
