import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { KnownBar } from '#core/market/bar.ts';
import { compareRevisions } from '#core/market/root-bars.ts';
import type { Gap } from '#core/market/slice.ts';
import { appendToWindow, lastBars, windowOf } from '#core/market/window.ts';
import { covered, minuteBar, sliceUp, unknown, utc } from './feed-events.ts';

const request = { root: 'ES', contract: 'ESH2014', timeframe: '1m', lookback: 3 } as const;

function knownBar(minute: number, { knownAt = minute, revision = 0, price = minute } = {}): KnownBar {
  return {
    ...minuteBar('ESH2014', (minute - 1) * 60_000, { price }),
    timeframe: '1m',
    closeTimeMs: minute * 60_000,
    revision,
    grade: 'presumed',
    knownAtMs: knownAt * 60_000,
  };
}

describe('a window', () => {
  test('holds the last bars, oldest first, and nothing that became known later', () => {
    const bars = [1, 2, 3, 4, 5].map((minute) => knownBar(minute));
    const window = windowOf(request, { bars, gaps: [] }, 4 * 60_000);
    expect(window).toMatchObject({ length: 3, asOfMs: 240_000, grade: ['presumed', 'presumed', 'presumed'] });
    expect([...window.closeTimeMs]).toEqual([120_000, 180_000, 240_000]);
    expect([...window.close]).toEqual([2, 3, 4]);
  });

  test('holds of each bar the newest revision that was known, in its old place', () => {
    const bars = [knownBar(1), knownBar(2), knownBar(2, { knownAt: 5, revision: 1, price: 9 }), knownBar(5)];
    expect([...windowOf(request, { bars, gaps: [] }, 4 * 60_000).close]).toEqual([1, 2]);
    expect([...windowOf(request, { bars, gaps: [] }, 5 * 60_000).close]).toEqual([1, 9, 5]);
  });

  test('has the gaps between its first bar and its slice', () => {
    const gap = (from: number, to: number): Gap => ({ fromMs: from * 60_000, toMs: to * 60_000, minutes: to - from });
    const gaps = [gap(1, 2), gap(3, 4), gap(6, 8)];
    const bars = [3, 5, 6, 9].map((minute) => knownBar(minute));
    expect(windowOf(request, { bars, gaps }, 8 * 60_000).gaps).toEqual([gap(3, 4), gap(6, 8)]);
    expect(windowOf({ ...request, lookback: 2 }, { bars, gaps }, 6 * 60_000).gaps).toEqual([]);
    expect(windowOf(request, { bars: [], gaps }, 8 * 60_000)).toMatchObject({ length: 0, gaps: [] });
  });

  test('cut to its last bars is the window that was asked for with the shorter lookback', () => {
    const bars = [1, 2, 3, 4, 5].map((minute) => knownBar(minute));
    const gaps = [{ fromMs: 60_000, toMs: 120_000, minutes: 1 }];
    const long = windowOf({ ...request, lookback: 5 }, { bars, gaps }, 300_000);
    expect(lastBars(long, 3)).toEqual(windowOf(request, { bars, gaps }, 300_000));
    expect(lastBars(long, 9)).toBe(long);
  });
});

describe('a window that is carried along the chain', () => {
  const firstMs = utc('2014-03-05T20:30');
  const spec = { minute: fc.nat(229), price: fc.integer({ min: -5, max: 5 }), volume: fc.nat(9) };

  test('equals the one that is read again at every slice, through revisions, gaps and a short beginning', () => {
    const drawn = fc.uniqueArray(fc.record(spec), { selector: ({ minute }) => minute, maxLength: 120 });
    fc.assert(
      fc.property(
        drawn,
        fc.integer({ min: 1, max: 20 }),
        fc.constantFrom('1m', '15m', '1h'),
        (minutes, lookback, timeframe) => {
          const bars = minutes
            .map(({ minute, ...rest }) => minuteBar('ESH2014', firstMs + minute * 60_000, rest))
            .toSorted((a, b) => a.openTimeMs - b.openTimeMs);
          const feed = (from: string, to: string) =>
            covered(
              ['equity-index'],
              [from, to],
              bars.filter(({ openTimeMs }) => openTimeMs >= utc(from) && openTimeMs < utc(to)),
            );
          const { slices } = sliceUp([
            ...feed('2014-03-05T20:30', '2014-03-05T20:50'),
            unknown('2014-03-05T20:50', '2014-03-05T21:00'),
            ...feed('2014-03-05T21:00', '2014-03-06T00:20'),
          ]);
          const wanted = { ...request, lookback, timeframe };
          const known: KnownBar[] = [];
          const gaps: Gap[] = [];
          let carried = windowOf(wanted, { bars: known, gaps }, firstMs);
          for (const slice of slices) {
            const fresh = slice.bars.filter((bar) => bar.timeframe === timeframe);
            known.push(...fresh.map((bar) => ({ ...bar, knownAtMs: slice.closeTimeMs })));
            known.sort(compareRevisions);
            if (slice.gap !== null) gaps.push(slice.gap);
            carried = appendToWindow(carried, slice, lookback);
            expect(carried).toEqual(windowOf(wanted, { bars: known, gaps }, slice.closeTimeMs));
          }
        },
      ),
      { numRuns: 25 },
    );
  });
});
