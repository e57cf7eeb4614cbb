import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cmeCalendar } from '#core/market/cme-hours.ts';
import { MINUTE_MS } from '#core/market/timeframe.ts';

const calendar = cmeCalendar();

describe('Chicago time', () => {
  const formatter = new Intl.DateTimeFormat('en-CA', {
    timeZone: 'America/Chicago',
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    weekday: 'short',
  });
  const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

  function byIntl(timeMs: number) {
    const parts = Object.fromEntries(formatter.formatToParts(timeMs).map(({ type, value }) => [type, value]));
    return {
      date: `${parts.year}-${parts.month}-${parts.day}`,
      minuteOfDay: Number(parts.hour) * 60 + Number(parts.minute),
      weekday: weekdays.indexOf(parts.weekday ?? ''),
    };
  }

  test('agrees with Intl at every quarter hour of the switch days of 2010 to 2030', () => {
    for (let year = 2010; year <= 2030; year++) {
      for (const [month, first, last] of [
        [2, 7, 16],
        [10, 1, 9],
      ] as const) {
        for (let ms = Date.UTC(year, month, first); ms < Date.UTC(year, month, last); ms += 15 * MINUTE_MS) {
          expect(calendar.civilTime(ms)).toEqual(byIntl(ms));
        }
      }
    }
  });

  test('agrees with Intl at any instant of 2010 to 2030', () => {
    fc.assert(
      fc.property(fc.integer({ min: Date.UTC(2010, 0, 1), max: Date.UTC(2031, 0, 1) }), (timeMs) => {
        expect(calendar.civilTime(timeMs)).toEqual(byIntl(timeMs));
      }),
      { numRuns: 2000 },
    );
  });

  test('instantOf is the inverse of civilTime but for the hour that happens twice', () => {
    fc.assert(
      fc.property(fc.integer({ min: Date.UTC(2010, 0, 1), max: Date.UTC(2031, 0, 1) }), (timeMs) => {
        const minuteMs = Math.floor(timeMs / MINUTE_MS) * MINUTE_MS;
        const { date, minuteOfDay } = calendar.civilTime(minuteMs);
        const instant = calendar.instantOf(date, minuteOfDay);
        expect([0, 60 * MINUTE_MS]).toContain(minuteMs - instant);
        expect(calendar.civilTime(instant)).toEqual(calendar.civilTime(minuteMs));
      }),
      { numRuns: 2000 },
    );
  });

  test('the doubled hour means its first pass, the skipped one an hour later, minute 1440 the next midnight', () => {
    expect(calendar.instantOf('2024-11-03', 90)).toBe(Date.UTC(2024, 10, 3, 6, 30));
    expect(calendar.instantOf('2024-03-10', 150)).toBe(Date.UTC(2024, 2, 10, 8, 30));
    expect(calendar.instantOf('2024-06-10', 1440)).toBe(calendar.instantOf('2024-06-11', 0));
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, Date.UTC(2006, 11, 31), 1_700_000_000, Date.UTC(2024, 0) * 1000])(
    'an instant outside 2007 to 2099 is refused: %d',
    (timeMs) => {
      expect(() => calendar.sessionAt('fx', timeMs)).toThrow(/between 2007 and 2099/);
    },
  );

  test.each(['2024-02-30', '2024-1-05', '20240105', '', 'yesterday'])('%j is not a trade date', (date) => {
    expect(() => calendar.session('fx', date)).toThrow(/YYYY-MM-DD/);
  });
});
