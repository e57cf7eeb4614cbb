import { describe, expect, test } from 'vitest';
import { cmeCalendar } from '#core/market/cme-hours.ts';
import { autoCloseAtMs } from '#core/trading/auto-close.ts';
import { calendar, chicago } from './slices.ts';

const at = (minute: number | null, { root = 'ES', tradeDate = '2024-11-12' } = {}) =>
  autoCloseAtMs(calendar, { root, tradeDate, minute });

describe('the automatic close', () => {
  test('is the configured Chicago time on the trade date, in winter and in summer', () => {
    expect(at(15 * 60)).toBe(Date.UTC(2024, 10, 12, 21));
    expect(at(15 * 60, { tradeDate: '2024-07-09' })).toBe(Date.UTC(2024, 6, 9, 20));
  });

  test('is ten minutes before the session ends when that is earlier', () => {
    expect(at(15 * 60 + 51)).toBe(chicago('2024-11-12 15:50'));
    expect(at(24 * 60)).toBe(chicago('2024-11-12 15:50'));
    expect(at(15 * 60, { root: 'ZC' })).toBe(chicago('2024-11-12 13:10'));
  });

  test('follows the session of the date alone when no time is configured', () => {
    expect(at(null)).toBe(chicago('2024-11-12 15:50'));
    expect(at(null, { tradeDate: '2013-10-09' })).toBe(chicago('2013-10-09 16:05'));
  });

  test('comes earlier on a day that ends early', () => {
    const thanksgiving = cmeCalendar((_, tradeDate) =>
      tradeDate === '2024-11-29' ? [[-420, 12 * 60 + 15]] : undefined,
    );
    const closeMs = autoCloseAtMs(thanksgiving, { root: 'ES', tradeDate: '2024-11-29', minute: 15 * 60 });
    expect(closeMs).toBe(chicago('2024-11-29 12:05'));
  });
});
