import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Bucket,
  bucketOf,
  bucketsBetween,
  inSessionMinutes,
  nextInSessionMinute,
  nthBucketCloseAfter,
} from '#core/market/buckets.ts';
import { cmeCalendar } from '#core/market/cme-hours.ts';
import { type SessionGroup, sessionGroups } from '#core/market/session-calendar.ts';
import { bucketMs, HOUR_MS, MINUTE_MS, type Timeframe, timeframes } from '#core/market/timeframe.ts';

const calendar = cmeCalendar();

/** UTC instant of a Chicago date and `HH:MM`. */
function chicago(date: string, clock: string): number {
  const [hour = 0, minute = 0] = clock.split(':').map(Number);
  return calendar.instantOf(date, hour * 60 + minute);
}

function clockOf(timeMs: number): string {
  const { minuteOfDay } = calendar.civilTime(timeMs);
  return [Math.floor(minuteOfDay / 60), minuteOfDay % 60].map((part) => String(part).padStart(2, '0')).join(':');
}

const clocks = ({ openTimeMs, closeTimeMs }: Bucket) => `${clockOf(openTimeMs)} ${clockOf(closeTimeMs)}`;

describe('the bucket of a minute', () => {
  test.each([
    ['equity-index', '1m', '2024-06-05', '15:59', '15:59 16:00', '2024-06-05'],
    ['equity-index', '15m', '2024-06-05', '10:07', '10:00 10:15', '2024-06-05'],
    ['equity-index', '1h', '2024-06-05', '10:59', '10:00 11:00', '2024-06-05'],
    ['equity-index', '1h', '2024-06-05', '17:00', '17:00 18:00', '2024-06-06'],
    ['equity-index', 'session', '2024-06-05', '17:00', '17:00 16:00', '2024-06-06'],
    ['equity-index', 'session', '2024-06-09', '17:00', '17:00 16:00', '2024-06-10'],
    // The halt lies inside the hour, which goes on after it.
    ['equity-index', '1h', '2014-06-05', '15:14', '15:00 16:00', '2014-06-05'],
    ['equity-index', '1h', '2014-06-05', '15:30', '15:00 16:00', '2014-06-05'],
    ['equity-index', '1h', '2014-06-05', '16:14', '16:00 16:15', '2014-06-05'],
    // Until 2012 the same hour holds the end of one session and the start of the next, which opens its bucket late.
    ['equity-index', '1h', '2011-06-07', '15:14', '15:00 15:15', '2011-06-07'],
    ['equity-index', '1h', '2011-06-07', '15:30', '15:30 16:00', '2011-06-08'],
    ['equity-index', '1h', '2011-06-07', '16:29', '16:00 16:30', '2011-06-08'],
    ['equity-index', 'session', '2011-06-07', '15:30', '15:30 15:15', '2011-06-08'],
    ['grains', '1h', '2024-06-05', '07:44', '07:00 07:45', '2024-06-05'],
    ['grains', '15m', '2024-06-05', '13:19', '13:15 13:20', '2024-06-05'],
    ['grains', '1h', '2024-06-05', '08:30', '08:00 09:00', '2024-06-05'],
    ['grains', '1h', '2024-06-05', '13:00', '13:00 13:20', '2024-06-05'],
    ['grains', 'session', '2024-06-05', '08:30', '19:00 13:20', '2024-06-05'],
    ['energy', '1h', '2015-09-18', '16:14', '16:00 16:15', '2015-09-18'],
  ] as const)('%s %s on %s at %s is %s of %s', (group, timeframe, date, clock, expected, tradeDate) => {
    const bucket = bucketOf(calendar, group, timeframe, chicago(date, clock));
    expect(clocks(bucket)).toBe(expected);
    expect(bucket.tradeDate).toBe(tradeDate);
  });

  test('is refused for a minute outside the session', () => {
    expect(() => bucketOf(calendar, 'grains', '1h', chicago('2024-06-05', '07:45'))).toThrow(/in session/);
  });
});

describe('scheduled buckets', () => {
  test('of a grains session in hours skip the morning break and end at its closes', () => {
    const session = calendar.session('grains', '2024-06-05');
    const buckets = bucketsBetween(calendar, 'grains', '1h', session?.openMs ?? 0, session?.closeMs ?? 0);
    expect(buckets.map(({ closeTimeMs }) => clockOf(closeTimeMs))).toEqual(
      '20:00 21:00 22:00 23:00 00:00 01:00 02:00 03:00 04:00 05:00 06:00 07:00 07:45 09:00 10:00 11:00 12:00 13:00 13:20'.split(
        ' ',
      ),
    );
  });

  test('of an equity-index session since 2021 are 1380 minutes, 92 quarters, 23 hours, one session', () => {
    const session = calendar.session('equity-index', '2024-06-05');
    const counts = timeframes.map(
      (timeframe) =>
        bucketsBetween(calendar, 'equity-index', timeframe, session?.openMs ?? 0, session?.closeMs ?? 0).length,
    );
    expect(counts).toEqual([1380, 92, 23, 1]);
  });

  test('include a close at the end of the span and exclude one at its start', () => {
    const from = chicago('2024-06-05', '10:00');
    const to = chicago('2024-06-05', '12:00');
    expect(bucketsBetween(calendar, 'fx', '1h', from, to).map(clocks)).toEqual(['10:00 11:00', '11:00 12:00']);
    expect(bucketsBetween(calendar, 'fx', '1h', from - 1, to - 1).map(clocks)).toEqual(['09:00 10:00', '10:00 11:00']);
    expect(bucketsBetween(calendar, 'fx', '1h', to, from)).toEqual([]);
  });

  test('that close inside a halt count once, at the close after it', () => {
    const halt = chicago('2014-06-05', '15:20');
    expect(nthBucketCloseAfter(calendar, 'equity-index', '1h', halt, 1)).toBe(chicago('2014-06-05', '16:00'));
    expect(nthBucketCloseAfter(calendar, 'equity-index', '15m', halt, 1)).toBe(chicago('2014-06-05', '15:45'));
  });

  test('a count of buckets steps over the weekend', () => {
    const friday = chicago('2024-06-07', '15:30');
    expect(nthBucketCloseAfter(calendar, 'equity-index', '1h', friday, 1)).toBe(chicago('2024-06-07', '16:00'));
    expect(nthBucketCloseAfter(calendar, 'equity-index', '1h', friday, 2)).toBe(chicago('2024-06-09', '18:00'));
    expect(nthBucketCloseAfter(calendar, 'equity-index', 'session', friday, 2)).toBe(chicago('2024-06-10', '16:00'));
  });

  test.each([0, -1, 1.5, Number.NaN])('a count of %d buckets is refused', (n) => {
    expect(() => nthBucketCloseAfter(calendar, 'fx', '1h', Date.UTC(2024, 0, 5), n)).toThrow(/at least 1/);
  });
});

const anyGroup = fc.constantFrom(...sessionGroups);
const anyTimeframe = fc.constantFrom<Timeframe>(...timeframes);
const anyMinute = fc
  .integer({ min: Date.UTC(2010, 0, 10) / MINUTE_MS, max: Date.UTC(2030, 11, 1) / MINUTE_MS })
  .map((minute) => minute * MINUTE_MS);
const anySpan = fc.integer({ min: 0, max: 4 * 24 * 60 }).map((minutes) => minutes * MINUTE_MS);

/** Every minute that starts in [fromMs, toMs) while the group is in session, found by asking for each. */
function minutesByAsking(group: SessionGroup, fromMs: number, toMs: number): number[] {
  const minutes: number[] = [];
  for (let ms = fromMs; ms < toMs; ms += MINUTE_MS) if (calendar.sessionAt(group, ms) !== null) minutes.push(ms);
  return minutes;
}

describe('for any group, timeframe and time', () => {
  test('the buckets of a whole span are those of its minutes, in order, each once', () => {
    fc.assert(
      fc.property(anyGroup, anyTimeframe, anyMinute, anySpan, (group, timeframe, timeMs, spanMs) => {
        const fromMs = calendar.sessionFrom(group, timeMs).openMs;
        const toMs = calendar.sessionFrom(group, fromMs + spanMs).closeMs;
        const buckets = bucketsBetween(calendar, group, timeframe, fromMs, toMs);
        const byMinute = new Map<number, Bucket>();
        for (const minute of minutesByAsking(group, fromMs, toMs)) {
          const bucket = bucketOf(calendar, group, timeframe, minute);
          byMinute.set(bucket.closeTimeMs, bucket);
        }
        expect(buckets).toEqual([...byMinute.values()]);
      }),
      { numRuns: 100 },
    );
  });

  test('a bucket contains its minute, trades up to its close and stays inside one session', () => {
    fc.assert(
      fc.property(anyGroup, anyTimeframe, anyMinute, (group, timeframe, timeMs) => {
        const session = calendar.sessionAt(group, timeMs);
        fc.pre(session !== null);
        const { openTimeMs, closeTimeMs, tradeDate } = bucketOf(calendar, group, timeframe, timeMs);
        expect(tradeDate).toBe(session?.tradeDate);
        expect(openTimeMs).toBeLessThanOrEqual(timeMs);
        expect(closeTimeMs).toBeGreaterThanOrEqual(timeMs + MINUTE_MS);
        expect(calendar.sessionAt(group, closeTimeMs - 1)?.tradeDate).toBe(tradeDate);
        if (timeframe !== 'session') {
          expect(openTimeMs % bucketMs[timeframe] === 0 || openTimeMs === session?.openMs).toBe(true);
          expect(closeTimeMs - openTimeMs).toBeLessThanOrEqual(bucketMs[timeframe]);
        }
      }),
      { numRuns: 1000 },
    );
  });

  test('counting buckets one by one meets the same closes as listing them', () => {
    fc.assert(
      fc.property(anyGroup, anyTimeframe, anyMinute, fc.integer({ min: 1, max: 60 }), (group, timeframe, timeMs, n) => {
        const closeTimeMs = nthBucketCloseAfter(calendar, group, timeframe, timeMs, n);
        const buckets = bucketsBetween(calendar, group, timeframe, timeMs, closeTimeMs);
        expect(buckets).toHaveLength(n);
        expect(buckets.at(-1)?.closeTimeMs).toBe(closeTimeMs);
      }),
      { numRuns: 300 },
    );
  });

  test('in-session minutes are those found by asking for each', () => {
    fc.assert(
      fc.property(anyGroup, anyMinute, anySpan, (group, fromMs, spanMs) => {
        expect(inSessionMinutes(calendar, group, fromMs, fromMs + spanMs)).toBe(
          minutesByAsking(group, fromMs, fromMs + spanMs).length,
        );
      }),
      { numRuns: 200 },
    );
  });

  test('the next slice is at the first minute in which one of the groups is in session', () => {
    const anyGroups = fc.subarray([...sessionGroups], { minLength: 1 });
    fc.assert(
      fc.property(anyGroups, anyMinute, (groups, closeTimeMs) => {
        let minute = closeTimeMs;
        while (groups.every((group) => calendar.sessionAt(group, minute) === null)) minute += MINUTE_MS;
        expect(nextInSessionMinute(calendar, groups, closeTimeMs)).toBe(minute + MINUTE_MS);
      }),
      { numRuns: 300 },
    );
  });
});

describe('the chain of slices', () => {
  test('runs through the week minute by minute and steps over closed time', () => {
    const groups: SessionGroup[] = ['grains', 'equity-index'];
    let closeTimeMs = chicago('2024-06-07', '15:58');
    const chain = [1, 2, 3, 4].map(() => {
      closeTimeMs = nextInSessionMinute(calendar, groups, closeTimeMs);
      return closeTimeMs;
    });
    expect(chain).toEqual([
      chicago('2024-06-07', '15:59'),
      chicago('2024-06-07', '16:00'),
      chicago('2024-06-09', '17:01'),
      chicago('2024-06-09', '17:02'),
    ]);
  });

  test('needs at least one group', () => {
    expect(() => nextInSessionMinute(calendar, [], Date.UTC(2024, 0, 5))).toThrow(/at least one session group/);
  });

  test('a span that ends before it starts has no minutes', () => {
    expect(inSessionMinutes(calendar, 'fx', chicago('2024-06-05', '12:00'), chicago('2024-06-05', '10:00'))).toBe(0);
    expect(inSessionMinutes(calendar, 'fx', chicago('2024-06-05', '12:00') + 1, chicago('2024-06-05', '13:00'))).toBe(
      HOUR_MS / MINUTE_MS - 1,
    );
  });
});
