import { rtypes } from '#adapters/databento/dbn/enums.ts';
import type { DbnMetadata } from '#adapters/databento/dbn/metadata.ts';
import type { AnyView } from '#adapters/databento/dbn/record.ts';
import { type DecodeFlags, rtypeOfChoice } from './decode-flags.ts';
import { choiceName } from './record-names.ts';

/** The records of one file that were asked for: of one schema, up to a limit. */
export class ChosenRecords {
  readonly #flags: Pick<DecodeFlags, 'schema' | 'limit'>;
  readonly #rtype: number | null;
  #isOldOhlcv = false;
  #others = new Set<number>();
  #taken = 0;

  constructor(flags: Pick<DecodeFlags, 'schema' | 'limit'>) {
    this.#flags = flags;
    this.#rtype = flags.schema === null ? null : rtypeOfChoice(flags.schema);
  }

  /** Takes note of the header before the records; null for a fragment. */
  begin(metadata: DbnMetadata | null): void {
    // Bars of old files do not say their length themselves.
    this.#isOldOhlcv = metadata !== null && metadata.schema === this.#flags.schema;
  }

  /** Whether the next record is one of them. */
  take({ rtype }: AnyView): boolean {
    if (this.isDone) return false;
    const isOther = this.#rtype !== null && rtype !== this.#rtype;
    if (isOther && !(this.#isOldOhlcv && rtype === rtypes['ohlcv-deprecated'])) {
      this.#others.add(rtype);
      return false;
    }
    this.#taken += 1;
    return true;
  }

  get taken(): number {
    return this.#taken;
  }

  /** Whether the limit has been reached. */
  get isDone(): boolean {
    return this.#taken >= this.#flags.limit;
  }

  /** What to say when records were there, but none was chosen. */
  get hint(): string | null {
    if (this.#taken > 0 || this.#others.size === 0) return null;
    return `no record is of schema ${this.#flags.schema}; there are ${[...this.#others].map(choiceName).join(', ')}`;
  }
}
