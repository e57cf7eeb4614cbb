import { type Schema, UNDEF_TIMESTAMP } from '#adapters/databento/dbn/enums.ts';
import type { StoredRecord } from '#adapters/databento/dbn/record.ts';
import { schemaOfRtype } from './record-names.ts';

/** Gathers what records say about the header before them. */
export class HeaderFacts {
  #rtypes = new Set<number>();
  #firstNs: bigint | null = null;
  #lastNs: bigint | null = null;

  add(record: StoredRecord): void {
    this.#rtypes.add(record.rtype);
    const timeNs = indexTime(record);
    if (timeNs === UNDEF_TIMESTAMP) return;
    if (this.#firstNs === null || timeNs < this.#firstNs) this.#firstNs = timeNs;
    if (this.#lastNs === null || timeNs > this.#lastNs) this.#lastNs = timeNs;
  }

  /** The one schema of all records; null when they have several or none. */
  get schema(): Schema | null {
    const [rtype, second] = this.#rtypes;
    return rtype === undefined || second !== undefined ? null : schemaOfRtype(rtype);
  }

  /** Time of the first record, nanoseconds since the epoch; 0 without records. */
  get start(): bigint {
    return this.#firstNs ?? 0n;
  }

  /** The nanosecond after the last record; null without records. */
  get end(): bigint | null {
    return this.#lastNs === null ? null : this.#lastNs + 1n;
  }
}

/** The time by which records are ordered and queried: when they were received, where they say it. */
function indexTime(record: StoredRecord): bigint {
  return 'ts_recv' in record ? record.ts_recv : record.ts_event;
}
