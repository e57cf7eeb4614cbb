const HIGH_WORD = 2 ** 32;
const RUNS_AT_FIRST = 4;

/** How many runs of records of the same time are remembered of one instrument. */
const RUNS_MAX = 4_096;

/**
 * How many records of each time were delivered of one instrument, for the newest times. Records are told apart by time
 * and place among those of the same time, as the gateway's replay keeps the order of an instrument.
 *
 * Times come as two halves of a 64-bit integer, because bigints would cost more than all the rest.
 */
export class TickTrail {
  readonly #retentionNs: number;
  readonly #runsMax: number;
  /** A ring of runs: records of the same time that came one after the other. Its length is a power of two. */
  #low = new Uint32Array(RUNS_AT_FIRST);
  #high = new Uint32Array(RUNS_AT_FIRST);
  #count = new Uint32Array(RUNS_AT_FIRST);
  #first = 0;
  #runs = 0;
  /** The newest time. */
  #newestLow = 0;
  #newestHigh = -1;
  /** Of the times that are forgotten, the newest: everything up to it was delivered. */
  #forgottenLow = 0;
  #forgottenHigh = -1;
  /** What a replay has yet to bring again: number of records by time. */
  #due: Map<bigint, number> | null = null;

  constructor(retentionNs: bigint, runsMax = RUNS_MAX) {
    this.#retentionNs = Number(retentionNs);
    this.#runsMax = runsMax;
  }

  /** The newest time delivered, nanoseconds; -1 before the first. */
  get newestNs(): bigint {
    return this.#newestHigh === -1 ? -1n : toNs(this.#newestHigh, this.#newestLow);
  }

  /** From now on records may come again. */
  beginReplay(): void {
    this.#due = new Map();
    for (let index = 0; index < this.#runs; index++) {
      const at = (this.#first + index) & (this.#low.length - 1);
      const ns = toNs(this.#high[at]!, this.#low[at]!);
      this.#due.set(ns, (this.#due.get(ns) ?? 0) + this.#count[at]!);
    }
  }

  endReplay(): void {
    this.#due = null;
  }

  /** During a replay: whether a record of this time is one that was delivered before. */
  takeDue(high: number, low: number): boolean {
    if (this.#due === null) return false;
    if (!isLater(high, low, this.#forgottenHigh, this.#forgottenLow)) return true;
    const ns = toNs(high, low);
    const count = this.#due.get(ns);
    if (count === undefined) return false;
    if (count === 1) this.#due.delete(ns);
    else this.#due.set(ns, count - 1);
    return true;
  }

  /** A record of this time is delivered. */
  add(high: number, low: number): void {
    const last = (this.#first + this.#runs - 1) & (this.#low.length - 1);
    if (this.#runs > 0 && low === this.#low[last] && high === this.#high[last]) {
      this.#count[last]! += 1;
      return;
    }
    if (isLater(high, low, this.#newestHigh, this.#newestLow)) {
      this.#newestHigh = high;
      this.#newestLow = low;
      this.#forgetOld();
    }
    if (this.#runs === this.#runsMax) this.#forgetFirst();
    if (this.#runs === this.#low.length) this.#grow();
    const at = (this.#first + this.#runs) & (this.#low.length - 1);
    this.#low[at] = low;
    this.#high[at] = high;
    this.#count[at] = 1;
    this.#runs += 1;
  }

  #forgetOld(): void {
    // A double is off by less than a microsecond here, which does not matter.
    const oldestNs = this.#newestHigh * HIGH_WORD + this.#newestLow - this.#retentionNs;
    while (this.#runs > 0 && this.#high[this.#first]! * HIGH_WORD + this.#low[this.#first]! < oldestNs) {
      this.#forgetFirst();
    }
  }

  #forgetFirst(): void {
    const high = this.#high[this.#first]!;
    const low = this.#low[this.#first]!;
    if (isLater(high, low, this.#forgottenHigh, this.#forgottenLow)) {
      this.#forgottenHigh = high;
      this.#forgottenLow = low;
    }
    this.#first = (this.#first + 1) & (this.#low.length - 1);
    this.#runs -= 1;
  }

  #grow(): void {
    const length = this.#low.length;
    const order = Uint32Array.from({ length }, (_, index) => (this.#first + index) & (length - 1));
    const [low, high, count] = [this.#low, this.#high, this.#count];
    this.#low = new Uint32Array(2 * length);
    this.#high = new Uint32Array(2 * length);
    this.#count = new Uint32Array(2 * length);
    order.forEach((from, to) => {
      this.#low[to] = low[from]!;
      this.#high[to] = high[from]!;
      this.#count[to] = count[from]!;
    });
    this.#first = 0;
  }
}

function isLater(high: number, low: number, thanHigh: number, thanLow: number): boolean {
  return high > thanHigh || (high === thanHigh && low > thanLow);
}

function toNs(high: number, low: number): bigint {
  return (BigInt(high) << 32n) | BigInt(low);
}
