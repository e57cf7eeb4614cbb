import { flagBits } from '../dbn/enums.ts';
import type { RecordView } from '../dbn/record-view.ts';
import { type Delivered, FORGOTTEN_NS } from './delivered.ts';
import type { ReplayRules } from './schemas.ts';
import { TickTrail } from './tick-trail.ts';

const INSTRUMENT_ID_AT = 4;
const MBO_FLAGS_AT = 36;
const NO_TIME = 0xffff_ffff;

/** What was delivered of schemas with any number of records for each instrument and time. */
export class DeliveredTicks implements Delivered {
  readonly #rules: ReplayRules;
  /** Whether records flagged as a snapshot of the book are the beginning of a subscription, and never come again. */
  passesSnapshots = false;
  readonly #trails = new Map<number, TickTrail>();
  #lastId = -1;
  #lastTrail: TickTrail | null = null;
  #isReplaying = false;
  #newestLow = 0;
  #newestHigh = -1;

  constructor(rules: ReplayRules) {
    this.#rules = rules;
  }

  /** The newest time delivered, of which there may be more records. */
  get untilNs(): bigint | null {
    return this.#newestHigh === -1 ? null : (BigInt(this.#newestHigh) << 32n) | BigInt(this.#newestLow);
  }

  accept(view: RecordView): boolean {
    const { bytes, at } = view.window;
    const low = bytes.getUint32(at + this.#rules.indexAt, true);
    const high = bytes.getUint32(at + this.#rules.indexAt + 4, true);
    // Without a time it cannot be told from others, and is not replayed by time either.
    if (high === NO_TIME && low === NO_TIME) return true;
    if (this.passesSnapshots && (bytes.getUint8(at + MBO_FLAGS_AT) & flagBits.snapshot) !== 0) return true;
    const instrumentId = bytes.getUint32(at + INSTRUMENT_ID_AT, true);
    const trail = instrumentId === this.#lastId ? this.#lastTrail! : this.#trailOf(instrumentId);
    if (this.#isReplaying && trail.takeDue(high, low)) return false;
    trail.add(high, low);
    if (high > this.#newestHigh || (high === this.#newestHigh && low > this.#newestLow)) {
      this.#newestHigh = high;
      this.#newestLow = low;
    }
    return true;
  }

  beginReplay(fromNs: bigint): void {
    this.#isReplaying = true;
    this.#lastId = -1;
    for (const [instrumentId, trail] of this.#trails) {
      if (trail.newestNs < fromNs - FORGOTTEN_NS) this.#trails.delete(instrumentId);
      else trail.beginReplay();
    }
  }

  endReplay(): void {
    this.#isReplaying = false;
    for (const trail of this.#trails.values()) trail.endReplay();
  }

  #trailOf(instrumentId: number): TickTrail {
    let trail = this.#trails.get(instrumentId);
    if (trail === undefined) {
      trail = new TickTrail(this.#rules.retentionNs);
      this.#trails.set(instrumentId, trail);
    }
    this.#lastId = instrumentId;
    this.#lastTrail = trail;
    return trail;
  }
}
