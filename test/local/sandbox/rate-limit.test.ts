import { expect, test } from 'vitest';
import { rateLimiter, rateLimits } from '#local/sandbox/rate-limit.ts';

/** How many of `count` requests, `everyMs` apart from `fromMs` on, are let through. */
function passed(
  isWithinLimits: (nowMs: number) => boolean,
  { count, everyMs, fromMs }: Record<string, number>,
): number {
  const times = Array.from({ length: count ?? 0 }, (_, index) => (fromMs ?? 0) + index * (everyMs ?? 0));
  return times.filter(isWithinLimits).length;
}

test('sixty requests pass in any minute, and room returns as they age', () => {
  const isWithinLimits = rateLimiter();
  expect(passed(isWithinLimits, { count: 100, everyMs: 0, fromMs: 1_000 })).toBe(rateLimits.perMinute);
  expect(isWithinLimits(60_999)).toBe(false);
  expect(passed(isWithinLimits, { count: 100, everyMs: 0, fromMs: 61_000 })).toBe(rateLimits.perMinute);
});

test('five hundred pass in any hour, however they are spread', () => {
  const isWithinLimits = rateLimiter();
  expect(passed(isWithinLimits, { count: 600, everyMs: 3_000, fromMs: 0 })).toBe(rateLimits.perHour);
  expect(isWithinLimits(3_599_999)).toBe(false);
  expect(isWithinLimits(3_600_000)).toBe(true);
});

test('a signal a minute, as one strategy sends at most, never meets the limit', () => {
  expect(passed(rateLimiter(), { count: 1_380, everyMs: 60_000, fromMs: 0 })).toBe(1_380);
});
