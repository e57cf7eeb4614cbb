import type { Bar } from '#core/market/bar.ts';
import { cmeCalendar } from '#core/market/cme-hours.ts';
import type { Slice } from '#core/market/slice.ts';
import { HOUR_MS, MINUTE_MS } from '#core/market/timeframe.ts';

export const calendar = cmeCalendar();

/** UTC milliseconds of a Chicago time `YYYY-MM-DD HH:MM`. */
export function chicago(text: string): number {
  return calendar.instantOf(text.slice(0, 10), Number(text.slice(11, 13)) * 60 + Number(text.slice(14)));
}

/** A minute of the December contract of ES at 100, unless said otherwise; high and low follow from open and close. */
export function minute(closeTimeMs: number, changed: Partial<Bar> = {}): Bar {
  const { open = 100, close = open } = changed;
  return {
    root: 'ES',
    contract: 'ESZ2024',
    timeframe: '1m',
    openTimeMs: closeTimeMs - MINUTE_MS,
    closeTimeMs,
    open,
    high: Math.max(open, close),
    low: Math.min(open, close),
    close,
    volume: 1,
    revision: 0,
    grade: 'presumed',
    ...changed,
  };
}

/** A whole hour of the same contract. */
export function hour(closeTimeMs: number, changed: Partial<Bar> = {}): Bar {
  return minute(closeTimeMs, { timeframe: '1h', openTimeMs: closeTimeMs - HOUR_MS, ...changed });
}

/** A slice without bars in which the December contract leads ES, unless said otherwise. */
export function aSlice(closeTimeMs: number, changed: Partial<Slice> = {}): Slice {
  return {
    schemaVersion: 1,
    closeTimeMs,
    previousCloseTimeMs: closeTimeMs - MINUTE_MS,
    gap: null,
    grade: 'presumed',
    bars: [],
    leads: { ES: 'ESZ2024' },
    source: 'file',
    ...changed,
  };
}

/** The slice that names [fromMs, toMs) as missing. */
export function gapSlice(fromMs: number, toMs: number, changed: Partial<Slice> = {}): Slice {
  const gap = { fromMs, toMs, minutes: (toMs - fromMs) / MINUTE_MS };
  return aSlice(toMs, { gap, grade: 'holed', previousCloseTimeMs: fromMs, ...changed });
}
