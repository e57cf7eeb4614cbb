import { DbnEncoder } from '#adapters/databento/dbn/encoder.ts';
import { type DbnVersion, NEWEST_VERSION } from '#adapters/databento/dbn/layouts.ts';
import { type DbnMetadata, liveMetadata, metadataInVersion } from '#adapters/databento/dbn/metadata.ts';
import { encodeMetadata } from '#adapters/databento/dbn/metadata-writer.ts';
import type { StoredRecord } from '#adapters/databento/dbn/record.ts';
import { contractError } from '#core/errors.ts';
import type { EncodeFlags } from './encode-flags.ts';
import { HeaderFacts } from './header-facts.ts';

/** What the header is told, where it does not follow from the records. */
export type HeaderFlags = Pick<EncodeFlags, 'version' | 'dataset' | 'schema' | 'stypeIn' | 'stypeOut'>;

/**
 * Encodes the records of one file. The header stands before the records but says things about all of them, so the bytes
 * taken begin with one of the right size, which `finish` gives as it should be.
 */
export class FileEncoder {
  readonly #flags: HeaderFlags;
  readonly #facts = new HeaderFacts();
  /** The header that was given instead of made. */
  #given: DbnMetadata | null = null;
  #encoder: DbnEncoder | null = null;
  #records = 0;

  constructor(flags: HeaderFlags) {
    this.#flags = flags;
  }

  get records(): number {
    return this.#records;
  }

  /** The version that is written; a header may change it until there is a record. */
  get version(): DbnVersion {
    return this.#flags.version ?? this.#given?.version ?? NEWEST_VERSION;
  }

  /** Throws when nothing says of which data set the records are. */
  requireDataset(): void {
    if (this.#given !== null || this.#flags.dataset !== null) return;
    throw contractError('the header needs a data set, which is in no record: name it with --dataset, as GLBX.MDP3');
  }

  /** Takes the header that the file shall have, where the flags do not say otherwise. */
  header(metadata: DbnMetadata): void {
    if (this.#given !== null) throw contractError('a second header; encode the records of one file at a time');
    if (this.#encoder !== null) throw contractError('a header after records; it belongs before them');
    this.#given = metadata;
  }

  /** Takes the next record, in any layout of its type. Throws when it cannot be written to this file. */
  add(record: StoredRecord): void {
    // Unknown records have theirs in their bytes.
    const hasTsOut = record.layout === 'unknown' ? null : record.ts_out !== undefined;
    const encoder = this.#encoder ?? this.#start(this.#given?.ts_out ?? hasTsOut ?? false);
    if (hasTsOut !== null && hasTsOut !== encoder.tsOut) {
      const found = hasTsOut ? 'ts_out is given here, but not' : 'ts_out is missing here, but given';
      throw contractError(`${found} in the header or the first record; every record has it or none`);
    }
    encoder.record(record);
    this.#facts.add(record);
    this.#records += 1;
  }

  /** The bytes since the last call. */
  take(): Uint8Array {
    return this.#encoder?.take() ?? new Uint8Array(0);
  }

  /** The header as it should be. Call it before the last `take`: a file without records gets its header here. */
  finish(): { readonly metadata: DbnMetadata; readonly header: Uint8Array } {
    const encoder = this.#encoder ?? this.#start(this.#given?.ts_out ?? false);
    const metadata = this.#metadata(encoder.tsOut);
    return { metadata, header: encodeMetadata(metadata) };
  }

  #start(tsOut: boolean): DbnEncoder {
    const encoder = new DbnEncoder({ version: this.version, tsOut });
    encoder.metadata(this.#metadata(tsOut));
    this.#encoder = encoder;
    return encoder;
  }

  #metadata(tsOut: boolean): DbnMetadata {
    const { dataset, schema, stypeIn, stypeOut } = this.#flags;
    const base = this.#given ?? this.#madeHeader(tsOut);
    const wanted = {
      ...(dataset !== null && { dataset }),
      ...(schema !== null && { schema }),
      ...(stypeIn !== null && { stype_in: stypeIn }),
      ...(stypeOut !== null && { stype_out: stypeOut }),
    };
    return metadataInVersion({ ...base, ...wanted }, this.version);
  }

  #madeHeader(tsOut: boolean): DbnMetadata {
    this.requireDataset();
    const { schema, start, end } = this.#facts;
    return { ...liveMetadata({ dataset: '', version: this.version, start, tsOut }), schema, end };
  }
}
