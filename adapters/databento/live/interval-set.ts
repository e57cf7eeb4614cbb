const INTERVALS_PER_CHUNK = 1024;
const BITS = 32;

/** A set of interval times: a bit for each interval, forgotten when far behind the newest. */
export class IntervalSet {
  readonly #intervalNs: bigint;
  readonly #chunksKept: number;
  readonly #retentionNs: bigint;
  /** Bits of 1024 intervals, by the number of the first over 1024. */
  readonly #chunks = new Map<number, Uint32Array>();
  /** Times that are no multiple of the interval; none is expected. */
  readonly #others = new Set<bigint>();
  #newestNs = -1n;

  constructor(intervalNs: bigint, retentionNs: bigint) {
    this.#intervalNs = intervalNs;
    this.#retentionNs = retentionNs;
    this.#chunksKept = Math.ceil(Number(retentionNs / intervalNs) / INTERVALS_PER_CHUNK) + 1;
  }

  /** The newest time in it; -1 when there is none. */
  get newestNs(): bigint {
    return this.#newestNs;
  }

  /** Adds a time, in nanoseconds; false when it is in the set already. */
  add(ns: bigint): boolean {
    if (ns > this.#newestNs) this.#newestNs = ns;
    const interval = ns / this.#intervalNs;
    if (interval * this.#intervalNs !== ns) return this.#addOther(ns);
    const index = Number(interval);
    const number = Math.floor(index / INTERVALS_PER_CHUNK);
    const chunk = this.#chunks.get(number) ?? this.#addChunk(number);
    const bit = index % INTERVALS_PER_CHUNK;
    const word = Math.floor(bit / BITS);
    const mask = 1 << (bit % BITS);
    if ((chunk[word]! & mask) !== 0) return false;
    chunk[word]! |= mask;
    return true;
  }

  #addChunk(number: number): Uint32Array {
    const chunk = new Uint32Array(INTERVALS_PER_CHUNK / BITS);
    const newest = Number(this.#newestNs / this.#intervalNs / BigInt(INTERVALS_PER_CHUNK));
    for (const key of this.#chunks.keys()) if (key < newest - this.#chunksKept) this.#chunks.delete(key);
    this.#chunks.set(number, chunk);
    return chunk;
  }

  #addOther(ns: bigint): boolean {
    if (this.#others.has(ns)) return false;
    for (const other of this.#others) if (other < this.#newestNs - this.#retentionNs) this.#others.delete(other);
    this.#others.add(ns);
    return true;
  }
}
