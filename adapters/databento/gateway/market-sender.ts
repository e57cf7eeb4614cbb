import { rtypes, type Schema, schemas } from '../dbn/enums.ts';
import type { Disturbances } from './disturbances.ts';
import type { FaultDraws, Strike } from './faults.ts';
import { barLengthNs, replayTimeAt, skippableSchemas } from './intervals.ts';
import type { RecordBatch } from './record-batch.ts';
import type { Router } from './router.ts';
import type { SessionWriter } from './session-writer.ts';

const [RTYPE_AT, INSTRUMENT_ID_AT, MARKER_TIME_AT] = [1, 4, 8] as const;
const isSkippable = schemas.map((schema) => skippableSchemas.has(schema));
/** A late bar comes after its own interval's marker, or after that of the next interval. */
const LATE_INTERVALS = 2;

export interface MarketSenderOptions {
  readonly writer: SessionWriter;
  readonly router: Router;
  readonly disturbances: Disturbances;
  readonly draws: FaultDraws;
  /** Strikes the session with a fault; false when it is over for it. */
  readonly onStrike: (strike: Strike) => boolean;
  /** Told how many records of a schema were left out for a slow reader, when that is over. */
  readonly onSkipped: (schema: Schema, records: number) => void;
}

/** A stretch of a batch to be sent. */
export interface Stretch {
  /** The records [from, to). */
  readonly from: number;
  readonly to: number;
  readonly isReplay: boolean;
  /** When they are sent: one time for all, or one for each record of the batch. */
  readonly sentNs: bigint | BigUint64Array;
}

/** Sends what a session is to have of the market: picks its records, and lets them come wrong when that was asked for. */
export class MarketSender {
  readonly #options: MarketSenderOptions;
  #late: { readonly bar: RecordBatch; readonly afterNs: bigint }[] = [];
  readonly #skipped = new Map<Schema, number>();
  #skipUntilNs: bigint | null = null;
  /** Records that lie together and go out as they are; not yet written. */
  #run: { readonly bytes: Uint8Array; readonly from: number; to: number } | null = null;

  constructor(options: MarketSenderOptions) {
    this.#options = options;
  }

  /** Leaves out the records of skippable schemas available until then. */
  skipUntil(timeNs: bigint): void {
    this.#skipUntilNs = timeNs;
  }

  /** Sends the records of a stretch that are for the session; of a replay only those not before its start. */
  send(batch: RecordBatch, stretch: Stretch): void {
    const { from, to, isReplay } = stretch;
    if (from === to) return;
    const { router, disturbances, draws } = this.#options;
    router.at(batch.availableNs[from]!);
    const isQuiet = !disturbances.isActive && this.#late.length === 0 && this.#skipUntilNs === null;
    for (let index = from; index < to; index++) {
      if (isQuiet) {
        if (this.#isWanted(batch, index, isReplay)) this.#write(batch, index, sentAt(stretch, index));
        continue;
      }
      const strike = draws.strike(batch.availableNs[index]!, disturbances.rates);
      if (strike !== null) {
        this.settle();
        if (!this.#options.onStrike(strike)) return;
      }
      this.#sendFaulty(batch, index, stretch);
    }
    this.settle();
  }

  /** Sends bars that are still held back and says what was skipped; nothing comes after them. */
  end(sentNs: bigint): void {
    this.#release(null, sentNs);
    this.#tellSkipped();
    this.settle();
  }

  /** Writes what has been collected; before anything else is written. */
  settle(): void {
    if (this.#run === null) return;
    const { bytes, from, to } = this.#run;
    this.#run = null;
    this.#options.writer.writeVerbatim(bytes.subarray(from, to));
  }

  #isWanted(batch: RecordBatch, index: number, isReplay: boolean): boolean {
    const { router } = this.#options;
    const { bytes, view, availableNs } = batch;
    const [offset, schemaNumber] = [batch.offsets[index]!, batch.schemaNumbers[index]!];
    const isMarker = bytes[offset + RTYPE_AT] === rtypes.system;
    if (isMarker && !isReplay) return true;
    const instrumentId = view.getUint32(offset + INSTRUMENT_ID_AT, true);
    if (!isReplay) return router.isWanted(schemaNumber, instrumentId, availableNs[index]!);
    const fromNs = isMarker
      ? router.replayFrom(batch.schemaOf(index))
      : router.replayFromOf(schemaNumber, instrumentId, availableNs[index]!);
    const timeAt = isMarker ? MARKER_TIME_AT : replayTimeAt[schemaNumber]!;
    return fromNs !== null && view.getBigUint64(offset + timeAt, true) >= fromNs;
  }

  #write(batch: RecordBatch, index: number, sentNs: bigint): void {
    const { writer } = this.#options;
    if (!writer.isVerbatim) {
      writer.write(batch, index, sentNs);
      return;
    }
    const from = batch.offsets[index]!;
    const to = batch.endOf(index);
    if (this.#run?.bytes === batch.bytes && this.#run.to === from) {
      this.#run.to = to;
    } else {
      this.settle();
      this.#run = { bytes: batch.bytes, from, to };
    }
  }

  #sendFaulty(batch: RecordBatch, index: number, stretch: Stretch): void {
    const { disturbances, draws } = this.#options;
    const { rates } = disturbances;
    const availableNs = batch.availableNs[index]!;
    const sentNs = sentAt(stretch, index);
    this.#release(availableNs, sentNs);
    const isMarker = batch.bytes[batch.offsets[index]! + RTYPE_AT] === rtypes.system;
    if (disturbances.isLost(availableNs)) return;
    if (isMarker && (!disturbances.hasMarkers || draws.hits(rates['missing-marker']))) return;
    if (!this.#isWanted(batch, index, stretch.isReplay) || this.#isSkipped(batch, index)) return;
    const record = this.#renumbered(batch, index);
    const at = record === batch ? index : 0;
    const lengthNs = isMarker ? null : barLengthNs[batch.schemaNumbers[index]!]!;
    if (lengthNs !== null && draws.hits(rates.late)) {
      const afterNs = availableNs + lengthNs * BigInt(draws.below(LATE_INTERVALS));
      this.#late.push({ bar: record.copyOf(at), afterNs });
      return;
    }
    this.#write(record, at, sentNs);
    if (stretch.isReplay && !isMarker && draws.hits(rates.duplicate)) {
      this.settle();
      this.#write(record, at, sentNs);
    }
  }

  /** Writes late bars that are due before a record of a time; null for all. */
  #release(timeNs: bigint | null, sentNs: bigint): void {
    if (this.#late.length === 0) return;
    const isDue = ({ afterNs }: { readonly afterNs: bigint }): boolean => timeNs === null || afterNs < timeNs;
    for (const { bar } of this.#late.filter(isDue)) {
      this.#write(bar, 0, sentNs);
    }
    this.#late = this.#late.filter((late) => !isDue(late));
  }

  #isSkipped(batch: RecordBatch, index: number): boolean {
    if (this.#skipUntilNs === null) return false;
    if (batch.availableNs[index]! > this.#skipUntilNs) {
      this.#tellSkipped();
      return false;
    }
    if (!isSkippable[batch.schemaNumbers[index]!]) return false;
    const schema = batch.schemaOf(index);
    this.#skipped.set(schema, (this.#skipped.get(schema) ?? 0) + 1);
    return true;
  }

  #tellSkipped(): void {
    this.#skipUntilNs = null;
    this.settle();
    for (const [schema, records] of this.#skipped) this.#options.onSkipped(schema, records);
    this.#skipped.clear();
  }

  /** The record under the id that its instrument has at the time: the batch itself, or one with it alone. */
  #renumbered(batch: RecordBatch, index: number): RecordBatch {
    const { disturbances } = this.#options;
    if (!disturbances.hasNewIds) return batch;
    const instrumentId = batch.view.getUint32(batch.offsets[index]! + INSTRUMENT_ID_AT, true);
    const newId = disturbances.idAt(instrumentId, batch.availableNs[index]!);
    if (newId === instrumentId) return batch;
    const record = batch.copyOf(index);
    record.view.setUint32(record.offsets[0]! + INSTRUMENT_ID_AT, newId, true);
    return record;
  }
}

function sentAt({ sentNs }: Stretch, index: number): bigint {
  return typeof sentNs === 'bigint' ? sentNs : sentNs[index]!;
}
