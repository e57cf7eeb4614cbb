import { UNDEF_TIMESTAMP } from '../dbn/enums.ts';
import type { AnyView } from '../dbn/record.ts';
import type { LiveClock } from './live-clock.ts';

const NS_PER_MS = 1_000_000n;
/** An undefined time in milliseconds. */
const UNDEF_MS = Number(UNDEF_TIMESTAMP / NS_PER_MS);

/** How late the newest records came, in milliseconds by our wall clock; null before the first. */
export interface LiveLag {
  /** Since the record's index time, which for bars is the beginning of their interval. */
  readonly indexMs: number | null;
  /** Since the gateway sent it; null when the stream does not say when it did. */
  readonly sentMs: number | null;
}

/** What a client has counted since it was made. */
export interface LiveCounters {
  /** Records received, those of the gateway itself and those that were dropped included. */
  readonly records: number;
  /** As they came over the wire. */
  readonly bytes: number;
  /** Sessions that streamed. */
  readonly sessions: number;
  /** Connections that failed or ended. */
  readonly disconnects: number;
  /** Records and markers that were delivered in an earlier session. */
  readonly duplicates: number;
  readonly unknownRecords: number;
  readonly heartbeats: number;
  /** Warnings, and reports of records left out. */
  readonly slowReaderWarnings: number;
  readonly symbolErrors: number;
  readonly gaps: number;
}

/** The counters as they are counted, and the lag as it is measured. */
export class LiveMeters implements LiveCounters {
  records = 0;
  bytes = 0;
  sessions = 0;
  disconnects = 0;
  duplicates = 0;
  unknownRecords = 0;
  heartbeats = 0;
  slowReaderWarnings = 0;
  symbolErrors = 0;
  gaps = 0;
  readonly #clock: LiveClock;
  #isSampleDue = false;
  #lag: LiveLag = { indexMs: null, sentMs: null };

  constructor(clock: LiveClock) {
    this.#clock = clock;
  }

  get lag(): LiveLag {
    return this.#lag;
  }

  /** Bytes have come; the first record among them is the next one to be measured. */
  received(bytes: number): void {
    this.bytes += bytes;
    this.#isSampleDue = true;
  }

  /** Measures a record if one is due. */
  sample(view: AnyView): void {
    if (!this.#isSampleDue) return;
    this.#isSampleDue = false;
    const nowMs = this.#clock.now();
    const indexMs = 'ts_recv_ms' in view ? view.ts_recv_ms : view.ts_event_ms;
    const sentNs = view.ts_out;
    this.#lag = {
      indexMs: indexMs >= UNDEF_MS ? null : nowMs - indexMs,
      sentMs: sentNs === undefined ? null : nowMs - Number(sentNs / NS_PER_MS),
    };
  }

  /** The counters as they stand. */
  snapshot(): LiveCounters {
    const { records, bytes, sessions, disconnects, duplicates } = this;
    const { unknownRecords, heartbeats, slowReaderWarnings, symbolErrors, gaps } = this;
    return {
      ...{ records, bytes, sessions, disconnects, duplicates },
      ...{ unknownRecords, heartbeats, slowReaderWarnings, symbolErrors, gaps },
    };
  }
}
