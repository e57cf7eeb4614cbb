import { TS_OUT_BYTES, WORD_BYTES } from '../dbn/field.ts';
import type { RecordWindow } from '../dbn/record-view.ts';
import { RecordBatch } from './record-batch.ts';

const BYTES = 64 * 1024;
const RECORDS = 1024;

/** Collects records into a batch. The columns are used again for the next batch, so the one before must be done with. */
export class BatchBuilder {
  #bytes = new Uint8Array(BYTES);
  #view = new DataView(this.#bytes.buffer);
  #offsets = new Uint32Array(RECORDS);
  #availableNs = new BigUint64Array(RECORDS);
  #schemaNumbers = new Uint8Array(RECORDS);
  #length = 0;
  #end = 0;

  /** Number of records. */
  get length(): number {
    return this.#length;
  }

  /** Bytes of them. */
  get byteLength(): number {
    return this.#end;
  }

  /** Adds a copy of the record in a window, without its `ts_out`. */
  add({ bytes, at, hasTsOut }: RecordWindow, schemaNumber: number, availableNs: bigint): void {
    const size = bytes.getUint8(at) * WORD_BYTES - (hasTsOut ? TS_OUT_BYTES : 0);
    const index = this.#reserve(size);
    const [target, end] = [this.#view, this.#end];
    for (let word = 0; word < size; word += WORD_BYTES) target.setUint32(end + word, bytes.getUint32(at + word));
    if (hasTsOut) target.setUint8(end, size / WORD_BYTES);
    this.#offsets[index] = end;
    this.#availableNs[index] = availableNs;
    this.#schemaNumbers[index] = schemaNumber;
    this.#end = end + size;
  }

  /** Adds a copy of a whole record. */
  addBytes(bytes: Uint8Array, schemaNumber: number, availableNs: bigint): void {
    const index = this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#end);
    this.#offsets[index] = this.#end;
    this.#availableNs[index] = availableNs;
    this.#schemaNumbers[index] = schemaNumber;
    this.#end += bytes.length;
  }

  /** Changes the type of the record added last. */
  setRtype(rtype: number): void {
    this.#bytes[this.#offsets[this.#length - 1]! + 1] = rtype;
  }

  /** Forgets the last batch and begins the next one in its columns. */
  clear(): void {
    this.#length = 0;
    this.#end = 0;
  }

  /** What has been added since `clear`; valid until `clear`. */
  batch(): RecordBatch {
    const length = this.#length;
    return new RecordBatch({
      bytes: this.#bytes,
      view: this.#view,
      offsets: this.#offsets.subarray(0, length),
      availableNs: this.#availableNs.subarray(0, length),
      schemaNumbers: this.#schemaNumbers.subarray(0, length),
    });
  }

  /** Makes room for one more record and returns its index. */
  #reserve(size: number): number {
    if (this.#end + size > this.#bytes.length) {
      this.#bytes = grown(this.#bytes, new Uint8Array(2 * this.#bytes.length));
      this.#view = new DataView(this.#bytes.buffer);
    }
    if (this.#length === this.#offsets.length) {
      const records = 2 * this.#length;
      this.#offsets = grown(this.#offsets, new Uint32Array(records));
      this.#schemaNumbers = grown(this.#schemaNumbers, new Uint8Array(records));
      const availableNs = new BigUint64Array(records);
      availableNs.set(this.#availableNs);
      this.#availableNs = availableNs;
    }
    this.#length += 1;
    return this.#length - 1;
  }
}

function grown<Column extends Uint8Array | Uint32Array>(from: Column, to: Column): Column {
  to.set(from);
  return to;
}
