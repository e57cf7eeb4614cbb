import type { RecordView } from '../dbn/record-view.ts';
import { type Delivered, FORGOTTEN_NS } from './delivered.ts';
import { IntervalSet } from './interval-set.ts';
import type { ReplayRules } from './schemas.ts';

/**
 * What was delivered of schemas with one record for each instrument and interval: a record of the same instrument and
 * time is the same record, whenever it comes.
 */
export class DeliveredIntervals implements Delivered {
  readonly #rules: ReplayRules & { readonly intervalNs: bigint };
  readonly #instruments = new Map<number, IntervalSet>();
  #newestNs: bigint | null = null;

  constructor(rules: ReplayRules & { readonly intervalNs: bigint }) {
    this.#rules = rules;
  }

  /** The first interval after the newest delivered one. */
  get untilNs(): bigint | null {
    return this.#newestNs === null ? null : this.#newestNs + this.#rules.intervalNs;
  }

  accept(view: RecordView): boolean {
    const ns = view.window.bytes.getBigUint64(view.window.at + this.#rules.indexAt, true);
    const instrumentId = view.instrument_id;
    let seen = this.#instruments.get(instrumentId);
    if (seen === undefined) {
      seen = new IntervalSet(this.#rules.intervalNs, this.#rules.retentionNs);
      this.#instruments.set(instrumentId, seen);
    }
    if (!seen.add(ns)) return false;
    if (this.#newestNs === null || ns > this.#newestNs) this.#newestNs = ns;
    return true;
  }

  beginReplay(fromNs: bigint): void {
    for (const [instrumentId, seen] of this.#instruments) {
      if (seen.newestNs < fromNs - FORGOTTEN_NS) this.#instruments.delete(instrumentId);
    }
  }

  endReplay(): void {
    // Nothing comes twice at any time.
  }
}
