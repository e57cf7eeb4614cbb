import { memoryBarHistory } from '#adapters/memory/bar-history.ts';
import { memorySliceLog } from '#adapters/memory/slice-log.ts';
import { featureLookbacks, featureRow } from '#core/features/registry.ts';
import { instrumentOf } from '#core/market/instrument.ts';
import type { SessionCalendar } from '#core/market/session-calendar.ts';
import type { Slice } from '#core/market/slice.ts';
import { makeSlicer } from '#core/market/slicing.ts';
import type { BarFeed } from '#core/ports.ts';

/** Hourly IBS up to which an hour is a candidate, as in the default rule of `ibs`. */
const CANDIDATE_IBS_MAX = 0.2;
/** Hours of the same contract after which a candidate is labelled. */
const LABEL_HOURS = 3;

export interface CandidateOptions {
  readonly feed: BarFeed;
  readonly calendar: SessionCalendar;
  readonly root: string;
  /** Registry ids of the columns; `ibs-1h` must be one of them and all must be hourly. */
  readonly features: readonly string[];
}

/** One hour of the lead contract that closed low. */
export interface CandidateRow {
  readonly tradeDate: string;
  /** `closeTimeMs` of the hour. */
  readonly closeTimeMs: number;
  /** In the order of the features asked for. */
  readonly values: readonly number[];
  /** 1 when the contract's third hourly close after it is above its own, else 0. */
  readonly label: 0 | 1;
}

/**
 * Walks a feed and gives every hour at which the lead contract of the root closed with an IBS of at most 0.2, in time
 * order. Features are computed at the slice that closes the hour, from the bars known then, as a trader computes them.
 * Hours with a missing feature, or without three hours after them, give no row.
 */
export async function candidateRows({ feed, calendar, root, features }: CandidateOptions): Promise<CandidateRow[]> {
  const slicer = makeSlicer({ universe: [root], calendar, source: feed.source });
  const history = memoryBarHistory({ sliceLog: memorySliceLog() });
  const lookback = featureLookbacks(features)['1h'] ?? 1;
  const { group } = instrumentOf(root);
  const waiting = new Map<string, Waiting[]>();
  const rows: CandidateRow[] = [];
  for await (const event of feed.events()) {
    const { slice } = slicer.take(event);
    if (slice === null) continue;
    const hours = slice.bars.filter(({ timeframe }) => timeframe === '1h');
    await history.write(hours, slice.closeTimeMs);
    for (const { contract, close, closeTimeMs } of hours) {
      if (closeTimeMs === slice.closeTimeMs) rows.push(...labelled(waiting.get(contract) ?? [], close));
    }
    const hour = leadHour(slice, root);
    if (hour === undefined) continue;
    const { contract, close, closeTimeMs, openTimeMs } = hour;
    const window = await history.window({ root, contract, timeframe: '1h', lookback }, closeTimeMs);
    const { values, missing } = featureRow(features, { '1h': window });
    if (missing.length > 0 || values[features.indexOf('ibs-1h')]! > CANDIDATE_IBS_MAX) continue;
    const { tradeDate } = calendar.sessionFrom(group, openTimeMs);
    const candidate = { tradeDate, closeTimeMs, values, close, hours: 0 };
    waiting.set(contract, [...(waiting.get(contract) ?? []), candidate]);
  }
  return rows;
}

interface Waiting extends Omit<CandidateRow, 'label'> {
  readonly close: number;
  hours: number;
}

function leadHour({ bars, leads, closeTimeMs }: Slice, root: string) {
  return bars.find((bar) => {
    return bar.timeframe === '1h' && bar.contract === leads[root] && bar.closeTimeMs === closeTimeMs;
  });
}

/** Counts an hour for the candidates of its contract and takes out those that have waited long enough. */
function labelled(candidates: Waiting[], close: number): CandidateRow[] {
  for (const candidate of candidates) candidate.hours += 1;
  const due = candidates.findLastIndex(({ hours }) => hours >= LABEL_HOURS) + 1;
  return candidates.splice(0, due).map(({ tradeDate, closeTimeMs, values, close: entry }) => {
    return { tradeDate, closeTimeMs, values, label: close > entry ? 1 : 0 };
  });
}
