import type { OhlcvRecord } from '#adapters/databento/dbn/record.ts';
import type { LiveEvent } from '#adapters/databento/live/live-event.ts';
import type { MadeWeek } from './made-week.ts';

/** How bars of an instrument may come. */
export type BarOrder =
  /** In the order in which the gateway has them: by the time at which each is available, also those that are late. */
  | 'as-available'
  /**
   * A bar that the gateway held back may come after later ones of its instrument, by no more than the overlap of a
   * replay: an hour. All others come in order of time.
   */
  | 'late-within-an-hour';

const HOUR_NS = 3_600_000_000_000n;
const FAILURES_MAX = 5;

interface Instrument {
  readonly wanted: readonly Uint8Array[];
  /** Places among the wanted by time of the bar. */
  readonly places: ReadonlyMap<bigint, number>;
  readonly got: Uint8Array;
  next: number;
  newestNs: bigint;
}

/** Holds what a client delivers to what the week holds: each bar once, with its values, in order for its instrument. */
export class ReceivedBars {
  readonly failures: string[] = [];
  /** Bars delivered. */
  count = 0;
  /** Of them, those that came after later ones of their instrument. */
  behind = 0;
  readonly total: number;
  readonly #order: BarOrder;
  readonly #instruments = new Map<string, Instrument>();
  #symbols = new Map<number, string>();

  constructor(week: MadeWeek, order: BarOrder) {
    this.#order = order;
    let total = 0;
    for (const [symbol, wanted] of week.bars) {
      total += wanted.length;
      const places = new Map(wanted.map((bytes, index) => [viewOf(bytes).getBigUint64(8, true), index]));
      this.#instruments.set(symbol, { wanted, places, got: new Uint8Array(wanted.length), next: 0, newestNs: 0n });
    }
    this.total = total;
  }

  take(event: LiveEvent): void {
    if (event.kind === 'connected') this.#symbols = new Map();
    if (event.kind === 'gap') this.#fail(`a gap of ${event.schema} from ${event.fromNs} to ${event.toNs}`);
    if (event.kind !== 'record') return;
    const { record } = event;
    if (record.layout === 'symmap_v2') this.#symbols.set(record.instrument_id, record.stype_out_symbol);
    if (record.layout === 'ohlcv') this.#takeBar(record);
  }

  /** What is missing at the end. */
  end(): void {
    for (const [symbol, { got, wanted }] of this.#instruments) {
      const first = got.indexOf(0);
      if (first === -1) continue;
      const missing = got.filter((count) => count === 0).length;
      this.#fail(
        `${missing} bars of ${symbol} are missing, the first at ${viewOf(wanted[first]!).getBigUint64(8, true)}`,
      );
    }
  }

  #takeBar(record: OhlcvRecord): void {
    this.count += 1;
    const symbol = this.#symbols.get(record.instrument_id);
    const instrument = symbol === undefined ? undefined : this.#instruments.get(symbol);
    if (instrument === undefined) {
      this.#fail(`a bar of instrument ${record.instrument_id} (${symbol ?? 'not mapped'}), which has none`);
      return;
    }
    const place = instrument.places.get(record.ts_event);
    if (place === undefined) this.#fail(`a bar of ${symbol} at ${record.ts_event}, which the data does not hold`);
    else this.#place(record, { symbol: symbol!, instrument, place });
  }

  #place(
    record: OhlcvRecord,
    { symbol, instrument, place }: { symbol: string; instrument: Instrument; place: number },
  ): void {
    const at = record.ts_event;
    if (!isSame(record, instrument.wanted[place]!)) this.#fail(`the bar of ${symbol} at ${at} has other values`);
    if (instrument.got[place] === 1) this.#fail(`the bar of ${symbol} at ${at} comes twice`);
    instrument.got[place] = 1;
    if (at < instrument.newestNs) this.behind += 1;
    if (this.#order === 'as-available' && place !== instrument.next) {
      this.#fail(`the bar of ${symbol} at ${at} comes as number ${place} instead of ${instrument.next}`);
    }
    if (instrument.newestNs - at > HOUR_NS) this.#fail(`the bar of ${symbol} at ${at} comes more than an hour late`);
    instrument.next = place + 1;
    if (at > instrument.newestNs) instrument.newestNs = at;
  }

  #fail(what: string): void {
    if (this.failures.length < FAILURES_MAX) this.failures.push(what);
  }
}

function isSame({ open, high, low, close, volume }: OhlcvRecord, bytes: Uint8Array): boolean {
  const view = viewOf(bytes);
  return (
    open === view.getBigInt64(16, true) &&
    high === view.getBigInt64(24, true) &&
    low === view.getBigInt64(32, true) &&
    close === view.getBigInt64(40, true) &&
    volume === view.getBigUint64(48, true)
  );
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
