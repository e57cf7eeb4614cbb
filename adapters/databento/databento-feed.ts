import { contractError } from '#core/errors.ts';
import type { FeedEvent } from '#core/market/feed.ts';
import type { SessionCalendar } from '#core/market/session-calendar.ts';
import type { TimeSpan } from '#core/market/session-spans.ts';
import { HOUR_MS, MINUTE_MS } from '#core/market/timeframe.ts';
import { groupsOf, tradeDateOpenMs } from '#core/market/trade-date.ts';
import type { BarFeed } from '#core/ports.ts';
import { HistoricalClient } from './historical/client.ts';
import { availableBars, type HistorySource, historyEvents, parentsOf } from './history.ts';
import { LiveClient } from './live/live-client.ts';
import type { LiveEvent } from './live/live-event.ts';
import { LiveMinutes, type LiveSign, type SetAsideBar } from './live-minutes.ts';
import { BAR_SCHEMA, LiveSigns } from './live-signs.ts';

const NS_PER_MS = 1_000_000n;
/**
 * How far before the end of history the live session begins its replay: history may still be incomplete at its end, and
 * with an hour the hour in progress is proved by markers. The gateway replays up to a day.
 */
const OVERLAP_MS = HOUR_MS;

export interface DatabentoFeedOptions {
  readonly key: string;
  /** `GLBX.MDP3`. */
  readonly dataset: string;
  /** Roots, at least one. */
  readonly universe: readonly string[];
  readonly calendar: SessionCalendar;
  /** Sessions of history before the one in progress; with 0 nothing from before the end of history is asked for. */
  readonly historySessions: number;
  /** Dollars that this start may spend on history. */
  readonly historyUsdMax: number;
  /** Address of the live gateway and of the historical API; the real ones by default. */
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly historicalUrl?: string | undefined;
  /** Ends the events. */
  readonly signal: AbortSignal;
  /** Numbers in [0, 1) for the delays between connections; `Math.random` when not given. */
  readonly random?: () => number;
  /** Hears what is worth keeping in a log. */
  readonly onLog: (level: 'info' | 'warn' | 'error', message: string, fields: object) => void;
  /** Called once, when everything from before has been told and what comes is new. */
  readonly onLive: () => void;
}

/** Bars that came and were not told of as part of their minute. */
export interface UnusedBarCounts {
  /** Too late, or of a minute that is a hole. */
  readonly setAside: number;
  /** Of spreads, options and roots outside the universe. */
  readonly notOutrights: number;
  readonly faulty: number;
  /** Of instruments without a name so far. */
  readonly unnamed: number;
}

/** A feed of the historical API and then of the live gateway, without a seam. */
export interface DatabentoFeed extends BarFeed {
  /** UTC start of the history that it begins with, and end of what the historical API had when it was opened. */
  readonly history: TimeSpan;
  /** Whether everything from before has been told: what comes is new. */
  readonly isLive: boolean;
  /**
   * Ends the events, which a real gateway never does: this one has closed, or is about to close, a session that brought
   * everything up to `endMs`, UTC. What lies before that and was not told is a hole.
   */
  endAt(endMs: number): void;
  unused(): UnusedBarCounts;
}

/**
 * Asks until when history reaches, and makes the feed that begins so many sessions before: history first, presumed;
 * then the live session from an hour before the end of history on, with everything that its markers prove.
 */
export async function openDatabentoFeed(options: DatabentoFeedOptions): Promise<DatabentoFeed> {
  const { key, historicalUrl, historyUsdMax, dataset, universe, calendar, onLog } = options;
  const client = new HistoricalClient({
    key,
    maxUsd: historyUsdMax,
    ...(historicalUrl === undefined ? {} : { baseUrl: historicalUrl }),
    onWarning: (warning) => onLog('warn', `Databento: ${warning}`, {}),
  });
  const available = await availableBars(client, dataset);
  const source: HistorySource = {
    ...{ client, dataset, universe, calendar },
    firstMs: available.fromMs,
    signal: options.signal,
  };
  const toMs = Math.floor(available.toMs / MINUTE_MS) * MINUTE_MS;
  const fromMs = historyStartMs(options, { fromMs: Math.ceil(available.fromMs / MINUTE_MS) * MINUTE_MS, toMs });
  return new SeamlessFeed(options, source, { fromMs, toMs });
}

/**
 * The open of the session so many before the one in progress at the end of what is available, or before the next one;
 * at the earliest the start of what is available.
 */
function historyStartMs(options: DatabentoFeedOptions, { fromMs, toMs }: TimeSpan): number {
  const { historySessions, universe, calendar } = options;
  const group = groupsOf(universe)[0];
  if (group === undefined) throw contractError('the universe is empty; name at least one root');
  if (historySessions === 0) return toMs;
  let { tradeDate, openMs } = calendar.sessionFrom(group, toMs);
  for (let count = 0; count < historySessions && openMs > fromMs; count++) {
    ({ tradeDate, openMs } = calendar.previousSession(group, tradeDate));
  }
  return Math.min(Math.max(fromMs, tradeDateOpenMs(calendar, universe, tradeDate)), toMs);
}

class SeamlessFeed implements DatabentoFeed {
  readonly source = 'databento';
  readonly history: TimeSpan;
  readonly #options: DatabentoFeedOptions;
  readonly #historySource: HistorySource;
  readonly #signs: LiveSigns;
  #minutes: LiveMinutes;
  #live: LiveClient | null = null;
  #isLive = false;
  /** Where the source ends; null while it is not known to. */
  #endMs: number | null = null;
  #setAside = 0;

  constructor(options: DatabentoFeedOptions, source: HistorySource, history: TimeSpan) {
    this.#options = options;
    this.#historySource = source;
    this.history = history;
    this.#signs = new LiveSigns(options.universe, (reason) => options.onLog('warn', `bar not used: ${reason}`, {}));
    this.#minutes = this.#minutesFrom(history.fromMs);
  }

  get isLive(): boolean {
    return this.#isLive;
  }

  unused(): UnusedBarCounts {
    return { setAside: this.#setAside, ...this.#signs.unused };
  }

  endAt(endMs: number): void {
    this.#endMs = endMs;
    if (this.#live?.state === 'waiting') this.#live.stop();
  }

  async *events(): AsyncGenerator<FeedEvent, void, undefined> {
    const { fromMs, toMs } = this.history;
    const liveFromMs = Math.max(fromMs, toMs - OVERLAP_MS);
    try {
      yield* this.#past({ fromMs, toMs: liveFromMs });
      yield* this.#liveFrom(liveFromMs);
    } finally {
      this.#live?.stop();
      await this.#historySource.client.close();
    }
  }

  /** History of a span, after which live minutes follow where it ended. A hole at its end is left to them: it may go on. */
  async *#past(span: TimeSpan): AsyncGenerator<FeedEvent, void, undefined> {
    let reachedMs = span.fromMs;
    let hole: Extract<FeedEvent, { kind: 'gap' }> | null = null;
    for await (const event of historyEvents(this.#historySource, span)) {
      if (hole !== null) yield hole;
      hole = event.kind === 'gap' ? event : null;
      if (event.kind === 'closed') reachedMs = event.closeTimeMs;
      if (event.kind !== 'gap') yield event;
    }
    this.#minutes = this.#minutesFrom(reachedMs);
  }

  async *#liveFrom(startMs: number): AsyncGenerator<FeedEvent, void, undefined> {
    this.#live = this.#connect(startMs);
    for await (const event of this.#live.events(this.#options.signal)) {
      this.#note(event);
      // A replay that the gateway refused at first is given up as a gap, of which history may still know something.
      if (event.kind === 'gap' && this.#minutes.reachedMs < this.history.toMs) {
        yield* this.#past({ fromMs: this.#minutes.reachedMs, toMs: this.history.toMs });
      }
      yield* this.#told(this.#signs.take(event));
    }
    if (this.#endMs !== null) yield* this.#told([{ kind: 'end', closeTimeMs: this.#endMs }]);
  }

  #connect(startMs: number): LiveClient {
    const { key, dataset, universe, host, port, random, onLog } = this.#options;
    const client = new LiveClient({
      key,
      dataset,
      ...(host === undefined ? {} : { host }),
      ...(port === undefined ? {} : { port }),
      ...(random === undefined ? {} : { random }),
      onLog: ({ level, message, fields }) => {
        onLog(level, `Databento: ${message}`, fields);
        // Said at once, while the events still wait to be taken: a session that brought everything needs no other one.
        if (message === 'disconnected' && this.#endMs !== null) client.stop();
      },
    });
    const start = BigInt(startMs) * NS_PER_MS;
    client.subscribe({ schema: BAR_SCHEMA, stypeIn: 'parent', symbols: parentsOf(universe), start });
    return client;
  }

  *#told(signs: readonly LiveSign[]): Generator<FeedEvent, void, undefined> {
    if (this.#signs.isLive && !this.#isLive) {
      this.#isLive = true;
      this.#options.onLive();
    }
    for (const sign of signs) {
      for (const told of this.#minutes.take(sign)) {
        if (told.kind === 'set-aside') this.#putAside(told);
        else yield told;
      }
    }
  }

  #putAside({ bar, reason }: SetAsideBar): void {
    this.#setAside += 1;
    this.#options.onLog('warn', `bar set aside: ${reason}`, { ...bar });
  }

  /** Speaks of what a person has to know or do something about. */
  #note(event: LiveEvent): void {
    const { universe, dataset, onLog } = this.#options;
    if (event.kind === 'subscription-refused') {
      throw contractError(`Databento refused the bars of ${universe.join(' ')} in ${dataset}: ${event.message}`);
    }
    if (event.kind === 'symbol-error') onLog('error', `Databento has no such symbol: ${event.message}`, {});
    if (event.kind === 'slow-reader') onLog('warn', `Databento: ${event.message}`, {});
  }

  #minutesFrom(fromMs: number): LiveMinutes {
    const { calendar, universe } = this.#options;
    return new LiveMinutes({ calendar, universe, fromMs });
  }
}
