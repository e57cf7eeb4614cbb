import { dbnBars } from '#adapters/files/dbn-bars.ts';
import { contractError } from '#core/errors.ts';
import type { MinuteBar } from '#core/market/bar.ts';
import type { FeedEvent } from '#core/market/feed.ts';
import { presume, type SourceCoverage } from '#core/market/presume.ts';
import type { SessionCalendar } from '#core/market/session-calendar.ts';
import { sessionSpans, type TimeSpan } from '#core/market/session-spans.ts';
import { groupsOf } from '#core/market/trade-date.ts';
import type { DbnStream } from './dbn/stream.ts';
import { DatabentoError } from './errors.ts';
import type { HistoricalClient } from './historical/client.ts';
import { BAR_SCHEMA } from './live-signs.ts';

const DAY_MS = 24 * 3_600_000;
const NS_PER_MS = 1_000_000n;

/** The bars of which roots, where from. */
export interface HistorySource {
  readonly client: HistoricalClient;
  readonly dataset: string;
  readonly universe: readonly string[];
  readonly calendar: SessionCalendar;
  /** UTC start of what is available. */
  readonly firstMs: number;
  /** Breaks off what is being read, with an error. */
  readonly signal: AbortSignal;
}

/** The parents of some roots, `ES.FUT`: all futures of each, spreads included. */
export function parentsOf(universe: readonly string[]): string[] {
  return universe.map((root) => `${root}.FUT`);
}

/**
 * What the historical API knows of the time [fromMs, toMs), as a feed would have told it: bars by the minute, minutes
 * presumed empty on days whose data the vendor calls available, and otherwise as in a file that declares nothing.
 * Nothing is requested for a span in which the market is closed.
 *
 * Throws a contract error when the quoted cost is above what the client allows.
 */
export async function* historyEvents(
  source: HistorySource,
  span: TimeSpan,
): AsyncGenerator<FeedEvent, void, undefined> {
  const { universe, calendar } = source;
  if (sessionSpans(calendar, groupsOf(universe), span).length === 0) return;
  const coverage = await coverageOf(source, span);
  const stream = await rangeOf(source, span);
  yield* presume(barsOf(stream, universe), { calendar, universe, coverage, untilMs: span.toMs });
}

/** When the historical bars begin and end, UTC milliseconds, the end exclusive. */
export async function availableBars(client: HistoricalClient, dataset: string): Promise<TimeSpan> {
  const range = await client.metadata.getDatasetRange(dataset);
  const { startNs, endNs } = range.schemas[BAR_SCHEMA] ?? range;
  return { fromMs: Number(startNs / NS_PER_MS), toMs: Number(endNs / NS_PER_MS) };
}

/**
 * Days that are available are covered whole. Of others, such as the one in progress, nothing is declared, nor of the day
 * on which the data set begins.
 */
async function coverageOf({ client, dataset, firstMs }: HistorySource, span: TimeSpan): Promise<SourceCoverage> {
  const [startDate, endDate] = [span.fromMs, span.toMs - 1].map((ms) => new Date(ms)) as [Date, Date];
  const days = await client.metadata.getDatasetCondition(dataset, { startDate, endDate });
  const available = new Set(days.filter(({ condition }) => condition === 'available').map(({ date }) => date));
  const declared: TimeSpan[] = [];
  let hasUndeclared = false;
  for (let dayMs = Math.floor(span.fromMs / DAY_MS) * DAY_MS; dayMs < span.toMs; dayMs += DAY_MS) {
    if (dayMs <= firstMs || !available.has(new Date(dayMs).toISOString().slice(0, 10))) hasUndeclared = true;
    else declared.push({ fromMs: Math.max(dayMs, span.fromMs), toMs: Math.min(dayMs + DAY_MS, span.toMs) });
  }
  return { declared, hasUndeclared };
}

async function rangeOf(source: HistorySource, { fromMs, toMs }: TimeSpan): Promise<DbnStream> {
  const { client, dataset, universe, signal } = source;
  const request = {
    dataset,
    schema: BAR_SCHEMA,
    symbols: parentsOf(universe),
    stypeIn: 'parent',
    start: new Date(fromMs),
    end: new Date(toMs),
  } as const;
  try {
    return await client.timeseries.getRange(request, { signal });
  } catch (error) {
    if (!(error instanceof DatabentoError) || error.code !== 'cost') throw error;
    throw contractError(
      `history is dearer than HISTORY_USD_MAX allows: ${error.message}. Raise ingest.historyUsdMax in the configuration, ` +
        'or lower HISTORY_SESSIONS',
      { cause: error },
    );
  }
}

async function* barsOf(stream: DbnStream, universe: readonly string[]): AsyncGenerator<MinuteBar, void, undefined> {
  const wanted = new Set(universe);
  for await (const batch of dbnBars('Databento history', stream).batches) {
    for (const { bar } of batch) if (wanted.has(bar.root)) yield bar;
  }
}
