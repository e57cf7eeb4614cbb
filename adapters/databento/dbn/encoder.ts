import { DatabentoError } from '../errors.ts';
import { downgradeRecord } from './downgrade.ts';
import { rtypeName } from './enums.ts';
import { HEADER_BYTES, RECORD_BYTES_MAX, TS_OUT_BYTES, WORD_BYTES } from './field.ts';
import { type DbnVersion, layoutOf, NEWEST_VERSION } from './layouts.ts';
import type { DbnMetadata } from './metadata.ts';
import { encodeMetadata } from './metadata-writer.ts';
import type { StoredRecord, UnknownRecord } from './record.ts';
import { writeRecordBody, writeTsOut } from './record-writer.ts';
import { upgradeRecord } from './upgrade.ts';

/** What an encoder writes. */
export interface EncoderOptions {
  /** Version to write; 3 when not given. */
  readonly version?: DbnVersion;
  /** Whether every record gets the gateway's send time; false when not given. */
  readonly tsOut?: boolean;
  /** Bytes of the buffers that are made; 64 KiB when not given. */
  readonly bufferBytes?: number;
}

const BUFFER_BYTES = 64 * 1024;
const RTYPES = 256;

type KnownRecord = Exclude<StoredRecord, UnknownRecord>;

/** Name of the layout of each record type, at the type's number. */
const layoutNames = ([1, 2, 3] as const).map((version) =>
  Array.from({ length: RTYPES }, (_, rtype) => layoutOf(rtype, version)?.name),
);

/** Writes DBN: the metadata, then records. What has been written is fetched with `take`, as often as is wanted. */
export class DbnEncoder {
  readonly version: DbnVersion;
  readonly tsOut: boolean;
  readonly #bufferBytes: number;
  readonly #layoutNames: readonly (string | undefined)[];
  #bytes: Uint8Array;
  #cursor: DataView;
  /** What lies between these two has been written and not been taken. */
  #from = 0;
  #to = 0;

  constructor({ version = NEWEST_VERSION, tsOut = false, bufferBytes = BUFFER_BYTES }: EncoderOptions = {}) {
    this.version = version;
    this.tsOut = tsOut;
    this.#bufferBytes = bufferBytes;
    this.#layoutNames = layoutNames[version - 1]!;
    this.#bytes = new Uint8Array(0);
    this.#cursor = new DataView(this.#bytes.buffer);
  }

  /** Bytes written and not taken. */
  get pendingBytes(): number {
    return this.#to - this.#from;
  }

  /** Writes the header. Throws code `usage` when it says another version or `ts_out` than the encoder was made for. */
  metadata(metadata: DbnMetadata): void {
    const { version, ts_out } = metadata;
    if (version !== this.version || ts_out !== this.tsOut) {
      throw new DatabentoError(
        'usage',
        `metadata of version ${version} with ts_out ${ts_out} cannot be written by an encoder of version ` +
          `${this.version} with ts_out ${this.tsOut}; make the encoder for the metadata, or change the metadata`,
      );
    }
    this.raw(encodeMetadata(metadata));
  }

  /**
   * Writes a record, in the layout of the encoder's version. With `ts_out` the time is the second argument, or else the
   * record's own; without it a record's own is left out. Throws code `range` when a value does not fit, and `usage` when
   * the layout is not that of the record's type or the time is missing; nothing has been written then.
   */
  record(record: StoredRecord, tsOut?: bigint): void {
    if (record.layout === 'unknown') {
      this.raw(record.raw, tsOut);
      return;
    }
    const stored = this.#layoutNames[record.rtype] === record.layout ? record : this.#converted(record);
    if (this.#bytes.length - this.#to < RECORD_BYTES_MAX) this.#makeRoom(RECORD_BYTES_MAX);
    const size = writeRecordBody(stored, this.#cursor, this.#to);
    this.#to += this.tsOut ? this.#addTsOut(tsOut ?? record.ts_out) : size;
  }

  /**
   * Writes bytes as they are: whole records, such as `bytes()` of a view. With a time they are one record, which gets it
   * as its `ts_out` if the encoder writes such.
   */
  raw(bytes: Uint8Array, tsOut?: bigint): void {
    this.#makeRoom(bytes.length + TS_OUT_BYTES);
    this.#bytes.set(bytes, this.#to);
    if (tsOut === undefined || !this.tsOut) {
      this.#to += bytes.length;
      return;
    }
    if (bytes.length < HEADER_BYTES || bytes.length !== bytes[0]! * WORD_BYTES) {
      throw new DatabentoError('usage', `${bytes.length} bytes that are not one record cannot be given a ts_out`);
    }
    this.#to += this.#addTsOut(tsOut);
  }

  /**
   * What has been written since the last call, without copying. The bytes belong to the caller: the encoder never writes
   * there again.
   */
  take(): Uint8Array {
    const taken = this.#bytes.subarray(this.#from, this.#to);
    this.#from = this.#to;
    return taken;
  }

  /** Completes the record that has been written behind the others; gives the number of its bytes. */
  #addTsOut(tsOut: bigint | undefined): number {
    if (tsOut === undefined) throw new DatabentoError('usage', 'ts_out is missing: the encoder was made to write it');
    return writeTsOut(this.#cursor, this.#to, tsOut);
  }

  /** The record in the layout of the encoder's version. */
  #converted(record: KnownRecord): KnownRecord {
    const newest = upgradeRecord(record);
    if (newest.layout === 'unknown' || newest.layout !== layoutOf(record.rtype, NEWEST_VERSION)?.name) {
      throw new DatabentoError(
        'usage',
        `a record of layout ${record.layout} cannot be written with rtype ${record.rtype} (${rtypeName(record.rtype)})`,
      );
    }
    return downgradeRecord(newest, this.version);
  }

  #makeRoom(size: number): void {
    if (this.#bytes.length - this.#to >= size) return;
    const pending = this.#bytes.subarray(this.#from, this.#to);
    // Twice what is there makes the copying of what nobody takes cheap.
    const capacity = Math.max(this.#bufferBytes, 2 * pending.length, pending.length + size);
    const memory = Buffer.allocUnsafeSlow(capacity).buffer;
    this.#bytes = new Uint8Array(memory);
    this.#cursor = new DataView(memory);
    this.#bytes.set(pending);
    this.#from = 0;
    this.#to = pending.length;
  }
}
