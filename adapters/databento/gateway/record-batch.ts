import { type Schema, schemas } from '../dbn/enums.ts';
import { WORD_BYTES } from '../dbn/field.ts';
import type { TimedRecord } from './source.ts';

/** The columns of a batch. */
export interface BatchColumns {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly offsets: Uint32Array;
  readonly availableNs: BigUint64Array;
  readonly schemaNumbers: Uint8Array;
}

/**
 * Records of DBN version 3 without `ts_out`, one after another in one stretch of bytes, in order of `availableNs`.
 * Iterating gives each by itself; whoever has to be fast reads the columns.
 */
export class RecordBatch implements Iterable<TimedRecord> {
  readonly bytes: Uint8Array;
  /** Over `bytes`. */
  readonly view: DataView;
  /** Where each record begins in `bytes`. */
  readonly offsets: Uint32Array;
  /** Nanoseconds since the epoch, never falling. */
  readonly availableNs: BigUint64Array;
  readonly schemaNumbers: Uint8Array;

  constructor({ bytes, view, offsets, availableNs, schemaNumbers }: BatchColumns) {
    this.bytes = bytes;
    this.view = view;
    this.offsets = offsets;
    this.availableNs = availableNs;
    this.schemaNumbers = schemaNumbers;
  }

  /** Number of records. */
  get length(): number {
    return this.offsets.length;
  }

  /** Bytes that the columns take. */
  get byteLength(): number {
    return (
      this.bytes.byteLength + this.length * (this.offsets.BYTES_PER_ELEMENT + this.availableNs.BYTES_PER_ELEMENT + 1)
    );
  }

  /** Where a record ends in `bytes`. */
  endOf(index: number): number {
    const offset = this.offsets[index]!;
    return offset + this.bytes[offset]! * WORD_BYTES;
  }

  /** The bytes of a record where they are: valid as long as the batch. */
  bytesOf(index: number): Uint8Array {
    return this.bytes.subarray(this.offsets[index]!, this.endOf(index));
  }

  schemaOf(index: number): Schema {
    return schemas[this.schemaNumbers[index]!]!;
  }

  /** The records [from, to), sharing the bytes. */
  slice(from: number, to: number): RecordBatch {
    if (from === 0 && to === this.length) return this;
    return new RecordBatch({
      bytes: this.bytes,
      view: this.view,
      offsets: this.offsets.subarray(from, to),
      availableNs: this.availableNs.subarray(from, to),
      schemaNumbers: this.schemaNumbers.subarray(from, to),
    });
  }

  /** A batch with one of the records alone, in bytes of its own. */
  copyOf(index: number): RecordBatch {
    const bytes = this.bytesOf(index).slice();
    return new RecordBatch({
      bytes,
      view: new DataView(bytes.buffer),
      offsets: new Uint32Array(1),
      availableNs: this.availableNs.slice(index, index + 1),
      schemaNumbers: this.schemaNumbers.slice(index, index + 1),
    });
  }

  /** Index of the first record available after a time. */
  indexAfter(timeNs: bigint): number {
    return indexAfter(this.availableNs, timeNs);
  }

  /** Each record by itself; its bytes are a window on the batch. */
  *[Symbol.iterator](): Iterator<TimedRecord> {
    for (let index = 0; index < this.length; index++) {
      yield { schema: this.schemaOf(index), availableNs: this.availableNs[index]!, bytes: this.bytesOf(index) };
    }
  }
}

/** Index of the first time after `timeNs` in times that never fall; their number when there is none. */
export function indexAfter(times: BigUint64Array, timeNs: bigint): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (times[middle]! > timeNs) high = middle;
    else low = middle + 1;
  }
  return low;
}
