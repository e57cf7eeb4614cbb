import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { MinuteBar } from '#core/market/bar.ts';
import { cmeCalendar } from '#core/market/cme-hours.ts';
import type { FeedEvent } from '#core/market/feed.ts';
import { presume, type SourceCoverage } from '#core/market/presume.ts';
import type { SessionGroup } from '#core/market/session-calendar.ts';
import { minutePlace } from '#core/market/session-spans.ts';
import { MINUTE_MS } from '#core/market/timeframe.ts';

const calendar = cmeCalendar();
const undeclared: SourceCoverage = { declared: [], hasUndeclared: true };

/** Wednesday 2026-03-18 in Chicago, on summer time: 15:00 is 20:00 UTC. */
const chicago = (hour: number, minute = 0, day = 18): number => Date.UTC(2026, 2, day, hour + 5, minute);
const barAt = (openTimeMs: number, root = 'ES'): MinuteBar => ({
  ...{ root, contract: `${root}M2026`, openTimeMs },
  ...{ open: 1, high: 1, low: 1, close: 1, volume: 1 },
});

async function* from(bars: readonly MinuteBar[]): AsyncGenerator<MinuteBar, void, undefined> {
  for (const bar of bars) yield await Promise.resolve(bar);
}

async function eventsOf(
  bars: readonly MinuteBar[],
  coverage = undeclared,
  universe = ['ES'],
  untilMs?: number,
): Promise<FeedEvent[]> {
  const events: FeedEvent[] = [];
  for await (const event of presume(from(bars), { calendar, universe, coverage, untilMs })) events.push(event);
  return events;
}

/** Events on one line each, in Chicago time: `bar 15:00`, `closed 15:01`, `gap 15:01-15:40`. */
function told(events: readonly FeedEvent[]): string[] {
  const clock = (timeMs: number): string => {
    const { minuteOfDay } = calendar.civilTime(timeMs);
    return `${String(Math.floor(minuteOfDay / 60)).padStart(2, '0')}:${String(minuteOfDay % 60).padStart(2, '0')}`;
  };
  return events.map((event) => {
    if (event.kind === 'bar') return `${event.bar.root} ${clock(event.bar.openTimeMs)}`;
    if (event.kind === 'closed') return `closed ${clock(event.closeTimeMs)}`;
    return `gap ${clock(event.fromMs)}-${clock(event.toMs)}`;
  });
}

describe('a source that declares nothing', () => {
  test('a minute is closed when all its bars are told, and empty minutes between are presumed', async () => {
    const bars = [barAt(chicago(10)), barAt(chicago(10), 'NQ'), barAt(chicago(10, 3))];
    expect(told(await eventsOf(bars, undeclared, ['ES', 'NQ']))).toEqual([
      ...['ES 10:00', 'NQ 10:00', 'closed 10:01', 'closed 10:02', 'closed 10:03', 'ES 10:03', 'closed 10:04'],
    ]);
  });

  test('29 empty minutes are presumed empty, 30 are one gap', async () => {
    const quiet = await eventsOf([barAt(chicago(10)), barAt(chicago(10, 30))]);
    expect(quiet.filter(({ kind }) => kind === 'closed')).toHaveLength(31);
    const loud = await eventsOf([barAt(chicago(10)), barAt(chicago(10, 31))]);
    expect(told(loud)).toEqual(['ES 10:00', 'closed 10:01', 'gap 10:01-10:31', 'ES 10:31', 'closed 10:32']);
  });

  test('closed time is neither told nor counted', async () => {
    expect(told(await eventsOf([barAt(chicago(15, 58)), barAt(chicago(17, 1))]))).toEqual([
      ...['ES 15:58', 'closed 15:59', 'closed 16:00', 'closed 17:01', 'ES 17:01', 'closed 17:02'],
    ]);
  });

  test('a stretch over weekends and years is one gap, from its first to the end of its last missing minute', async () => {
    const events = await eventsOf([barAt(chicago(15, 50, 20)), barAt(Date.UTC(2028, 2, 20, 22, 5))]);
    expect(events.filter(({ kind }) => kind === 'gap')).toEqual([
      { kind: 'gap', fromMs: chicago(15, 51, 20), toMs: Date.UTC(2028, 2, 20, 22, 5) },
    ]);
    const overWeekend = await eventsOf([barAt(chicago(15, 20, 20)), barAt(chicago(17, 0, 22))]);
    expect(told(overWeekend)).toContain('gap 15:21-16:00');
  });

  test('a gap ends at the close when the next session has its first bar at once', async () => {
    const events = await eventsOf([barAt(chicago(12)), barAt(chicago(17))]);
    expect(told(events)).toEqual(['ES 12:00', 'closed 12:01', 'gap 12:01-16:00', 'ES 17:00', 'closed 17:01']);
  });

  test('is told up to the instant that it was read up to, by the same rule', async () => {
    const until = async (hour: number, minute: number) =>
      told(await eventsOf([barAt(chicago(10))], undeclared, ['ES'], chicago(hour, minute)));
    expect(await until(10, 3)).toEqual(['ES 10:00', 'closed 10:01', 'closed 10:02', 'closed 10:03']);
    expect(await until(10, 31)).toEqual(['ES 10:00', 'closed 10:01', 'gap 10:01-10:31']);
    expect(await eventsOf([], undeclared, ['ES'], chicago(10))).toEqual([]);
  });

  test('a minute in which only another group trades is told too', async () => {
    const universe = ['ES', 'ZC'];
    const bars = [barAt(chicago(7, 44), 'ZC'), barAt(chicago(7, 46)), barAt(chicago(8, 30), 'ZC')];
    expect(told(await eventsOf(bars, undeclared, universe)).slice(0, 5)).toEqual([
      ...['ZC 07:44', 'closed 07:45', 'closed 07:46', 'ES 07:46', 'closed 07:47'],
    ]);
  });

  test('nothing comes of nothing', async () => {
    expect(await eventsOf([])).toEqual([]);
  });
});

describe('a print on the closing minute', () => {
  test('comes before the next session minute is closed, and its own minute is not told', async () => {
    const bars = [barAt(chicago(15, 59)), barAt(chicago(16)), barAt(chicago(17, 1))];
    expect(told(await eventsOf(bars))).toEqual([
      ...['ES 15:59', 'closed 16:00', 'ES 16:00', 'closed 17:01', 'ES 17:01', 'closed 17:02'],
    ]);
  });

  test('comes with the other roots where those are in session', async () => {
    const bars = [barAt(chicago(13, 20), 'ZC'), barAt(chicago(13, 20)), barAt(chicago(13, 20), 'NQ')];
    const universe = ['ES', 'NQ', 'ZC'];
    const expected = ['ZC 13:20', 'ES 13:20', 'NQ 13:20', 'closed 13:21'];
    expect(told(await eventsOf(bars, undeclared, universe))).toEqual(expected);
    const printLater = [barAt(chicago(13, 20)), barAt(chicago(13, 20), 'ZC')];
    expect(told(await eventsOf(printLater, undeclared, universe))).toEqual(['ES 13:20', 'ZC 13:20', 'closed 13:21']);
  });

  test('is the last word of the data', async () => {
    expect(told(await eventsOf([barAt(chicago(15, 57)), barAt(chicago(16))]))).toEqual([
      ...['ES 15:57', 'closed 15:58', 'closed 15:59', 'closed 16:00', 'ES 16:00'],
    ]);
  });

  test('does not hide a stretch without bars around it, and comes before that gap', async () => {
    const bars = [barAt(chicago(15, 40)), barAt(chicago(16)), barAt(chicago(17, 20))];
    expect(told(await eventsOf(bars))).toEqual([
      ...['ES 15:40', 'closed 15:41', 'ES 16:00', 'gap 15:41-17:20', 'ES 17:20', 'closed 17:21'],
    ]);
  });

  test('further outside it is dropped', async () => {
    expect(told(await eventsOf([barAt(chicago(15, 59)), barAt(chicago(16, 1))]))).toEqual(['ES 15:59', 'closed 16:00']);
  });
});

describe('a source that declares what it covers', () => {
  const declared = (...spans: (readonly [number, number])[]): SourceCoverage => ({
    declared: spans.map(([fromMs, toMs]) => ({ fromMs, toMs })),
    hasUndeclared: false,
  });

  test('every minute of it is presumed, with bars or without', async () => {
    const events = await eventsOf([barAt(chicago(10))], declared([chicago(9), chicago(11)]));
    expect(events.filter(({ kind }) => kind === 'closed')).toHaveLength(120);
    expect(events.filter(({ kind }) => kind === 'gap')).toEqual([]);
    expect(await eventsOf([], declared([chicago(9), chicago(11)]))).toHaveLength(120);
  });

  test('session time between two spans is one gap, and closed time none', async () => {
    const days = declared([chicago(15, 58), chicago(15, 59)], [chicago(17, 2, 19), chicago(17, 4, 19)]);
    expect(told(await eventsOf([], days))).toEqual([
      ...['closed 15:59', 'gap 15:59-17:02', 'closed 17:03', 'closed 17:04'],
    ]);
    const night = declared([chicago(15, 59), chicago(16, 30)], [chicago(16, 45), chicago(17, 1)]);
    expect(told(await eventsOf([], night))).toEqual(['closed 16:00', 'closed 17:01']);
  });

  test('spans that touch or overlap are one, in whatever order they are declared', async () => {
    const spans = declared(
      [chicago(10, 2), chicago(10, 4)],
      [chicago(10), chicago(10, 2)],
      [chicago(10, 1), chicago(10, 3)],
    );
    expect(told(await eventsOf([], spans))).toEqual(['closed 10:01', 'closed 10:02', 'closed 10:03', 'closed 10:04']);
  });

  test('a minute that is covered in part is not covered, unless it has a bar', async () => {
    const spans = declared([chicago(10) + 1, chicago(10, 2)], [chicago(10, 3), chicago(10, 5) - 1]);
    expect(told(await eventsOf([], spans))).toEqual(['closed 10:02', 'gap 10:02-10:03', 'closed 10:04']);
    expect(told(await eventsOf([barAt(chicago(10, 2))], spans))).toEqual([
      ...['closed 10:02', 'ES 10:02', 'closed 10:03', 'closed 10:04'],
    ]);
  });

  test('beside an undeclared source both count', async () => {
    const both = { ...declared([chicago(10, 30), chicago(11)]), hasUndeclared: true };
    const events = await eventsOf([barAt(chicago(10)), barAt(chicago(11, 10))], both);
    expect(told(events).filter((line) => line.startsWith('gap'))).toEqual(['gap 10:01-10:30', 'gap 11:00-11:10']);
  });
});

test('whatever the bars, each in-session minute is told once, in order, and is a gap only in a stretch of 30 without bars', async () => {
  const groups: readonly SessionGroup[] = ['equity-index', 'grains'];
  // From Thursday 13:00 Chicago over the grains' close, the evening, the night and the weekend.
  const startMs = chicago(13, 0, 19);
  const offset = fc.oneof(fc.nat(260), fc.nat(4500), fc.integer({ min: 178, max: 185 }));
  const picks = fc.array(fc.tuple(offset, fc.constantFrom('ES', 'ZC')), { minLength: 1, maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(picks, async (picked) => {
      const unique = new Map(picked.map(([minutes, root]) => [`${minutes}${root}`, { minutes, root }]));
      const bars = [...unique.values()]
        .map(({ minutes, root }) => barAt(startMs + minutes * MINUTE_MS, root))
        .sort((a, b) => a.openTimeMs - b.openTimeMs);
      const events = await eventsOf(bars, undeclared, ['ES', 'ZC']);

      const place = ({ root, openTimeMs }: MinuteBar) =>
        minutePlace(calendar, root === 'ES' ? 'equity-index' : 'grains', openTimeMs);
      const used = bars.filter((bar) => place(bar) !== 'outside');
      const told = events.flatMap((event) => (event.kind === 'bar' ? [event.bar] : []));
      expect(new Set(told)).toEqual(new Set(used));
      expect(told).toHaveLength(used.length);

      // The same by brute force, minute by minute.
      const printed = new Set(used.filter((bar) => place(bar) === 'in-session').map(({ openTimeMs }) => openTimeMs));
      const firstMs = used[0]?.openTimeMs ?? 0;
      const lastMs = used.at(-1)?.openTimeMs ?? -1;
      const expected: string[] = [];
      let stretch: number[] = [];
      const endStretch = () => {
        if (stretch.length >= 30) expected.push(`gap ${stretch[0]} ${stretch.at(-1)! + MINUTE_MS}`);
        else expected.push(...stretch.map((openMs) => `closed ${openMs + MINUTE_MS}`));
        stretch = [];
      };
      for (let openMs = firstMs; openMs <= lastMs; openMs += MINUTE_MS) {
        if (!groups.some((group) => calendar.sessionAt(group, openMs) !== null)) continue;
        if (!printed.has(openMs)) {
          // The data end with the last bar; a print on a closing minute does not cover its own minute.
          if (openMs < lastMs) stretch.push(openMs);
          continue;
        }
        endStretch();
        expected.push(`closed ${openMs + MINUTE_MS}`);
      }
      endStretch();
      const said = events.flatMap((event) => {
        if (event.kind === 'closed') return [`closed ${event.closeTimeMs}`];
        return event.kind === 'gap' ? [`gap ${event.fromMs} ${event.toMs}`] : [];
      });
      expect(said).toEqual(expected);

      let reachedMs = 0;
      for (const event of events) {
        if (event.kind === 'bar') expect(event.bar.openTimeMs).toBeGreaterThanOrEqual(reachedMs);
        else reachedMs = event.kind === 'closed' ? event.closeTimeMs : event.toMs;
      }
    }),
    { numRuns: 150 },
  );
});
