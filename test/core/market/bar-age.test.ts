import { describe, expect, test } from 'vitest';
import { barAgeMinutes } from '#core/market/bar-age.ts';
import type { SessionGroup } from '#core/market/session-calendar.ts';
import { calendar, chicago } from '#test/core/trading/slices.ts';

const age = (
  newest: string | null,
  now: string,
  { groups = ['equity-index'] as SessionGroup[], secondsPast = 0 } = {},
) =>
  barAgeMinutes({
    calendar,
    groups,
    nowMs: chicago(now) + secondsPast * 1000,
    newestCloseMs: newest === null ? null : chicago(newest),
  });

describe('the age of the newest slice', () => {
  test('is nothing while the next one is not due, and for half a minute after', () => {
    expect(age('2024-11-12 09:00', '2024-11-12 09:00')).toBe(0);
    expect(age('2024-11-12 09:00', '2024-11-12 09:01', { secondsPast: 29 })).toBe(0);
  });

  test('is then counted in minutes that have no slice', () => {
    expect(age('2024-11-12 09:00', '2024-11-12 09:01', { secondsPast: 30 })).toBe(1);
    expect(age('2024-11-12 09:00', '2024-11-12 09:02', { secondsPast: 29 })).toBe(1);
    expect(age('2024-11-12 09:00', '2024-11-12 09:02', { secondsPast: 30 })).toBe(2);
  });

  test('is nothing while the market is closed, even after a session that was not finished', () => {
    expect(age('2024-11-12 16:00', '2024-11-12 16:59')).toBe(0);
    expect(age('2024-11-12 15:30', '2024-11-12 16:00')).toBe(0);
    expect(age('2024-11-15 15:58', '2024-11-16 12:00')).toBe(0);
    expect(age('2019-03-05 15:10', '2019-03-05 15:20')).toBe(0);
  });

  test('counts minutes of session, not those in between', () => {
    expect(age('2024-11-15 16:00', '2024-11-17 17:01', { secondsPast: 29 })).toBe(0);
    expect(age('2024-11-15 16:00', '2024-11-17 17:02')).toBe(1);
    expect(age('2024-11-12 15:50', '2024-11-12 17:05')).toBe(14);
  });

  test('is that of whichever root trades', () => {
    expect(age('2024-11-12 13:20', '2024-11-12 18:00', { groups: ['grains'] })).toBe(0);
    expect(age('2024-11-12 16:00', '2024-11-12 18:00', { groups: ['grains', 'equity-index'] })).toBe(59);
  });

  test('is days when there is no slice at all', () => {
    expect(age(null, '2024-11-12 09:00')).toBeGreaterThan(24 * 60);
  });
});
