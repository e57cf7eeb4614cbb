import { describe, expect, test } from 'vitest';
import { barAgeMinutes } from '#core/market/bar-age.ts';
import type { SessionGroup } from '#core/market/session-calendar.ts';
import { calendar, chicago } from '#test/core/trading/slices.ts';

const age = (newest: string | null, now: string, { groups = ['equity-index'] as SessionGroup[], secondsPast = 0 } = {}) =>
  barAgeMinutes({
    calendar,
    groups,
    nowMs: chicago(now) + secondsPast * 1000,
    newestCloseMs: newest === null ? null : chicago(newest),
  });

describe('the age of the newest slice', () => {
  test('is nothing while the next one is not due, and for half a minute after', () => {
    expect(age('2024-11-12 09:00', '2024-11-12 09:00')).toBe(0);
    expect(age('2024-11-12 09:00', '2024-11-12 09:01', { secondsPast: 30 })).toBe(0);
  });

  test('is then counted in begun minutes', () => {
    expect(age('2024-11-12 09:00', '2024-11-12 09:01', { secondsPast: 31 })).toBe(1);
    expect(age('2024-11-12 09:00', '2024-11-12 09:02', { secondsPast: 30 })).toBe(1);
    expect(age('2024-11-12 09:00', '2024-11-12 09:02', { secondsPast: 31 })).toBe(2);
  });

  test('does not grow while the market is closed after a whole session', () => {
    expect(age('2024-11-12 16:00', '2024-11-12 16:59')).toBe(0);
    expect(age('2024-11-15 16:00', '2024-11-17 17:01', { secondsPast: 30 })).toBe(0);
    expect(age('2024-11-15 16:00', '2024-11-17 17:02')).toBe(1);
  });

  test('grows through the closed time when the session was not finished', () => {
    expect(age('2024-11-12 15:59', '2024-11-12 16:10')).toBe(10);
  });

  test('is due for any root that trades: corn alone does not wake it at night, with the index it does', () => {
    expect(age('2024-11-12 13:20', '2024-11-12 18:00', { groups: ['grains'] })).toBe(0);
    expect(age('2024-11-12 16:00', '2024-11-12 18:00', { groups: ['grains', 'equity-index'] })).toBe(59);
  });

  test('is days when there is no slice at all', () => {
    expect(age(null, '2024-11-12 09:00')).toBeGreaterThan(24 * 60);
  });
});
