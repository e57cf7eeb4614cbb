import { HOUR_MS, MINUTE_MS } from '#core/market/timeframe.ts';

/** Requests that one webhook URL may make in any minute and in any hour. */
export const rateLimits = { perMinute: 60, perHour: 500 } as const;

/** A limiter for one webhook URL: says whether a request at an instant is let through, and counts it if so. */
export function rateLimiter(): (nowMs: number) => boolean {
  let passedMs: number[] = [];
  return (nowMs) => {
    passedMs = passedMs.filter((timeMs) => timeMs > nowMs - HOUR_MS);
    const inMinute = passedMs.filter((timeMs) => timeMs > nowMs - MINUTE_MS).length;
    if (inMinute >= rateLimits.perMinute || passedMs.length >= rateLimits.perHour) return false;
    passedMs.push(nowMs);
    return true;
  };
}
