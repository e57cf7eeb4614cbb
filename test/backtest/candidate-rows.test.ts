import { expect, test } from 'vitest';
import { candidateRows } from '#backtest/candidate-rows.ts';
import { cmeCalendar } from '#core/market/cme-hours.ts';
import type { FeedEvent } from '#core/market/feed.ts';
import { MINUTE_MS } from '#core/market/timeframe.ts';
import type { BarFeed } from '#core/ports.ts';

const calendar = cmeCalendar();
const tradeDates = ['2025-01-07', '2025-01-08', '2025-01-09'];
const contract = 'ESH2025';

/** Three whole sessions of one contract; `closeOf` says where each minute of the feed, counted from 0, closes. */
function feedOf(closeOf: (minute: number) => number): BarFeed {
  return {
    source: 'test',
    async *events(): AsyncGenerator<FeedEvent> {
      let minute = 0;
      for (const tradeDate of tradeDates) {
        for (const { startMs, endMs } of calendar.session('equity-index', tradeDate)!.intervals) {
          for (let openTimeMs = startMs; openTimeMs < endMs; openTimeMs += MINUTE_MS) {
            const close = closeOf(minute++);
            const prices = { open: close, high: close + 1, low: close - 1, close };
            yield { kind: 'bar', bar: { root: 'ES', contract, openTimeMs, volume: 10, ...prices } };
            yield { kind: 'closed', closeTimeMs: openTimeMs + MINUTE_MS, grade: 'presumed' };
          }
        }
      }
    },
  };
}

/** Falls for an hour, rises for three, and is higher every time. */
const closeOf = (minute: number) => {
  const inCycle = minute % 240;
  return 5000 + Math.floor(minute / 240) + (inCycle < 60 ? 60 - inCycle : (inCycle - 60) / 3);
};
const features = ['ibs-1h', 'rsi-2-1h', 'true-range-ratio-20-1h'];
const rowsOf = (close: (minute: number) => number) =>
  candidateRows({ feed: feedOf(close), calendar, root: 'ES', features });

test('every hour that closes low becomes a row, once its features can be computed and the lead is known', async () => {
  const rows = await rowsOf(closeOf);
  expect(rows.length).toBeGreaterThan(5);
  expect(new Set(rows.map(({ tradeDate }) => tradeDate))).toEqual(new Set(tradeDates.slice(1)));
  for (const { values } of rows) {
    expect(values).toHaveLength(features.length);
    expect(values[0]).toBeLessThanOrEqual(0.2);
    expect(values.every(Number.isFinite)).toBe(true);
  }
  expect(rows.every(({ label }) => label === 1)).toBe(true);
});

test('the label is 0 when the third hour after it has not closed above', async () => {
  const rows = await rowsOf((minute) => 6000 - minute / 10);
  expect(rows.length).toBeGreaterThan(5);
  expect(rows.every(({ label }) => label === 0)).toBe(true);
});

test('what happens after an hour changes its label and nothing else', async () => {
  const rows = await rowsOf(closeOf);
  // Minute 200 of the third session, of 1,380 minutes each.
  const turnMinute = 2 * 1380 + 200;
  const changed = await rowsOf((minute) => closeOf(minute) - (minute >= turnMinute ? 500 : 0));
  const turnMs = calendar.session('equity-index', tradeDates[2]!)!.openMs + 200 * MINUTE_MS;
  const before = (candidates: typeof rows) =>
    candidates
      .filter(({ closeTimeMs }) => closeTimeMs <= turnMs)
      .map(({ closeTimeMs, values }) => ({ closeTimeMs, values }));
  expect(before(changed)).toEqual(before(rows));
  expect(before(rows).length).toBeGreaterThan(5);
});
