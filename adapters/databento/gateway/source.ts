import type { Schema } from '../dbn/enums.ts';
import type { RecordBatch } from './record-batch.ts';

/** An instrument that a gateway knows. */
export interface GatewayInstrument {
  /** The number in the header of its records. */
  readonly instrumentId: number;
  /** As the venue writes it, `ESZ6` or `ESZ6-ESH7`. */
  readonly rawSymbol: string;
  /** Parents it comes under, `ES.FUT`. */
  readonly parents: readonly string[];
  /** Whether it is a spread or another strategy of several legs. */
  readonly isSpread: boolean;
  /** Nanoseconds since the epoch from which on it exists, and at which it ends; null when not known. */
  readonly listedNs: bigint | null;
  readonly expiryNs: bigint | null;
}

/** One record of a source, seen by itself. */
export interface TimedRecord {
  readonly schema: Schema;
  /** Nanoseconds since the epoch from which on a gateway has it. */
  readonly availableNs: bigint;
  /** The record in DBN version 3, without `ts_out`. */
  readonly bytes: Uint8Array;
}

/** Which records a pass over a source gives. */
export interface RecordQuery {
  readonly schemas: ReadonlySet<Schema>;
  /** Records available before are left out; 0 for all. */
  readonly fromNs: bigint;
}

/** Market data that the gateway and the historical server give out. */
export interface GatewaySource {
  readonly dataset: string;
  /** When the first record is available, at the earliest. */
  readonly startNs: bigint;
  /** When the last one is; null when not known before it has been read. */
  readonly endNs: bigint | null;
  /** Schemas it has records of. */
  readonly schemas: ReadonlySet<Schema>;
  /** Whether the records include end-of-interval markers (system records); without them the gateway makes its own. */
  readonly hasMarkers: boolean;
  /** Every instrument known to exist at a time; a source may learn of more as it is read. */
  instruments(atNs: bigint): readonly GatewayInstrument[];
  /** The instrument of a record of that time that has been read; ids are given again over the years. */
  instrument(instrumentId: number, atNs: bigint): GatewayInstrument | undefined;
  /**
   * A new pass over the records in order of `availableNs`, as batches of them. A batch is valid until the next one is
   * asked for. Markers come under the schema whose interval they end, after all records available until then.
   */
  records(query: RecordQuery): AsyncIterable<RecordBatch>;
}
