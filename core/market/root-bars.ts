import type { SessionBars } from '../ports.ts';
import type { Bar, KnownBar, MinuteBar } from './bar.ts';
import { compareContracts, parseContract } from './contract.ts';
import { leadOf } from './lead.ts';
import { type ClosedBucket, type FoldTarget, makeResampler, type Resampler } from './resample.ts';
import { timeframes } from './timeframe.ts';

/** The bars of all contracts of one root in its session, its lead, and what became known when. */
export interface RootBars {
  readonly root: string;
  /** Lead contract of the session entered last, or null. */
  lead(): string | null;
  /**
   * Ends the session and begins the next one: fixes the lead, and returns everything that was known of the ended one.
   * `coveredFraction` is that of the session directly before, 0 when the ended one is an older one.
   */
  enter(ended: { readonly tradeDate: string | null; readonly coveredFraction: number }): SessionBars[];
  /** Takes a finished minute of the session. */
  add(minute: MinuteBar): void;
  /** Takes a print on the closing minute of a trading interval; what it revises stays back until `release`. */
  fold(print: MinuteBar, targets: readonly FoldTarget[]): void;
  /** The revisions that were held back. They are known from the slice at `knownAtMs` on. */
  release(knownAtMs: number): Bar[];
  /** The bars of the buckets that ended. They are known from the slice at `knownAtMs` on. */
  close(ended: readonly ClosedBucket[], knownAtMs: number): Bar[];
  /** Everything known of the session, one entry per contract and timeframe that has bars. */
  sessionBars(tradeDate: string): SessionBars[];
}

/** Makes the bars of a root, before its first session. */
export function makeRootBars(root: string): RootBars {
  const resamplers = new Map<string, Resampler>();
  const volumeByContract = new Map<string, number>();
  let known: KnownBar[] = [];
  let heldBack: Bar[] = [];
  let lead: string | null = null;

  function resamplerOf({ contract, volume }: MinuteBar): Resampler {
    volumeByContract.set(contract, (volumeByContract.get(contract) ?? 0) + volume);
    const existing = resamplers.get(contract);
    if (existing !== undefined) return existing;
    const made = makeResampler({ root, contract });
    resamplers.set(contract, made);
    return made;
  }

  function remember(bars: Bar[], knownAtMs: number): Bar[] {
    for (const bar of bars) known.push({ ...bar, knownAtMs });
    return bars;
  }

  function sessionBars(tradeDate: string): SessionBars[] {
    const bySeries = Map.groupBy(known.toSorted(compareBars), ({ contract, timeframe }) => `${contract} ${timeframe}`);
    return [...bySeries.values()].flatMap((bars) => {
      const first = bars[0];
      return first === undefined
        ? []
        : [{ root, contract: first.contract, timeframe: first.timeframe, tradeDate, bars }];
    });
  }

  return {
    root,
    lead: () => lead,
    enter({ tradeDate, coveredFraction }) {
      const ended = tradeDate === null ? [] : sessionBars(tradeDate);
      lead = leadOf({ volumeByContract, coveredFraction });
      volumeByContract.clear();
      resamplers.clear();
      known = [];
      return ended;
    },
    add(minute) {
      resamplerOf(minute).add(minute);
    },
    fold(print, targets) {
      const resampler = resamplerOf(print);
      for (const target of targets) {
        const revised = resampler.fold(print, target);
        if (revised !== null) heldBack.push(revised);
      }
    },
    release(knownAtMs) {
      const released = heldBack;
      heldBack = [];
      return remember(released, knownAtMs);
    },
    close(ended, knownAtMs) {
      const bars: Bar[] = [];
      for (const bucket of ended) {
        for (const resampler of resamplers.values()) {
          const bar = resampler.close(bucket);
          if (bar !== null) bars.push(bar);
        }
      }
      return remember(bars, knownAtMs);
    },
    sessionBars,
  };
}

/** The order of a root's bars in a slice: contract by expiry, timeframe by length, time, revision. */
export function compareBars(a: Bar, b: Bar): number {
  return (
    (a.contract === b.contract ? 0 : compareContracts(parseContract(a.contract), parseContract(b.contract))) ||
    timeframes.indexOf(a.timeframe) - timeframes.indexOf(b.timeframe) ||
    compareRevisions(a, b)
  );
}

/** The order of the bars of one series: time, then revision. */
export function compareRevisions(a: Bar, b: Bar): number {
  return a.closeTimeMs - b.closeTimeMs || a.revision - b.revision;
}
