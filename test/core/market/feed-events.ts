import type { Bar, MinuteBar } from '#core/market/bar.ts';
import { cmeCalendar } from '#core/market/cme-hours.ts';
import { parseContract } from '#core/market/contract.ts';
import type { FeedEvent } from '#core/market/feed.ts';
import type { SessionGroup } from '#core/market/session-calendar.ts';
import { sessionSpans } from '#core/market/session-spans.ts';
import type { Slice } from '#core/market/slice.ts';
import { makeSlicer, type Sliced, type SlicerOptions } from '#core/market/slicing.ts';
import { MINUTE_MS } from '#core/market/timeframe.ts';
import type { SessionBars } from '#core/ports.ts';

export const calendar = cmeCalendar();

/** UTC milliseconds of an ISO time without zone, `2014-03-04T23:00`. */
export function utc(text: string): number {
  return Date.parse(`${text}Z`);
}

/** A minute bar that opens and closes at `price` and reaches `range` above and below it. */
export function minuteBar(
  contract: string,
  open: string | number,
  { price = 100, range = 0, volume = 1 } = {},
): MinuteBar {
  const openTimeMs = typeof open === 'string' ? utc(open) : open;
  const { root } = parseContract(contract);
  return { root, contract, openTimeMs, open: price, high: price + range, low: price - range, close: price, volume };
}

/** What a feed says of [from, to) when it covers it: every bar, and the close of every minute in session. */
export function covered(
  groups: readonly SessionGroup[],
  [from, to]: readonly [from: string, to: string],
  bars: readonly MinuteBar[] = [],
): FeedEvent[] {
  const closes = sessionSpans(calendar, groups, { fromMs: utc(from), toMs: utc(to) }).flatMap(({ fromMs, toMs }) =>
    Array.from({ length: (toMs - fromMs) / MINUTE_MS }, (_, index) => fromMs + (index + 1) * MINUTE_MS),
  );
  // A bar comes after the close of the minute before it, which carries the same time.
  const timed = [
    ...closes.map((timeMs) => ({ timeMs, event: { kind: 'closed', closeTimeMs: timeMs, grade: 'presumed' } as const })),
    ...bars.map((bar) => ({ timeMs: bar.openTimeMs, event: { kind: 'bar', bar } as const })),
  ];
  return timed.sort((a, b) => a.timeMs - b.timeMs).map(({ event }) => event);
}

/** A stretch of which the feed knows nothing. */
export function unknown(from: string, to: string): FeedEvent {
  return { kind: 'gap', fromMs: utc(from), toMs: utc(to) };
}

/** Everything a slicer of ES makes of some events. */
export interface SlicedFeed {
  readonly slices: readonly Slice[];
  readonly outputs: readonly Sliced[];
  readonly counts: { readonly bars: number; readonly setAside: number };
  readonly end: readonly SessionBars[];
}

/** Slices events of ES, with the options changed as told. */
export function sliceUp(events: readonly FeedEvent[], options: Partial<SlicerOptions> = {}): SlicedFeed {
  const slicer = makeSlicer({ universe: ['ES'], calendar, source: 'file', ...options });
  const outputs = events.map((event) => slicer.take(event));
  return { slices: outputs.flatMap(({ slice }) => slice ?? []), outputs, counts: slicer.counts(), end: slicer.end() };
}

/** The slice stamped with a time. */
export function sliceAt(slices: readonly Slice[], close: string): Slice {
  const found = slices.find(({ closeTimeMs }) => closeTimeMs === utc(close));
  if (found === undefined) throw new Error(`no slice at ${close}`);
  return found;
}

/** A bar in short: timeframe, close time, prices, volume, revision and grade. */
export function short({ timeframe, closeTimeMs, open, high, low, close, volume, revision, grade }: Bar): string {
  const at = new Date(closeTimeMs).toISOString().slice(5, 16);
  return `${timeframe} ${at} ${open}/${high}/${low}/${close} v${volume} r${revision} ${grade}`;
}
