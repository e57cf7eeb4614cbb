import fc from 'fast-check';
import { HOUR_MS } from '#core/market/timeframe.ts';
import type { Window } from '#core/market/window.ts';

/** High, low and close of one hour. */
export type HourlyPrices = readonly [high: number, low: number, close: number];

/** A window of hourly bars of ES, oldest first. */
export function hourlyWindow(bars: readonly HourlyPrices[]): Window {
  const column = (value: (bar: HourlyPrices, index: number) => number) => Float64Array.from(bars, value);
  const close = column((bar) => bar[2]);
  return {
    root: 'ES',
    contract: 'ESZ2026',
    timeframe: '1h',
    asOfMs: bars.length * HOUR_MS,
    length: bars.length,
    openTimeMs: column((_, i) => i * HOUR_MS),
    closeTimeMs: column((_, i) => (i + 1) * HOUR_MS),
    open: close,
    high: column((bar) => bar[0]),
    low: column((bar) => bar[1]),
    close,
    volume: column(() => 1),
    grade: bars.map(() => 'proved' as const),
    gaps: [],
  };
}

/** Hours whose range, close and level all vary, in whole points. */
export function anyHours(count: { minLength: number; maxLength: number }): fc.Arbitrary<HourlyPrices[]> {
  const hour = fc
    .tuple(fc.integer({ min: 1000, max: 1100 }), fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 20 }))
    .map(([close, above, below]): HourlyPrices => [close + above, close - below, close]);
  return fc.array(hour, count);
}
