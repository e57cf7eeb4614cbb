import { fileFeed } from '#adapters/files/file-feed.ts';
import { generatorFeed } from '#adapters/generator/generator-feed.ts';
import { contractError } from '#core/errors.ts';
import type { FeedEvent } from '#core/market/feed.ts';
import type { SessionCalendar, SessionGroup } from '#core/market/session-calendar.ts';
import type { TimeSpan } from '#core/market/session-spans.ts';
import { HOUR_MS, MINUTE_MS } from '#core/market/timeframe.ts';
import { groupsOf, tradeDateOpenMs } from '#core/market/trade-date.ts';
import type { BarFeed } from '#core/ports.ts';

const DAY_MS = 24 * HOUR_MS;
/** Sessions of history that are generated before the first trade date. */
const GENERATED_HISTORY_SESSIONS = 3;
/** More than any file holds: what it has before the first trade date is history, however much that is. */
const ALL_SESSIONS = 100_000;

/** What the gateway simulator of a local run serves. Dates are trade dates, `YYYY-MM-DD`, inclusive. */
export type MarketSpec =
  /** `sessions` from the first trade date on, unless `to` says how many. */
  | {
      readonly kind: 'generator';
      readonly seed: number;
      readonly from: string;
      readonly to: string | null;
      readonly sessions: number;
    }
  /** A file or folder of bars; announced from its beginning on when there is no first trade date. */
  | { readonly kind: 'file'; readonly path: string; readonly from: string | null; readonly to: string | null };

/** Bars with the span of time that is history, and the span that is told live. */
export interface MarketData {
  /** A new pass over everything. */
  events(): AsyncGenerator<FeedEvent, void, undefined>;
  /** UTC time at which the market stands when the run begins: what is before is history. */
  readonly startMs: number;
  /** Sessions of history that the ingest service asks for. */
  readonly historySessions: number;
  /** Whether something is missing of a UTC day, `YYYY-MM-DD`; known when it has been read. */
  isHoled(date: string): boolean;
  /** UTC end of what is told; known when a pass has come to its end. */
  endMs(): number;
  /** Bars that were left out because they lie outside their session; known when they have been read. */
  setAsideBars(): number;
}

export interface MarketOptions {
  readonly calendar: SessionCalendar;
  readonly universe: readonly string[];
}

/**
 * Opens what a run is to be fed with; a file is read and checked for it. Throws a contract error when there is nothing to
 * be told, and what the file feed throws.
 */
export async function openMarketData(spec: MarketSpec, options: MarketOptions): Promise<MarketData> {
  return spec.kind === 'generator' ? generated(spec, options) : await recorded(spec, options);
}

function generated(spec: Extract<MarketSpec, { kind: 'generator' }>, options: MarketOptions): MarketData {
  const { calendar, universe } = options;
  const { from, to, seed } = spec;
  const [group] = groupsOf(universe) as [SessionGroup];
  let firstTradeDate = from;
  for (let count = 0; count < GENERATED_HISTORY_SESSIONS; count++) {
    firstTradeDate = calendar.previousSession(group, firstTradeDate).tradeDate;
  }
  const announced = to === null ? spec.sessions : sessionsBetween(calendar, group, { from, to });
  const sessions = GENERATED_HISTORY_SESSIONS + announced;
  const feed = generatorFeed({ seed, universe, firstTradeDate, sessions, calendar });
  return {
    ...bounded(feed, to, options),
    startMs: tradeDateOpenMs(calendar, universe, from),
    historySessions: GENERATED_HISTORY_SESSIONS,
    setAsideBars: () => 0,
  };
}

async function recorded(spec: Extract<MarketSpec, { kind: 'file' }>, options: MarketOptions): Promise<MarketData> {
  const { calendar, universe } = options;
  const feed = fileFeed({ path: spec.path, calendar, universe });
  const { events, ...rest } = bounded(feed, spec.to, options);
  const beginMs = await beginningOf(events());
  if (beginMs === null) throw contractError(`nothing to announce: ${spec.path} holds no session up to ${spec.to}`);
  const fromMs = spec.from === null ? beginMs : tradeDateOpenMs(calendar, universe, spec.from);
  return {
    events,
    ...rest,
    startMs: Math.max(fromMs, beginMs),
    historySessions: fromMs > beginMs ? ALL_SESSIONS : 0,
    setAsideBars: () => feed.stats?.setAsideBars ?? 0,
  };
}

/** The feed up to a last trade date, where that ends, and what is missing of it. */
function bounded(
  feed: BarFeed,
  to: string | null,
  options: MarketOptions,
): Pick<MarketData, 'events' | 'endMs' | 'isHoled'> {
  let endMs = 0;
  const holed = new Set<string>();
  return {
    endMs: () => endMs,
    isHoled: (date) => holed.has(date),
    async *events() {
      const all = feed.events();
      for await (const event of to === null ? all : eventsThrough(all, to, options)) {
        endMs = Math.max(endMs, toldUntilMs(event));
        if (event.kind === 'gap') for (const date of datesOf(event)) holed.add(date);
        yield event;
      }
    },
  };
}

/** The UTC days of a span. */
function* datesOf({ fromMs, toMs }: TimeSpan): Generator<string, void, undefined> {
  for (let timeMs = fromMs; timeMs < toMs; timeMs = (Math.floor(timeMs / DAY_MS) + 1) * DAY_MS) yield dateOf(timeMs);
}

/** Start of the first minute that is told of; null when none is. */
async function beginningOf(events: AsyncIterable<FeedEvent>): Promise<number | null> {
  for await (const event of events) {
    if (event.kind === 'bar') return event.bar.openTimeMs;
    return event.kind === 'gap' ? event.fromMs : event.closeTimeMs - MINUTE_MS;
  }
  return null;
}

/** The events up to the end of the last session that carries `tradeDate` or an earlier one; a gap is cut there. */
export async function* eventsThrough(
  events: AsyncIterable<FeedEvent>,
  tradeDate: string,
  { calendar, universe }: MarketOptions,
): AsyncGenerator<FeedEvent, void, undefined> {
  const closes = groupsOf(universe).map((group) => calendar.previousSession(group, dayAfter(tradeDate)).closeMs);
  const endMs = Math.max(...closes);
  for await (const event of events) {
    if (event.kind === 'gap' && event.fromMs < endMs && event.toMs > endMs) {
      yield { ...event, toMs: endMs };
      return;
    }
    if ((event.kind === 'bar' ? event.bar.openTimeMs : toldUntilMs(event)) > endMs) return;
    yield event;
  }
}

/** UTC end of the time of which an event says everything; of a bar, the start of its minute. */
function toldUntilMs(event: FeedEvent): number {
  if (event.kind === 'bar') return event.bar.openTimeMs;
  return event.kind === 'gap' ? event.toMs : event.closeTimeMs;
}

function sessionsBetween(
  calendar: SessionCalendar,
  group: SessionGroup,
  { from, to }: { readonly from: string; readonly to: string },
): number {
  let count = calendar.session(group, from) === null ? 0 : 1;
  for (let date = calendar.nextSession(group, from).tradeDate; date <= to; count++) {
    date = calendar.nextSession(group, date).tradeDate;
  }
  return count;
}

function dayAfter(date: string): string {
  return dateOf(Date.parse(date) + DAY_MS);
}

function dateOf(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 10);
}
