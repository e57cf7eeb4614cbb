import { contractError } from '#core/errors.ts';
import type { KnownBar } from '#core/market/bar.ts';
import { compareRevisions } from '#core/market/root-bars.ts';
import type { Timeframe } from '#core/market/timeframe.ts';
import { type WindowRequest, windowOf } from '#core/market/window.ts';
import type { BarHistory, SliceLog } from '#core/ports.ts';
import { decodeBars, encodeBars, type Series } from './bar-columns.ts';
import { type Item, putAll, queryItems, type Table, timeKey } from './table.ts';

// Sessions read at once: about what the usual lookbacks need, and few enough for one page of the service.
const sessionsPerPage: Readonly<Record<Timeframe, number>> = { '1m': 2, '15m': 8, '1h': 16, session: 64 };

// A session is labelled at most this long after the first instant at which a bar of it can be known.
const LABEL_AHEAD_MS = 7 * 24 * 3_600_000;

/** The table of the bars, and the log that knows the gaps of their windows. */
export interface BarHistoryTable extends Table {
  readonly sliceLog: Pick<SliceLog, 'gaps'>;
}

/**
 * Bars in a table with keys `pk` and `sk`. A bar of an open session is one item, `BAR#contract#timeframe` and
 * `closeTimeMs#revision`; a closed session is one more, `SESSION#contract#timeframe` and its trade date, which is then
 * read instead. Reads are strongly consistent.
 */
export function dynamoBarHistory({ sliceLog, ...table }: BarHistoryTable): BarHistory {
  return {
    async write(bars, knownAtMs) {
      const items = bars.map(
        (bar): Item => ({
          pk: { S: openKey(bar) },
          sk: { S: `${timeKey(bar.closeTimeMs)}#${bar.revision}` },
          bars: { B: encodeBars([{ ...bar, knownAtMs }]) },
        }),
      );
      await putAll(table, items);
    },
    async writeSessions(sessions) {
      const items = sessions.map(
        (session): Item => ({
          pk: { S: sessionKey(session) },
          sk: { S: session.tradeDate },
          bars: { B: encodeBars(session.bars) },
        }),
      );
      await putAll(table, items);
    },
    async window(request, asOfMs) {
      const closed = await closedSessions(table, request, asOfMs);
      const open = await openSession(table, request, { after: closed.at(-1), asOfMs });
      const bars = [...closed, ...open];
      const gaps = await sliceLog.gaps(bars[0]?.openTimeMs ?? asOfMs, asOfMs);
      return windowOf(request, { bars, gaps }, asOfMs);
    },
  };
}

/** The newest closed sessions that hold a whole window as of an instant, or all there are, oldest first. */
async function closedSessions(table: Table, request: WindowRequest, asOfMs: number): Promise<KnownBar[]> {
  const sessions: KnownBar[][] = [];
  let found = 0;
  const query = {
    KeyConditionExpression: 'pk = :pk AND sk <= :last',
    ExpressionAttributeValues: {
      ':pk': { S: sessionKey(request) },
      ':last': { S: new Date(asOfMs + LABEL_AHEAD_MS).toISOString().slice(0, 10) },
    },
    ScanIndexForward: false,
    Limit: sessionsPerPage[request.timeframe],
  };
  for await (const item of queryItems(table, query)) {
    const bars = barsOf(request, item);
    sessions.push(bars);
    found += bars.filter(({ revision, knownAtMs }) => revision === 0 && knownAtMs <= asOfMs).length;
    if (found >= request.lookback) break;
  }
  return sessions.reverse().flat();
}

/** The bars after the last one of a session that was written whole or as far as it went, its own revisions included. */
async function openSession(
  table: Table,
  series: Series,
  { after, asOfMs }: { readonly after: KnownBar | undefined; readonly asOfMs: number },
): Promise<KnownBar[]> {
  const afterMs = after?.closeTimeMs ?? 0;
  // Closed sessions reach beyond the instant; the service refuses an empty range.
  if (afterMs >= asOfMs) return [];
  const bars: KnownBar[] = [];
  const query = {
    KeyConditionExpression: 'pk = :pk AND sk BETWEEN :after AND :last',
    ExpressionAttributeValues: {
      ':pk': { S: openKey(series) },
      ':after': { S: `${timeKey(afterMs)}#` },
      ':last': { S: `${timeKey(asOfMs)}#~` },
    },
  };
  for await (const item of queryItems(table, query)) bars.push(...barsOf(series, item));
  const later = after === undefined ? bars : bars.filter((bar) => compareRevisions(bar, after) > 0);
  return later.sort(compareRevisions);
}

function barsOf(series: Series, { pk, sk, bars }: Item): KnownBar[] {
  if (bars?.B === undefined) throw contractError(`item ${pk?.S} ${sk?.S} has no attribute bars of bytes`);
  return decodeBars(series, bars.B);
}

function openKey({ contract, timeframe }: Series): string {
  return `BAR#${contract}#${timeframe}`;
}

function sessionKey({ contract, timeframe }: Series): string {
  return `SESSION#${contract}#${timeframe}`;
}
