import type { Grade } from './bar.ts';
import { bucketsBetween } from './buckets.ts';
import { instrumentOf } from './instrument.ts';
import type { SessionCalendar } from './session-calendar.ts';
import type { Timeframe } from './timeframe.ts';
import type { Window } from './window.ts';

/** Buckets at the end of a window that are judged more strictly than the ones before. */
const RECENT_BUCKETS = 5;

/** What a stretch of scheduled buckets holds. */
export interface BarCounts {
  /** Bars by grade. */
  readonly proved: number;
  readonly presumed: number;
  readonly holed: number;
  /** Buckets without a bar that touch a gap. An empty bucket outside of gaps is presumed empty and not counted. */
  readonly missing: number;
}

/** What one input series of an entry rests on. */
export interface Certificate {
  readonly root: string;
  readonly contract: string;
  readonly timeframe: Timeframe;
  readonly source: string;
  /** Grade of the last bar, which forms the signal; `holed` for an empty window. */
  readonly signalGrade: Grade;
  /** What is known of the minute of entry. */
  readonly entryGrade: Grade;
  /** The last five scheduled buckets up to the window's slice, printed or not. */
  readonly recent: BarCounts;
  /** The scheduled buckets of the window before those. */
  readonly before: BarCounts;
}

/** Counts what a window rests on, from the bucket of its first bar to the last one that closed by its slice. */
export function certificateOf(
  window: Window,
  {
    calendar,
    entryGrade,
    source,
  }: { readonly calendar: SessionCalendar; readonly entryGrade: Grade; readonly source: string },
): Certificate {
  const { root, contract, timeframe, grade, closeTimeMs, gaps, asOfMs } = window;
  const recent = { proved: 0, presumed: 0, holed: 0, missing: 0 };
  const before = { proved: 0, presumed: 0, holed: 0, missing: 0 };
  const fromMs = window.openTimeMs[0] ?? asOfMs;
  const buckets = bucketsBetween(calendar, instrumentOf(root).group, timeframe, fromMs, asOfMs);
  const recentFromMs = buckets.at(-RECENT_BUCKETS)?.closeTimeMs ?? 0;
  const countsAt = (timeMs: number) => (timeMs >= recentFromMs ? recent : before);
  grade.forEach((one, index) => {
    countsAt(closeTimeMs[index] ?? 0)[one] += 1;
  });
  const printed = new Set(closeTimeMs);
  for (const bucket of buckets) {
    if (printed.has(bucket.closeTimeMs)) continue;
    const isMissing = gaps.some((gap) => gap.fromMs < bucket.closeTimeMs && gap.toMs > bucket.openTimeMs);
    if (isMissing) countsAt(bucket.closeTimeMs).missing += 1;
  }
  const signalGrade = grade.at(-1) ?? 'holed';
  return { root, contract, timeframe, source, signalGrade, entryGrade, recent, before };
}
