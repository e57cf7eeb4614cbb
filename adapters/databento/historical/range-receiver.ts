import { createHash } from 'node:crypto';
import { UNDEF_TIMESTAMP } from '../dbn/enums.ts';
import { HEADER_BYTES, TS_OUT_BYTES, WORD_BYTES } from '../dbn/field.ts';
import type { DbnVersion } from '../dbn/layouts.ts';
import { decodeMetadata, PRELUDE_BYTES, readPrelude } from '../dbn/metadata.ts';
import { DatabentoError } from '../errors.ts';
import { EVENT_TIME_OFFSET, indexTimeOffset } from './index-time.ts';

/** What a range request has delivered so far, as plain values: enough to ask for the rest in another process. */
export interface RangeProgress {
  readonly version: DbnVersion;
  readonly tsOut: boolean;
  /** End of the whole range as the header states it; null when it does not. */
  readonly endNs: bigint | null;
  readonly records: number;
  /** Index time of the last record; null before the first. The rest begins here: more records may have this time. */
  readonly cutNs: bigint | null;
  /** How many records with the index time `cutNs` were delivered, by the hash of their bytes. */
  readonly atCut: Readonly<Record<string, number>>;
}

type Piece = Uint8Array;

/**
 * Joins the answers to one range request and to the requests for its rest into one DBN stream in which every record
 * comes once. A rest begins with the index time of the last record, because records may share a time: those that were
 * delivered already are known by their bytes and left out. It is an error when one of them does not come again, which
 * means that the data has changed in between.
 */
export class RangeReceiver {
  #header: { version: DbnVersion; tsOut: boolean; endNs: bigint | null } | null = null;
  /** Whether the header of the answer that is being received has come. */
  #isInRecords = false;
  #carry: Piece = new Uint8Array(0);
  #records = 0;
  #cutNs: bigint | null = null;
  #isOrdered = true;
  /** False once an answer made no sense: what was delivered of it cannot be told from what was not. */
  #isSound = true;
  /** The delivered records at `cutNs`: stretches of them as they are, and others by their hashes. */
  #group: Piece[] = [];
  #groupHashes = new Map<string, number>();
  /** Records at the cut that the answer being received must repeat. */
  #expected = new Map<string, number>();
  #expectedCount = 0;
  readonly #indexOffsets = new Map<number, number>();

  constructor(progress?: RangeProgress) {
    if (progress === undefined) return;
    this.#header = progress;
    this.#records = progress.records;
    this.#cutNs = progress.cutNs;
    this.#groupHashes = new Map(Object.entries(progress.atCut));
  }

  /** Records delivered. */
  get records(): number {
    return this.#records;
  }

  /**
   * Whether the rest can be asked for: not when records came out of the order of time, because then their times do not
   * say what is still to come, and not after an answer that made no sense.
   */
  get isResumable(): boolean {
    return this.#isOrdered && this.#isSound;
  }

  /** Where it stands; null before the header has come. */
  progress(): RangeProgress | null {
    if (this.#header === null) return null;
    this.#hashGroup();
    const { version, tsOut, endNs } = this.#header;
    const atCut = Object.fromEntries(this.#groupHashes);
    return { version, tsOut, endNs, records: this.#records, cutNs: this.#cutNs, atCut };
  }

  /** An answer begins: the first one, or that to a request for what `progress` leaves. */
  begin(): void {
    this.#isInRecords = false;
    this.#carry = new Uint8Array(0);
    this.#hashGroup();
    this.#expected = new Map(this.#groupHashes);
    this.#expectedCount = sum(this.#expected);
  }

  /** Takes the next plain bytes of the answer and gives what is new in them: the first header, and whole records. */
  receive(chunk: Uint8Array): readonly Piece[] {
    const bytes = this.#carry.length === 0 ? chunk : Buffer.concat([this.#carry, chunk]);
    const pieces: Piece[] = [];
    this.#isSound = false;
    const end = this.#takeRecords(bytes, this.#takeHeader(bytes, pieces), pieces);
    this.#isSound = true;
    this.#carry = bytes.subarray(end);
    return pieces;
  }

  /** The answer has ended as a whole. Throws code `truncated` when it cannot be whole, `protocol` when data changed. */
  finish(): void {
    if (!this.#isInRecords) throw new DatabentoError('truncated', 'the answer ends before its DBN header does');
    if (this.#carry.length > 0) {
      throw new DatabentoError('truncated', `the answer ends ${this.#carry.length} bytes into a record`);
    }
    if (this.#expectedCount === 0) return;
    this.#isSound = false;
    throw changed();
  }

  /** Takes the header, once it is there, adds it to `pieces` if it is the first, and returns where it ends. */
  #takeHeader(bytes: Piece, pieces: Piece[]): number {
    if (this.#isInRecords || bytes.length < PRELUDE_BYTES) return 0;
    const { headerBytes } = readPrelude(bytes);
    if (bytes.length < headerBytes) return 0;
    const { version, ts_out: tsOut, end: endNs } = decodeMetadata(bytes);
    if (this.#header === null) {
      this.#header = { version, tsOut, endNs };
      pieces.push(bytes.subarray(0, headerBytes));
    } else if (this.#header.version !== version || this.#header.tsOut !== tsOut) {
      throw new DatabentoError('protocol', 'the rest of the range comes in another version of DBN; get the range anew');
    }
    this.#isInRecords = true;
    return headerBytes;
  }

  /** Walks over whole records, adds runs of new ones to `pieces` and returns where the last whole one ends. */
  #takeRecords(bytes: Piece, from: number, pieces: Piece[]): number {
    if (!this.#isInRecords) return from;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    let [at, runFrom, groupFrom] = [from, from, from];
    while (at < bytes.length) {
      const size = bytes[at]! * WORD_BYTES;
      if (size < HEADER_BYTES) {
        throw new DatabentoError('corrupt', `record ${this.#records + 1} of the range has a length of ${size} bytes`);
      }
      if (at + size > bytes.length) break;
      const indexNs = this.#indexNs(view, at, size);
      if (indexNs !== this.#cutNs) {
        this.#beginTime(indexNs);
        groupFrom = at;
      }
      if (this.#expectedCount > 0 && this.#isExpected(bytes.subarray(at, at + size))) {
        this.#group.push(bytes.subarray(groupFrom, at));
        if (runFrom < at) pieces.push(bytes.subarray(runFrom, at));
        groupFrom = at + size;
        runFrom = groupFrom;
      } else {
        this.#records += 1;
      }
      at += size;
    }
    this.#group.push(bytes.subarray(groupFrom, at));
    if (runFrom < at) pieces.push(bytes.subarray(runFrom, at));
    return at;
  }

  /** Forgets the records of the time before. */
  #beginTime(indexNs: bigint): void {
    if (this.#expectedCount > 0) throw changed();
    if (indexNs === UNDEF_TIMESTAMP || (this.#cutNs !== null && indexNs < this.#cutNs)) this.#isOrdered = false;
    this.#cutNs = indexNs;
    if (this.#group.length > 0) this.#group = [];
    if (this.#groupHashes.size > 0) this.#groupHashes.clear();
  }

  /** True, and ticked off, when the record was delivered by an answer before. */
  #isExpected(record: Piece): boolean {
    const hash = hashOf(record);
    const count = this.#expected.get(hash) ?? 0;
    if (count === 0) return false;
    this.#expected.set(hash, count - 1);
    this.#expectedCount -= 1;
    return true;
  }

  #hashGroup(): void {
    for (const records of this.#group) {
      for (let at = 0; at < records.length; ) {
        const end = at + records[at]! * WORD_BYTES;
        const hash = hashOf(records.subarray(at, end));
        this.#groupHashes.set(hash, (this.#groupHashes.get(hash) ?? 0) + 1);
        at = end;
      }
    }
    this.#group = [];
  }

  /** The time by which ranges are cut: `ts_recv` where the record has it, else `ts_event`. */
  #indexNs(view: DataView, at: number, size: number): bigint {
    const rtype = view.getUint8(at + 1);
    let offset = this.#indexOffsets.get(rtype);
    if (offset === undefined) {
      offset = indexTimeOffset(rtype, this.#header!.version);
      this.#indexOffsets.set(rtype, offset);
    }
    const bytesMin = offset + TIME_BYTES + (this.#header!.tsOut ? TS_OUT_BYTES : 0);
    return view.getBigUint64(at + (size < bytesMin ? EVENT_TIME_OFFSET : offset), true);
  }
}

const TIME_BYTES = 8;

function hashOf(record: Piece): string {
  return createHash('sha256').update(record).digest('base64url').slice(0, 22);
}

function sum(counts: ReadonlyMap<string, number>): number {
  let total = 0;
  for (const count of counts.values()) total += count;
  return total;
}

function changed(): DatabentoError {
  return new DatabentoError(
    'protocol',
    'records received before the interruption do not come again: the data has changed; get the whole range anew',
  );
}
