import type { RecordBatch } from '#adapters/databento/gateway/record-batch.ts';

/** Bytes of records that are kept for those who read what others have read before. */
const RETAINED_BYTES_MAX = 64 * 1024 * 1024;

/**
 * A pass over records that many readers share: what one has read is kept for a while for the others. Whoever needs what
 * is kept no more gets a pass of their own.
 */
export class RecordLog {
  readonly #open: () => AsyncIterable<RecordBatch>;
  readonly #retainedBytesMax: number;
  #batches: RecordBatch[] = [];
  #bytes = 0;
  /** Number of the first batch that is kept. */
  #firstNumber = 0;
  #shared: AsyncIterator<RecordBatch> | null = null;
  #reading: Promise<boolean> | null = null;
  #endNs: bigint | null = null;
  /** Why the shared pass broke off: nobody may take that for its end. */
  #failure: { readonly error: unknown } | null = null;

  /** `open` gives the same batches each time, in memory of their own. */
  constructor(open: () => AsyncIterable<RecordBatch>, retainedBytesMax = RETAINED_BYTES_MAX) {
    this.#open = open;
    this.#retainedBytesMax = retainedBytesMax;
  }

  /** When the last record is available; null before all has been read. */
  get endNs(): bigint | null {
    return this.#endNs;
  }

  /** When the first record is available; null when there is none. Reads the first batch. */
  async startNs(): Promise<bigint | null> {
    for await (const batch of this.read(0n)) return batch.availableNs[0] ?? null;
    return null;
  }

  /** The records from a time on. */
  async *read(fromNs: bigint): AsyncGenerator<RecordBatch, void, undefined> {
    const [first] = this.#batches;
    const isKept = this.#firstNumber === 0 || (first !== undefined && first.availableNs[0]! < fromNs);
    if (!isKept) {
      yield* this.#alone(fromNs, 0);
      return;
    }
    for (let number = this.#firstNumber; ; number++) {
      if (number < this.#firstNumber) {
        yield* this.#alone(fromNs, number);
        return;
      }
      const index = number - this.#firstNumber;
      if (index === this.#batches.length && !(await this.#readOn())) return;
      // What was read on may have pushed out what comes next.
      const batch = this.#batches[number - this.#firstNumber];
      if (batch !== undefined) yield* cut(batch, fromNs);
      else number -= 1;
    }
  }

  /** A pass of one's own from a batch on. */
  async *#alone(fromNs: bigint, fromNumber: number): AsyncGenerator<RecordBatch, void, undefined> {
    let number = 0;
    for await (const batch of this.#open()) {
      if (number >= fromNumber) yield* cut(batch, fromNs);
      number += 1;
    }
  }

  /** Reads one more batch of the shared pass, for all who wait; false at its end. */
  async #readOn(): Promise<boolean> {
    this.#reading ??= this.#keepNext().finally(() => {
      this.#reading = null;
    });
    return await this.#reading;
  }

  async #keepNext(): Promise<boolean> {
    if (this.#failure !== null) throw this.#failure.error;
    this.#shared ??= this.#open()[Symbol.asyncIterator]();
    const next = await this.#shared.next().catch((error: unknown) => {
      this.#failure = { error };
      throw error;
    });
    if (next.done) {
      this.#endNs ??= this.#batches.at(-1)?.availableNs.at(-1) ?? null;
      return false;
    }
    this.#batches.push(next.value);
    this.#bytes += next.value.byteLength;
    while (this.#bytes > this.#retainedBytesMax && this.#batches.length > 1) {
      this.#bytes -= this.#batches.shift()!.byteLength;
      this.#firstNumber += 1;
    }
    return true;
  }
}

function* cut(batch: RecordBatch, fromNs: bigint): Generator<RecordBatch, void, undefined> {
  const from = fromNs === 0n ? 0 : batch.indexAfter(fromNs - 1n);
  if (from < batch.length) yield batch.slice(from, batch.length);
}
