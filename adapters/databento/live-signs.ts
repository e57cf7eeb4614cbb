import { barFault } from '#adapters/files/bar-record.ts';
import type { MinuteBar } from '#core/market/bar.ts';
import { MINUTE_MS } from '#core/market/timeframe.ts';
import { rtypes, systemCodes, UNDEF_PRICE } from './dbn/enums.ts';
import type { DbnRecord, OhlcvRecord, SystemRecord } from './dbn/record.ts';
import type { LiveEvent } from './live/live-event.ts';
import type { LiveSign } from './live-minutes.ts';
import { type NamedContract, outrightOf } from './outright.ts';

/** The schema that the signs are read from. */
export const BAR_SCHEMA = 'ohlcv-1m';

const NS_PER_MS = 1_000_000n;
const PRICE_UNITS = 1e9;
/** Bars that may wait for the name of their instrument; of more, the oldest are given up. */
const HELD_MAX = 10_000;

/** Bars that were not used, by reason. */
export interface UnusedBars {
  /** Of spreads, options and roots that were not asked for. */
  notOutrights: number;
  /** A price is undefined, or the prices contradict each other. */
  faulty: number;
  /** Nothing has said what their instrument is, so far. */
  unnamed: number;
}

/** Reads the signs of a live session out of the events of a client that is subscribed to `ohlcv-1m` by parents. */
export class LiveSigns {
  readonly unused: UnusedBars = { notOutrights: 0, faulty: 0, unnamed: 0 };
  readonly #universe: ReadonlySet<string>;
  readonly #onFault: (reason: string) => void;
  readonly #symbols = new Map<number, string>();
  readonly #named = new Map<string, NamedContract | null>();
  /** Bars of instruments without a name, in the order in which they came. */
  #held: OhlcvRecord[] = [];
  /** When the gateway took the subscription of this session; null before. */
  #subscribedMs: number | null = null;
  #isLive = false;

  /** `onFault` hears, in words, of bars that cannot be used although their instrument is wanted. */
  constructor(universe: readonly string[], onFault: (reason: string) => void) {
    this.#universe = new Set(universe);
    this.#onFault = onFault;
  }

  /** Whether everything from before this session was asked for has come, and what comes is new. */
  get isLive(): boolean {
    return this.#isLive;
  }

  /** The signs in an event, in order; most events are none. */
  take(event: LiveEvent): LiveSign[] {
    switch (event.kind) {
      case 'record':
        return this.#takeRecord(event.record);
      case 'connected':
        // Ids are given anew in every session; bars that wait for a name keep waiting for it.
        this.#symbols.clear();
        this.#subscribedMs = null;
        this.#isLive = false;
        return [];
      case 'replay-completed':
        this.#isLive ||= event.schema === BAR_SCHEMA || event.schema === null;
        return [];
      case 'gap':
        return event.schema === BAR_SCHEMA
          ? [{ kind: 'lost', fromMs: msOf(event.fromNs), toMs: msOf(event.toNs) }]
          : [];
      default:
        return [];
    }
  }

  #takeRecord(record: DbnRecord): LiveSign[] {
    if (record.layout === 'ohlcv') return record.rtype === rtypes[BAR_SCHEMA] ? this.#takeBar(record) : [];
    if (record.layout === 'system_v2') return this.#takeMessage(record);
    if (record.layout !== 'symmap_v2') return [];
    this.#symbols.set(record.instrument_id, record.stype_out_symbol);
    const waiting = this.#held.filter(({ instrument_id }) => instrument_id === record.instrument_id);
    if (waiting.length === 0) return [];
    this.#held = this.#held.filter(({ instrument_id }) => instrument_id !== record.instrument_id);
    this.unused.unnamed -= waiting.length;
    return waiting.flatMap((bar) => this.#takeBar(bar));
  }

  #takeMessage({ code, msg, ts_event }: SystemRecord): LiveSign[] {
    const timeMs = msOf(ts_event);
    if (code === systemCodes.subscriptionAck) this.#subscribedMs = timeMs;
    // During a replay the gateway's clock says nothing of how far the replay is.
    if (code === systemCodes.heartbeat) return this.#isLive ? [{ kind: 'clock', timeMs }] : [];
    if (code !== systemCodes.endOfInterval || !msg.includes(BAR_SCHEMA) || timeMs % MINUTE_MS !== 0) return [];
    this.#reach(timeMs);
    const openTimeMs = timeMs - MINUTE_MS;
    const isUnnamed = this.#held.some((bar) => msOf(bar.ts_event) === openTimeMs);
    return [...(isUnnamed ? [{ kind: 'unusable', openTimeMs } as const] : []), { kind: 'marker', closeTimeMs: timeMs }];
  }

  /** A gateway that does not say when a replay is over shows it by what is newer than the subscription. */
  #reach(timeMs: number): void {
    if (this.#subscribedMs !== null && timeMs > this.#subscribedMs) this.#isLive = true;
  }

  #takeBar(record: OhlcvRecord): LiveSign[] {
    const openTimeMs = msOf(record.ts_event);
    this.#reach(openTimeMs + MINUTE_MS);
    const symbol = this.#symbols.get(record.instrument_id);
    if (symbol === undefined) {
      this.#hold(record);
      return [];
    }
    const named = this.#nameOf(symbol, openTimeMs);
    if (named === null || !this.#universe.has(named.root)) {
      this.unused.notOutrights += 1;
      return [];
    }
    const bar = barOf(record, named, openTimeMs);
    const fault = barFault(bar);
    if (fault === null) return [{ kind: 'bar', bar }];
    this.unused.faulty += 1;
    this.#onFault(`${bar.contract} at ${new Date(openTimeMs).toISOString()} ${fault}`);
    return [{ kind: 'unusable', openTimeMs: Math.floor(openTimeMs / MINUTE_MS) * MINUTE_MS }];
  }

  #hold(record: OhlcvRecord): void {
    this.#held.push(record);
    this.unused.unnamed += 1;
    if (this.#held.length <= HELD_MAX) return;
    const given = this.#held.shift()!;
    this.#onFault(
      `instrument ${given.instrument_id} at ${new Date(msOf(given.ts_event)).toISOString()} never got a name`,
    );
  }

  /** What a symbol names depends on the month: a short year means the next one that fits. */
  #nameOf(symbol: string, onDateMs: number): NamedContract | null {
    const key = `${symbol} ${new Date(onDateMs).toISOString().slice(0, 7)}`;
    const known = this.#named.get(key);
    if (known !== undefined) return known;
    const named = this.#tryName(symbol, onDateMs);
    this.#named.set(key, named);
    return named;
  }

  #tryName(symbol: string, onDateMs: number): NamedContract | null {
    try {
      return outrightOf(symbol, onDateMs);
    } catch (error) {
      // Somebody else's root, or a strategy whose name looks like an outright: never a reason to stop the feed.
      this.#onFault(error instanceof Error ? error.message : String(error));
      return null;
    }
  }
}

function barOf(record: OhlcvRecord, { root, contract }: NamedContract, openTimeMs: number): MinuteBar {
  const [open, high, low, close] = [record.open, record.high, record.low, record.close].map(priceOf) as [
    number,
    number,
    number,
    number,
  ];
  return { root, contract, openTimeMs, open, high, low, close, volume: Number(record.volume) };
}

/** The double nearest to a price in units of 1e-9; not a number when it is undefined or too large to be exact. */
function priceOf(raw: bigint): number {
  const units = Number(raw);
  return raw === UNDEF_PRICE || !Number.isSafeInteger(units) ? Number.NaN : units / PRICE_UNITS;
}

/** Whole milliseconds; the rest is cut off. */
function msOf(ns: bigint): number {
  return Number(ns / NS_PER_MS);
}
