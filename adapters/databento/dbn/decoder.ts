import { DatabentoError } from '../errors.ts';
import { HEADER_BYTES, RECORD_BYTES_MAX, TS_OUT_BYTES, WORD_BYTES } from './field.ts';
import { HeaderCollector } from './header-collector.ts';
import type { DbnVersion } from './layouts.ts';
import type { DbnMetadata } from './metadata.ts';
import type { AnyView } from './record.ts';
import { type RecordKinds, recordKinds } from './record-kinds.ts';
import { upgradeMetadata } from './upgrade.ts';
import { makeView, makeWindow } from './views.ts';

/** What a fragment, which has no metadata, does not say about itself. */
export interface FragmentOptions {
  /**
   * Layouts are those of this version. Without it the length of a record decides; where that does not tell the versions
   * apart their layouts are the same, and it is read as version 3.
   */
  readonly version?: DbnVersion;
  /** Whether every record ends with the gateway's send time; false when not given. */
  readonly tsOut?: boolean;
}

/** How a decoder reads its input. */
export interface DecoderOptions {
  /** Gives records and metadata in the newest layouts instead of the stored ones; true when not given. */
  readonly upgrade?: boolean;
  /** The input is records without metadata before them. */
  readonly fragment?: boolean | FragmentOptions;
}

/** Where a record stands. */
export interface RecordPlace {
  /** From 0. */
  readonly index: number;
  /** Of its first byte in the uncompressed input. */
  readonly byteOffset: number;
}

/**
 * Push decoder of DBN 1, 2 and 3: takes the input in chunks of any size and gives each record as it becomes complete.
 * Records are read where they are in the chunk; only one that lies across two chunks is copied. One per stream.
 *
 * After an error, be it of the input or thrown by the caller's callback, the decoder throws the same again.
 */
export class DbnDecoder implements RecordPlace {
  readonly #isUpgrading: boolean;
  readonly #header: HeaderCollector | null;
  #metadata: DbnMetadata | null = null;
  #kinds: RecordKinds = [];
  #tsOutBytes = 0;
  /** Bytes of a record whose end has not arrived; the first says how many it will have. */
  readonly #carry = new Uint8Array(RECORD_BYTES_MAX);
  readonly #carryCursor = new DataView(this.#carry.buffer);
  #carried = 0;
  #window = makeWindow(this.#carryCursor, false);
  #unknown = makeView('unknown', this.#window) as AnyView;
  #failure: { readonly error: unknown } | null = null;
  /** Offset in the input of the bytes being parsed, those carried over included. */
  #offset = 0;
  #index = -1;
  #unknownRecords = 0;
  #storedVersion: DbnVersion | null = null;

  constructor({ upgrade = true, fragment = false }: DecoderOptions = {}) {
    this.#isUpgrading = upgrade;
    this.#header = fragment === false ? new HeaderCollector() : null;
    if (fragment === false) return;
    const { version, tsOut = false } = fragment === true ? {} : fragment;
    this.#expectRecords(version ?? null, tsOut);
  }

  /** The header as presented, upgraded or not; null until it has arrived, and for a fragment. */
  get metadata(): DbnMetadata | null {
    return this.#metadata;
  }

  /** Version in which the input is stored; null until the header has arrived, and for a fragment of which it was not said. */
  get storedVersion(): DbnVersion | null {
    return this.#storedVersion;
  }

  /** Index of the record that was given last, to a callback that may still be running; -1 before the first. */
  get index(): number {
    return this.#index;
  }

  /** Offset in the input of the record that a callback has before it; between calls, of the first byte not given. */
  get byteOffset(): number {
    return this.#offset + this.#window.at;
  }

  /** Records so far whose type or length is not known; they were given as such. */
  get unknownRecords(): number {
    return this.#unknownRecords;
  }

  /**
   * Takes what a chunk holds of the header and returns how many bytes that were; the rest are records. Returns 0 once
   * the header is complete. `feed` does this by itself.
   */
  feedHeader(chunk: Uint8Array): number {
    return this.#guard(() => this.#takeHeader(chunk));
  }

  /**
   * Takes the next chunk and calls `onRecord` for each record that is complete by now. The view is valid only until
   * `onRecord` returns, the chunk may be reused after `feed` has returned. Throws at the first byte that is wrong; the
   * records before it have been given by then.
   */
  feed(chunk: Uint8Array, onRecord: (view: AnyView) => void): void {
    this.#guard(() => {
      const headerBytes = this.#takeHeader(chunk);
      if (this.#header === null || this.#metadata !== null) this.#takeRecords(chunk, headerBytes, onRecord);
    });
  }

  /** Must be called at the end of the input: throws code `truncated` when it ends inside the header or a record. */
  end(): void {
    this.#guard(() => {
      if (this.#header !== null && this.#metadata === null) throw this.#header.cutOff();
      if (this.#carried === 0) return;
      throw new DatabentoError(
        'truncated',
        `truncated DBN: record ${this.#index + 1} at byte ${this.#offset} has ${this.#carried} of ` +
          `${this.#carry[0]! * WORD_BYTES} bytes; copy or download it again`,
        { byteOffset: this.#offset },
      );
    });
  }

  #guard<T>(step: () => T): T {
    if (this.#failure !== null) throw this.#failure.error;
    try {
      return step();
    } catch (error) {
      this.#failure = { error };
      throw error;
    }
  }

  #takeHeader(chunk: Uint8Array): number {
    if (this.#header === null || this.#metadata !== null) return 0;
    const { taken, metadata } = this.#header.take(chunk);
    this.#offset += taken;
    if (metadata === null) return taken;
    this.#metadata = this.#isUpgrading ? upgradeMetadata(metadata) : metadata;
    this.#expectRecords(metadata.version, metadata.ts_out);
    return taken;
  }

  #expectRecords(version: DbnVersion | null, hasTsOut: boolean): void {
    this.#storedVersion = version;
    this.#tsOutBytes = hasTsOut ? TS_OUT_BYTES : 0;
    this.#window = makeWindow(this.#carryCursor, hasTsOut);
    this.#unknown = makeView('unknown', this.#window) as AnyView;
    this.#kinds = recordKinds({ version, isUpgrading: this.#isUpgrading, window: this.#window });
  }

  #takeRecords(chunk: Uint8Array, from: number, onRecord: (view: AnyView) => void): void {
    const start = this.#carried > 0 ? this.#completeCarried(chunk, from, onRecord) : from;
    if (start === chunk.length) return;
    this.#offset -= start;
    const end = this.#walk(chunk, start, onRecord);
    this.#carry.set(chunk.subarray(end));
    this.#carried = chunk.length - end;
    this.#offset += end;
    this.#window.at = 0;
  }

  /** Adds the rest of the record that was carried over, and returns where the next one begins in the chunk. */
  #completeCarried(chunk: Uint8Array, from: number, onRecord: (view: AnyView) => void): number {
    const need = this.#carry[0]! * WORD_BYTES;
    const rest = chunk.subarray(from, from + need - this.#carried);
    this.#carry.set(rest, this.#carried);
    this.#carried += rest.length;
    if (this.#carried === need) {
      this.#window.bytes = this.#carryCursor;
      this.#index += 1;
      this.#give(this.#carry[1]!, need - this.#tsOutBytes, onRecord);
      this.#carried = 0;
      this.#offset += need;
    }
    return from + rest.length;
  }

  /** Gives every whole record of a chunk, and returns where the first begins that is not whole. */
  #walk(chunk: Uint8Array, from: number, onRecord: (view: AnyView) => void): number {
    const window = this.#window;
    window.bytes = new DataView(chunk.buffer, chunk.byteOffset, chunk.length);
    const lengthMin = HEADER_BYTES + this.#tsOutBytes;
    const end = chunk.length;
    let at = from;
    while (at < end) {
      const length = chunk[at]! * WORD_BYTES;
      if (length < lengthMin) throw this.#tooShort(at, length, lengthMin);
      if (at + length > end) break;
      window.at = at;
      this.#index += 1;
      this.#give(chunk[at + 1]!, length - this.#tsOutBytes, onRecord);
      at += length;
    }
    return at;
  }

  /** Gives the record that the window is on. */
  #give(rtype: number, bodyBytes: number, onRecord: (view: AnyView) => void): void {
    let kind = this.#kinds[rtype] ?? null;
    while (kind !== null && kind.size > bodyBytes) kind = kind.shorter;
    if (kind === null) {
      this.#unknownRecords += 1;
      onRecord(this.#unknown);
    } else {
      kind.upgrade?.(this.#window.bytes, this.#window.at);
      onRecord(kind.view);
    }
  }

  #tooShort(at: number, length: number, lengthMin: number): DatabentoError {
    const byteOffset = this.#offset + at;
    return new DatabentoError(
      'corrupt',
      `corrupt DBN: record ${this.#index + 1} at byte ${byteOffset} says it has ${length} bytes, fewer than the ` +
        `${lengthMin} that every record has here; copy or download it again`,
      { byteOffset },
    );
  }
}
