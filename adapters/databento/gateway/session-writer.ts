import { DbnEncoder } from '../dbn/encoder.ts';
import { type DbnVersion, type LayoutName, layoutOf, NEWEST_VERSION } from '../dbn/layouts.ts';
import { liveMetadata } from '../dbn/metadata.ts';
import type { AnyView, DbnRecord } from '../dbn/record.ts';
import { toObject } from '../dbn/record-object.ts';
import { makeView } from '../dbn/views.ts';
import { DatabentoError } from '../errors.ts';
import { fitText } from './gateway-records.ts';
import type { Outlet } from './outlet.ts';
import type { RecordBatch } from './record-batch.ts';

/** Enough to make writing to the socket cheap. */
const FLUSH_BYTES = 64 * 1024;
const BUFFER_BYTES = 4 * FLUSH_BYTES;

export interface WriterOptions {
  readonly outlet: Outlet;
  readonly version: DbnVersion;
  readonly tsOut: boolean;
  readonly now: () => bigint;
}

/** Writes DBN in the version of a session and sends it in large pieces; `flush` sends what is left. */
export class SessionWriter {
  readonly #outlet: Outlet;
  readonly #encoder: DbnEncoder;
  readonly #version: DbnVersion;
  readonly #now: () => bigint;
  /** Views for the record types that have another layout in the version, at the type's number. */
  readonly #converted: (AnyView | undefined)[];
  #unwritable = 0;

  constructor({ outlet, version, tsOut, now }: WriterOptions) {
    this.#outlet = outlet;
    this.#version = version;
    this.#now = now;
    this.#encoder = new DbnEncoder({ version, tsOut, bufferBytes: BUFFER_BYTES });
    this.#converted = convertedViews(version);
  }

  /** Whether market records go out exactly as a source has them. */
  get isVerbatim(): boolean {
    return !this.#encoder.tsOut && this.#version === NEWEST_VERSION;
  }

  /** Records left out because the version has no room for what they say. */
  get unwritable(): number {
    return this.#unwritable;
  }

  begin(dataset: string, startNs: bigint): void {
    const { version, tsOut } = this.#encoder;
    this.#encoder.metadata(liveMetadata({ dataset, version, start: startNs, tsOut }));
  }

  /** Adds a record of the gateway's own. */
  speak(record: DbnRecord): void {
    this.#encode(record.layout === 'error_v2' ? { ...record, err: fitText(record.err, this.#version) } : record);
  }

  /** Adds a market record; `stampNs` is when it is sent. */
  write(batch: RecordBatch, index: number, stampNs: bigint): void {
    const view = this.#converted[batch.bytes[batch.offsets[index]! + 1]!];
    if (view === undefined) {
      this.#encoder.raw(batch.bytesOf(index), stampNs);
    } else {
      view.window.bytes = batch.view;
      view.window.at = batch.offsets[index]!;
      this.#encode(toObject(view) as DbnRecord, stampNs);
    }
    if (this.#encoder.pendingBytes >= FLUSH_BYTES) this.flush();
  }

  /** Adds a stretch of records as they are; only when `isVerbatim`. */
  writeVerbatim(bytes: Uint8Array): void {
    this.#encoder.raw(bytes);
    if (this.#encoder.pendingBytes >= FLUSH_BYTES) this.flush();
  }

  flush(): void {
    if (this.#encoder.pendingBytes > 0) this.#outlet.send(this.#encoder.take());
  }

  #encode(record: DbnRecord, stampNs = this.#now()): void {
    try {
      this.#encoder.record(record, stampNs);
    } catch (error) {
      if (!(error instanceof DatabentoError) || error.code !== 'range') throw error;
      this.#unwritable += 1;
    }
  }
}

function convertedViews(version: DbnVersion): (AnyView | undefined)[] {
  const window = { bytes: new DataView(new ArrayBuffer(0)), at: 0, hasTsOut: false };
  return Array.from({ length: 256 }, (_, rtype) => {
    const newest = layoutOf(rtype, NEWEST_VERSION);
    if (newest === undefined || newest === layoutOf(rtype, version)) return undefined;
    return makeView(newest.name as LayoutName, window) as AnyView;
  });
}
