/** Reads that all standard consumers of one shard may make together in one second. */
const READS_PER_SECOND_MAX = 5;

/** Admits reads of one shard: at most five in any second, first come first served. */
export class ReadLimit {
  readonly #admittedMs: number[] = [];
  readonly #nowMs: () => number;

  /** `nowMs` is monotonic. */
  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  /** True, and counted, when the read may happen now; false is AWS's throttled read. */
  admit(): boolean {
    const nowMs = this.#nowMs();
    while ((this.#admittedMs[0] ?? nowMs) <= nowMs - 1000) this.#admittedMs.shift();
    if (this.#admittedMs.length >= READS_PER_SECOND_MAX) return false;
    this.#admittedMs.push(nowMs);
    return true;
  }
}
