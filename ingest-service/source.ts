import { fileFeed } from '#adapters/files/file-feed.ts';
import { generatorFeed } from '#adapters/generator/generator-feed.ts';
import { contractError } from '#core/errors.ts';
import type { FeedEvent } from '#core/market/feed.ts';
import { instrumentOf } from '#core/market/instrument.ts';
import type { SessionCalendar, SessionGroup } from '#core/market/session-calendar.ts';
import { HOUR_MS } from '#core/market/timeframe.ts';
import type { BarFeed } from '#core/ports.ts';
import type { IngestEnv } from './env.ts';

/** What to read, and from where on it is announced. */
export interface Source {
  readonly feed: BarFeed;
  /** null announces everything. */
  readonly announceFromTradeDate: string | null;
  /** Bars that the feed itself set aside, because they lie outside their session; known once it has ended. */
  setAsideBars(): number;
}

/** Chooses the feed. A generator without FROM begins with the session in progress or the next one at `nowMs`. */
export function sourceOf(env: IngestEnv, calendar: SessionCalendar, nowMs: number): Source {
  const { UNIVERSE: universe, FROM, TO } = env;
  if (FROM !== undefined && TO !== undefined && FROM > TO) throw contractError(`FROM ${FROM} is after TO ${TO}`);
  if (env.FEED === 'file') {
    if (env.DATA_PATH === undefined) throw contractError('environment: DATA_PATH is missing; feed `file` reads it');
    const feed = fileFeed({ path: env.DATA_PATH, calendar, universe });
    return { feed, announceFromTradeDate: FROM ?? null, setAsideBars: () => feed.stats?.setAsideBars ?? 0 };
  }
  const group = groupsOf(universe)[0];
  if (group === undefined) throw contractError('environment: UNIVERSE is empty');
  const from = FROM ?? calendar.sessionFrom(group, nowMs).tradeDate;
  const announced = TO === undefined ? env.SESSIONS : sessionsBetween(calendar, group, { from, to: TO });
  let firstTradeDate = from;
  for (let count = 0; count < env.HISTORY_SESSIONS; count++) {
    firstTradeDate = calendar.previousSession(group, firstTradeDate).tradeDate;
  }
  const sessions = env.HISTORY_SESSIONS + announced;
  const feed = generatorFeed({ seed: env.SEED, universe, firstTradeDate, sessions, calendar });
  return { feed, announceFromTradeDate: from, setAsideBars: () => 0 };
}

/** The events up to the end of the last session that carries `tradeDate` or an earlier one; a gap is cut there. */
export async function* eventsThrough(
  events: AsyncIterable<FeedEvent>,
  tradeDate: string,
  { calendar, universe }: { readonly calendar: SessionCalendar; readonly universe: readonly string[] },
): AsyncGenerator<FeedEvent, void, undefined> {
  const closes = groupsOf(universe).map((group) => calendar.previousSession(group, dayAfter(tradeDate)).closeMs);
  const endMs = Math.max(...closes);
  for await (const event of events) {
    if (event.kind === 'gap' && event.fromMs < endMs && event.toMs > endMs) {
      yield { ...event, toMs: endMs };
      return;
    }
    const reachedMs =
      event.kind === 'bar' ? event.bar.openTimeMs : event.kind === 'gap' ? event.toMs : event.closeTimeMs;
    if (reachedMs > endMs) return;
    yield event;
  }
}

function groupsOf(universe: readonly string[]): SessionGroup[] {
  return [...new Set(universe.map((root) => instrumentOf(root).group))];
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
  return new Date(Date.parse(date) + 24 * HOUR_MS).toISOString().slice(0, 10);
}
