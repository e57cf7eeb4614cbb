import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Ohlcv } from '#core/market/bar.ts';
import { gradeOf, makeResampler, mergeOhlcv } from '#core/market/resample.ts';

const ohlcv = (open: number, high: number, low: number, close: number, volume: number): Ohlcv => ({
  open,
  high,
  low,
  close,
  volume,
});
const bucket = { openTimeMs: 0, closeTimeMs: 900_000, tradeDate: '2014-03-05' };
const closed = { timeframe: '15m', bucket, grade: 'presumed' } as const;

describe('an aggregate', () => {
  test('has the first open, the extremes, the last close and all of the volume', () => {
    const resampler = makeResampler({ root: 'ES', contract: 'ESH2014' });
    resampler.add(ohlcv(10, 12, 9, 11, 5));
    resampler.add(ohlcv(11, 11, 7, 8, 2));
    resampler.add(ohlcv(8, 13, 8, 12, 1));
    expect(resampler.close(closed)).toMatchObject({
      ...ohlcv(10, 13, 7, 12, 8),
      ...{ timeframe: '15m', closeTimeMs: 900_000, revision: 0 },
    });
  });

  test('of a bucket without a minute is no bar, also right after one that had some', () => {
    const resampler = makeResampler({ root: 'ES', contract: 'ESH2014' });
    resampler.add(ohlcv(10, 12, 9, 11, 5));
    resampler.close(closed);
    expect(
      resampler.close({ ...closed, bucket: { ...bucket, openTimeMs: 900_000, closeTimeMs: 1_800_000 } }),
    ).toBeNull();
  });

  test('does not depend on how its minutes were grouped before', () => {
    const minute = fc
      .tuple(fc.integer(), fc.nat(9), fc.nat(9), fc.nat(9))
      .map(([at, up, down, volume]) => ohlcv(at, at + up, at - down, at, volume));
    fc.assert(
      fc.property(minute, minute, minute, (a, b, c) => {
        expect(mergeOhlcv(mergeOhlcv(a, b), c)).toEqual(mergeOhlcv(a, mergeOhlcv(b, c)));
      }),
    );
  });
});

describe('a print on the closing minute', () => {
  const print = ohlcv(20, 20, 20, 20, 4);

  test('is the next revision of a closed bar, once per print', () => {
    const resampler = makeResampler({ root: 'ES', contract: 'ESH2014' });
    resampler.add(ohlcv(10, 12, 9, 11, 5));
    resampler.close(closed);
    const target = { ...closed, isOpen: false };
    expect(resampler.fold(print, target)).toMatchObject({ ...ohlcv(10, 20, 9, 20, 9), revision: 1 });
    expect(resampler.fold(print, target)).toMatchObject({ ...ohlcv(10, 20, 9, 20, 13), revision: 2 });
  });

  test('is simply part of a bar that is still open', () => {
    const resampler = makeResampler({ root: 'ES', contract: 'ESH2014' });
    resampler.add(ohlcv(10, 12, 9, 11, 5));
    expect(resampler.fold(print, { ...closed, isOpen: true })).toBeNull();
    expect(resampler.close(closed)).toMatchObject({ ...ohlcv(10, 20, 9, 20, 9), revision: 0 });
  });

  test('makes a bar of revision 1 where the bucket was empty, and leaves the bar before it alone', () => {
    const resampler = makeResampler({ root: 'ES', contract: 'ESH2014' });
    resampler.add(ohlcv(10, 12, 9, 11, 5));
    resampler.close(closed);
    const later = { ...bucket, openTimeMs: 900_000, closeTimeMs: 1_800_000 };
    expect(resampler.fold(print, { ...closed, bucket: later, isOpen: false })).toMatchObject({
      ...print,
      openTimeMs: 900_000,
      revision: 1,
    });
  });
});

describe('the grade of a bar', () => {
  test.each([
    [{ scheduled: 60, proved: 60, presumed: 0 }, 'proved'],
    [{ scheduled: 60, proved: 59, presumed: 1 }, 'presumed'],
    [{ scheduled: 60, proved: 59, presumed: 0 }, 'holed'],
    [{ scheduled: 60, proved: 0, presumed: 59 }, 'holed'],
  ] as const)('of %o minutes is %s', (coverage, grade) => {
    expect(gradeOf(coverage)).toBe(grade);
  });
});
