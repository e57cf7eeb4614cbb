import type { Random } from '#adapters/databento/gateway/random.ts';

/** Places in an input by which mutations of its structure go. */
export interface Structure {
  /** Bytes of the header; 0 when there is none. */
  readonly headerBytes: number;
  /** Where parts begin, of which each has its own length: records, or lines. */
  readonly parts: readonly number[];
}

/** Longer inputs are cut. */
export const INPUT_BYTES_MAX = 8 * 1024;
const TELLING_BYTES = [0, 1, 2, 3, 4, 5, 6, 8, 14, 16, 20, 23, 33, 44, 80, 127, 128, 130, 254, 255];
const TELLING_WORDS = [0, 1, 2, 3, 70, 71, 72, 99, 100, 120, 0x7fff_ffff, 0x8000_0000, 0xffff_fff8, 0xffff_ffff];
const INSERTED_MAX = 40;
const STACKED_MAX = 4;

/** Makes inputs from others: between one and four small changes on top of each other. */
export class Mutator {
  readonly #random: Random;
  readonly #bytes = new Uint8Array(INPUT_BYTES_MAX);
  #length = 0;
  #structure: Structure = { headerBytes: 0, parts: [] };

  constructor(random: Random) {
    this.#random = random;
  }

  /** A changed copy of an input; `other` lends parts to it. */
  mutate(bytes: Uint8Array, structure: Structure, other: Uint8Array): Uint8Array {
    this.#length = Math.min(bytes.length, INPUT_BYTES_MAX);
    this.#bytes.set(bytes.subarray(0, this.#length));
    this.#structure = structure;
    for (let left = 1 + this.#random.below(STACKED_MAX); left > 0; left--) this.#change(other);
    return this.#bytes.slice(0, this.#length);
  }

  #change(other: Uint8Array): void {
    const { below } = this.#random;
    switch (below(14)) {
      case 0:
      case 1:
        this.#flip(this.#place());
        break;
      case 2:
        this.#set(this.#place(), TELLING_BYTES[below(TELLING_BYTES.length)]!);
        break;
      case 3:
        this.#set(this.#part(), below(2) === 0 ? TELLING_BYTES[below(TELLING_BYTES.length)]! : below(256));
        break;
      case 4:
        this.#set(this.#part() + 1, below(256));
        break;
      case 5:
        this.#nudge(below(2) === 0 ? this.#part() : this.#place());
        break;
      case 6:
        this.#setWord(this.#headerPlace());
        break;
      case 7:
        this.#set(this.#headerPlace(), below(256));
        break;
      case 8:
        this.#length = this.#place();
        break;
      case 9:
        this.#remove(this.#place(), 1 + below(INSERTED_MAX));
        break;
      case 10:
        this.#insert(this.#place(), this.#noise());
        break;
      case 11:
        this.#insert(this.#part(), this.#piece(this.#bytes.slice(0, this.#length)));
        break;
      case 12:
        this.#insert(this.#part(), this.#piece(other));
        break;
      default:
        this.#splice(other);
        break;
    }
  }

  #place(): number {
    return this.#random.below(Math.max(this.#length, 1));
  }

  /** The beginning of a part, if there is one. */
  #part(): number {
    const { parts } = this.#structure;
    return parts.length === 0 ? this.#place() : parts[this.#random.below(parts.length)]!;
  }

  #headerPlace(): number {
    const { headerBytes } = this.#structure;
    if (headerBytes === 0) return this.#place();
    // Half of the changes of a header go to its first part, where the numbers are.
    return this.#random.below(this.#random.below(2) === 0 ? Math.min(headerBytes, 64) : headerBytes);
  }

  #set(at: number, value: number): void {
    if (at < this.#length) this.#bytes[at] = value;
  }

  #flip(at: number): void {
    this.#set(at, this.#bytes[at]! ^ (1 << this.#random.below(8)));
  }

  #nudge(at: number): void {
    this.#set(at, this.#bytes[at]! + (this.#random.below(2) === 0 ? 1 : -1));
  }

  #setWord(at: number): void {
    if (at + 4 > this.#length) return;
    const value = TELLING_WORDS[this.#random.below(TELLING_WORDS.length)]!;
    for (let index = 0; index < 4; index++) this.#bytes[at + index] = value >>> (8 * index);
  }

  #remove(at: number, count: number): void {
    const end = Math.min(at + count, this.#length);
    this.#bytes.copyWithin(at, end, this.#length);
    this.#length -= end - at;
  }

  #insert(at: number, piece: Uint8Array): void {
    const place = Math.min(at, this.#length);
    const room = Math.min(piece.length, INPUT_BYTES_MAX - this.#length);
    this.#bytes.copyWithin(place + room, place, this.#length);
    this.#bytes.set(piece.subarray(0, room), place);
    this.#length += room;
  }

  /** Keeps the front and takes the back of another input. */
  #splice(other: Uint8Array): void {
    const at = this.#random.below(2) === 0 ? this.#part() : this.#place();
    const tail = other.subarray(this.#random.below(other.length + 1)).subarray(0, INPUT_BYTES_MAX - at);
    this.#bytes.set(tail, at);
    this.#length = at + tail.length;
  }

  #noise(): Uint8Array {
    return Uint8Array.from({ length: 1 + this.#random.below(INSERTED_MAX) }, () => this.#random.below(256));
  }

  /** A stretch of some bytes, as long as a record at times. */
  #piece(bytes: Uint8Array): Uint8Array {
    const from = this.#random.below(bytes.length + 1);
    return bytes.subarray(from, from + 1 + this.#random.below(120));
  }
}

/** Sizes of the chunks in which an input is given, over and over; mostly the whole at once. */
export function madeCuts(random: Random): readonly number[] {
  const kind = random.below(64);
  if (kind < 40) return [INPUT_BYTES_MAX];
  if (kind === 40) return [1];
  return Array.from({ length: 1 + random.below(4) }, () => 1 + random.below(kind < 46 ? 16 : 400));
}

/** Bytes in chunks of the given sizes. Each is memory of its own, so that reading past its end finds nothing. */
export function* cut(bytes: Uint8Array, cuts: readonly number[]): Generator<Uint8Array, void, undefined> {
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = cuts[turn % cuts.length]!;
    // A slice of a Buffer would share its memory.
    yield new Uint8Array(bytes.subarray(at, at + size));
    at += size;
  }
}
