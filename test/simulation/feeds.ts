import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { fileFeed } from '#adapters/files/file-feed.ts';
import { generatorFeed } from '#adapters/generator/generator-feed.ts';
import type { MinuteBar } from '#core/market/bar.ts';
import { cmeCalendar } from '#core/market/cme-hours.ts';
import type { FeedEvent } from '#core/market/feed.ts';
import { MINUTE_MS } from '#core/market/timeframe.ts';
import type { BarFeed } from '#core/ports.ts';

const recorded = fileURLToPath(new URL('../../../shared/data/market/es-minute-2013-2020.csv', import.meta.url));

/** Whether the recorded ES bars are there; tests that need them say so and skip. */
export const hasRecordedBars = existsSync(recorded);

/** The recorded ES bars of both contracts, from 2013-10-06 22:00 UTC to an instant. */
export async function recordedEvents(untilMs: number): Promise<FeedEvent[]> {
  return await collect(fileFeed({ path: recorded, calendar: cmeCalendar(), universe: ['ES'] }), untilMs);
}

/** Invented sessions of some roots from Monday 2024-11-11 on. */
export async function generatedEvents(options: {
  readonly seed: number;
  readonly universe: readonly string[];
  readonly sessions: number;
}): Promise<FeedEvent[]> {
  return await collect(generatorFeed({ ...options, firstTradeDate: '2024-11-11', calendar: cmeCalendar() }));
}

/** A feed that tells events once more. */
export function feedOf(events: readonly FeedEvent[]): BarFeed {
  return {
    source: 'retold',
    async *events() {
      yield* events;
    },
  };
}

/** The events with the bars that close after an instant changed. */
export function changedAfter(
  events: readonly FeedEvent[],
  timeMs: number,
  change: (bar: MinuteBar) => MinuteBar,
): FeedEvent[] {
  return events.map((event) =>
    event.kind === 'bar' && event.bar.openTimeMs + MINUTE_MS > timeMs ? { ...event, bar: change(event.bar) } : event,
  );
}

/** The events with nothing known of [fromMs, toMs). */
export function withGap(events: readonly FeedEvent[], fromMs: number, toMs: number): FeedEvent[] {
  const isLost = (event: FeedEvent): boolean => {
    const openTimeMs = openTimeOf(event);
    return openTimeMs >= fromMs && openTimeMs < toMs;
  };
  const first = events.findIndex(isLost);
  if (first < 0) return [...events];
  const kept = events.filter((event) => !isLost(event));
  return kept.toSpliced(first, 0, { kind: 'gap', fromMs, toMs });
}

function openTimeOf(event: FeedEvent): number {
  if (event.kind === 'bar') return event.bar.openTimeMs;
  return event.kind === 'closed' ? event.closeTimeMs - MINUTE_MS : event.fromMs;
}

async function collect(feed: BarFeed, untilMs = Number.POSITIVE_INFINITY): Promise<FeedEvent[]> {
  const events: FeedEvent[] = [];
  for await (const event of feed.events()) {
    if (openTimeOf(event) >= untilMs) break;
    events.push(event);
  }
  return events;
}
