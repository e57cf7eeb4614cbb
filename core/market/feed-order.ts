import { contractError } from '../errors.ts';
import type { MinuteBar } from './bar.ts';
import { nextInSessionMinute } from './buckets.ts';
import type { SessionCalendar, SessionGroup } from './session-calendar.ts';
import { MINUTE_MS } from './timeframe.ts';

/** Holds a feed to its promise: time order, no bar twice, every minute of session time named once. */
export interface FeedOrder {
  /** UTC end of what the feed has told about; null before its first closed minute or gap. */
  reachedMs(): number | null;
  /** Checks a bar, in session or not, against what was closed before. */
  check(bar: MinuteBar): void;
  /** Keeps a checked bar of the minute in progress. */
  keep(bar: MinuteBar): void;
  /** Ends the minute in progress and returns its bars. */
  closeMinute(closeTimeMs: number): MinuteBar[];
  /** Passes over [fromMs, toMs), in which there are no bars. */
  passGap(gap: { readonly fromMs: number; readonly toMs: number }): void;
}

/** Makes the order of a feed, before its first event. All its checks throw contract errors. */
export function makeFeedOrder({
  source,
  calendar,
  groups,
}: {
  readonly source: string;
  readonly calendar: SessionCalendar;
  readonly groups: readonly SessionGroup[];
}): FeedOrder {
  let minute = new Map<string, MinuteBar>();
  let reachedMs: number | null = null;

  function requireMinute(openMs: number | null): void {
    for (const { contract, openTimeMs } of minute.values()) {
      if (openTimeMs !== openMs) throw refusal(contract, openTimeMs, 'its minute was never closed');
    }
  }

  function advance(fromMs: number, toMs: number): void {
    if (reachedMs !== null) {
      if (toMs <= reachedMs)
        throw contractError(`${source}: the feed went back from ${iso(reachedMs)} to ${iso(toMs)}`);
      const nextMs = nextInSessionMinute(calendar, groups, reachedMs) - MINUTE_MS;
      if (nextMs < fromMs) {
        const skipped = `${iso(nextMs)} to ${iso(fromMs)}`;
        throw contractError(`${source}: the feed skipped session time without naming a gap: ${skipped}`);
      }
    }
    reachedMs = toMs;
  }

  function refusal(contract: string, openTimeMs: number, reason: string): Error {
    return contractError(`${source}: bar of ${contract} at ${iso(openTimeMs)}: ${reason}`);
  }

  return {
    reachedMs: () => reachedMs,
    check({ contract, openTimeMs }) {
      if (openTimeMs % MINUTE_MS !== 0) throw refusal(contract, openTimeMs, 'expected the start of a minute');
      if (reachedMs !== null && openTimeMs < reachedMs) {
        throw refusal(contract, openTimeMs, 'it came after its minute was closed');
      }
    },
    keep(bar) {
      if (minute.has(bar.contract)) throw refusal(bar.contract, bar.openTimeMs, 'it came twice in one minute');
      minute.set(bar.contract, bar);
    },
    closeMinute(closeTimeMs) {
      requireMinute(closeTimeMs - MINUTE_MS);
      advance(closeTimeMs - MINUTE_MS, closeTimeMs);
      const bars = [...minute.values()];
      minute = new Map();
      return bars;
    },
    passGap({ fromMs, toMs }) {
      requireMinute(null);
      advance(fromMs, toMs);
    },
  };
}

function iso(timeMs: number): string {
  return new Date(timeMs).toISOString();
}
