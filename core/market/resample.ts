import type { Bar, Grade, Ohlcv } from './bar.ts';
import type { Bucket } from './buckets.ts';
import { type Timeframe, timeframes } from './timeframe.ts';

/** What sources said about the in-session minutes of one bucket. The three counts are minutes. */
export interface BucketCoverage {
  readonly scheduled: number;
  readonly proved: number;
  readonly presumed: number;
}

/** A closed bucket and the grade of every bar in it. */
export interface ClosedBucket {
  readonly timeframe: Timeframe;
  readonly bucket: Bucket;
  readonly grade: Grade;
}

/** Where a print on a closing minute belongs in one timeframe: a bucket that is still open, or one that is closed. */
export interface FoldTarget extends ClosedBucket {
  readonly isOpen: boolean;
}

/** The bars of one contract in the making, in every timeframe. Buckets are told from outside, in time order. */
export interface Resampler {
  /** Takes one finished minute into every open bar. */
  add(minute: Ohlcv): void;
  /** Ends the bar of a bucket; null when no minute of it had a bar. */
  close(closed: ClosedBucket): Bar | null;
  /**
   * Takes a print on the closing minute of a trading interval into the bars that end with that interval. An open bar
   * simply includes it and gives null. A closed one gives its next revision; where the bucket was empty the print is
   * its whole bar, with revision 1 because it became known late too.
   */
  fold(print: Ohlcv, target: FoldTarget): Bar | null;
}

/** The grade of a bar: holed when any scheduled minute is not covered, else the weakest of its minutes. */
export function gradeOf({ scheduled, proved, presumed }: BucketCoverage): Grade {
  if (proved + presumed < scheduled) return 'holed';
  return presumed > 0 ? 'presumed' : 'proved';
}

/** One interval out of two that follow each other. */
export function mergeOhlcv(first: Ohlcv, second: Ohlcv): Ohlcv {
  return {
    open: first.open,
    high: Math.max(first.high, second.high),
    low: Math.min(first.low, second.low),
    close: second.close,
    volume: first.volume + second.volume,
  };
}

/** Makes the resampler of one contract, without any bars yet. */
export function makeResampler({ root, contract }: { readonly root: string; readonly contract: string }): Resampler {
  const open = new Map<Timeframe, Ohlcv>();
  const last = new Map<Timeframe, Bar>();

  function merge(timeframe: Timeframe, next: Ohlcv): void {
    const current = open.get(timeframe);
    open.set(timeframe, current === undefined ? ohlcvOf(next) : mergeOhlcv(current, next));
  }

  function finish({ timeframe, bucket, grade }: ClosedBucket, ohlcv: Ohlcv, revision: number): Bar {
    const { openTimeMs, closeTimeMs } = bucket;
    const bar: Bar = { root, contract, timeframe, openTimeMs, closeTimeMs, ...ohlcv, revision, grade };
    last.set(timeframe, bar);
    return bar;
  }

  return {
    add(minute) {
      for (const timeframe of timeframes) merge(timeframe, minute);
    },
    close(closed) {
      const ohlcv = open.get(closed.timeframe);
      if (ohlcv === undefined) return null;
      open.delete(closed.timeframe);
      return finish(closed, ohlcv, 0);
    },
    fold(print, target) {
      if (target.isOpen) {
        merge(target.timeframe, print);
        return null;
      }
      const before = last.get(target.timeframe);
      const isKnown = before?.closeTimeMs === target.bucket.closeTimeMs;
      if (before === undefined || !isKnown) return finish(target, ohlcvOf(print), 1);
      return finish(target, mergeOhlcv(before, print), before.revision + 1);
    },
  };
}

function ohlcvOf({ open, high, low, close, volume }: Ohlcv): Ohlcv {
  return { open, high, low, close, volume };
}
