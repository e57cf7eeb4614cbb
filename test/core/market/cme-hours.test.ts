import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { inSessionMinutes } from '#core/market/buckets.ts';
import { cmeCalendar } from '#core/market/cme-hours.ts';
import { type Session, type SessionGroup, sessionGroups } from '#core/market/session-calendar.ts';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const calendar = cmeCalendar();

const sessionsFile = new URL('../../../../shared/data/cme/sessions.json', import.meta.url);
const esMinutesFile = new URL('../../../../shared/data/market/es-minute-2013-2020.csv', import.meta.url);

/** The intervals of a session as `evening-before day offset HH:MM to HH:MM` text, read back through Chicago time. */
function hours(session: Session | null): string[] | null {
  if (session === null) return null;
  return session.intervals.map(
    ({ startMs, endMs }) => `${stamp(session.tradeDate, startMs)} ${stamp(session.tradeDate, endMs)}`,
  );
}

function stamp(tradeDate: string, timeMs: number): string {
  const { date, minuteOfDay } = calendar.civilTime(timeMs);
  const days = (Date.parse(date) - Date.parse(tradeDate)) / DAY_MS;
  const clock = [Math.floor(minuteOfDay / 60), minuteOfDay % 60].map((part) => String(part).padStart(2, '0')).join(':');
  return days === 0 ? clock : `${days}d ${clock}`;
}

const hoursOf = (group: SessionGroup, tradeDate: string) => hours(calendar.session(group, tradeDate));

describe('hours regimes', () => {
  test.each([
    ['equity-index', '2012-11-16', ['-1d 15:30 -1d 16:30', '-1d 17:00 15:15']],
    ['equity-index', '2012-11-12', ['-1d 17:00 15:15']],
    ['equity-index', '2012-11-19', ['-1d 17:00 15:15', '15:30 16:15']],
    ['equity-index', '2015-09-18', ['-1d 17:00 15:15', '15:30 16:15']],
    ['equity-index', '2015-09-21', ['-1d 17:00 15:15', '15:30 16:00']],
    ['equity-index', '2021-06-25', ['-1d 17:00 15:15', '15:30 16:00']],
    ['equity-index', '2021-06-28', ['-1d 17:00 16:00']],
    ['fx', '2010-01-05', ['-1d 17:00 16:00']],
    ['fx', '2030-12-31', ['-1d 17:00 16:00']],
    ['rates', '2026-03-10', ['-1d 17:00 16:00']],
    ['energy', '2015-09-18', ['-1d 17:00 16:15']],
    ['energy', '2015-09-21', ['-1d 17:00 16:00']],
    ['metals', '2015-09-18', ['-1d 17:00 16:15']],
    ['metals', '2015-09-21', ['-1d 17:00 16:00']],
    ['grains', '2012-05-18', ['-1d 18:00 07:15', '09:30 13:15']],
    ['grains', '2012-05-21', ['-1d 17:00 14:00']],
    ['grains', '2013-04-05', ['-1d 17:00 14:00']],
    ['grains', '2013-04-08', ['-1d 19:00 07:45', '08:30 13:15']],
    ['grains', '2015-07-03', ['-1d 19:00 07:45', '08:30 13:15']],
    ['grains', '2015-07-06', ['-1d 19:00 07:45', '08:30 13:20']],
  ] as const)('%s on %s trades %j', (group, tradeDate, expected) => {
    expect(hoursOf(group, tradeDate)).toEqual(expected);
  });

  test('no group has a session labelled with a Saturday or Sunday', () => {
    for (const group of sessionGroups) {
      expect(calendar.session(group, '2024-06-08')).toBeNull();
      expect(calendar.session(group, '2024-06-09')).toBeNull();
    }
  });

  test('until 2012 the hour after the close belongs to the next trade date, and Friday has none', () => {
    const at = (date: string, minute: number) => calendar.sessionAt('equity-index', calendar.instantOf(date, minute));
    expect(at('2012-10-09', 15 * 60 + 14)?.tradeDate).toBe('2012-10-09');
    expect(at('2012-10-09', 15 * 60 + 20)).toBeNull();
    expect(at('2012-10-09', 15 * 60 + 30)?.tradeDate).toBe('2012-10-10');
    expect(at('2012-10-09', 16 * 60 + 29)?.tradeDate).toBe('2012-10-10');
    expect(at('2012-10-09', 16 * 60 + 30)).toBeNull();
    expect(at('2012-10-12', 15 * 60 + 30)).toBeNull();
    expect(at('2012-10-14', 17 * 60)?.tradeDate).toBe('2012-10-15');
  });

  test('the halt and the break are closed, their ends are exact to the millisecond', () => {
    const at = (date: string, minute: number, ms = 0) =>
      calendar.sessionAt('equity-index', calendar.instantOf(date, minute) + ms)?.tradeDate ?? null;
    expect(at('2020-06-10', 15 * 60 + 15, -1)).toBe('2020-06-10');
    expect(at('2020-06-10', 15 * 60 + 15)).toBeNull();
    expect(at('2020-06-10', 15 * 60 + 30, -1)).toBeNull();
    expect(at('2020-06-10', 15 * 60 + 30)).toBe('2020-06-10');
    expect(at('2020-06-10', 16 * 60)).toBeNull();
    expect(at('2020-06-10', 17 * 60)).toBe('2020-06-11');
  });

  test('the Sunday open is 17:00 Chicago in every DST week', () => {
    const open = (tradeDate: string) =>
      new Date(calendar.session('equity-index', tradeDate)?.openMs ?? 0).toISOString();
    expect(open('2024-03-08')).toBe('2024-03-07T23:00:00.000Z');
    expect(open('2024-03-11')).toBe('2024-03-10T22:00:00.000Z');
    expect(open('2024-11-01')).toBe('2024-10-31T22:00:00.000Z');
    expect(open('2024-11-04')).toBe('2024-11-03T23:00:00.000Z');
  });

  test.skipIf(!existsSync(sessionsFile))(
    'agree with sessions.json (needs ../shared/data) on every weekday from 2010 to 2030',
    () => {
      const table = JSON.parse(readFileSync(sessionsFile, 'utf8')) as Record<string, FileRegime[] | 'as EN'>;
      const names = {
        'equity-index': 'EQ',
        fx: 'FX',
        rates: 'IR',
        energy: 'EN',
        metals: 'MT',
        grains: 'GR',
      } as const;
      for (const group of sessionGroups) {
        const listed = table[names[group]];
        for (const regime of (listed === 'as EN' ? table.EN : listed) as FileRegime[]) {
          // The file knows only "summer" for the grains of 2015, so its weeks are left out.
          const fromDate = regime.from === '2015 (summer)' ? '2015-09-22' : regime.from;
          const toDate = regime.to === '2015 (summer)' ? '2015-06-19' : (regime.to ?? '2030-12-31');
          const from = /^\d{4}-/.test(fromDate) ? fromDate : '2010-01-04';
          for (let ms = Date.parse(from); ms <= Date.parse(toDate); ms += DAY_MS) {
            const day = new Date(ms);
            if (day.getUTCDay() === 0 || day.getUTCDay() === 6) continue;
            const tradeDate = day.toISOString().slice(0, 10);
            expect({ group, tradeDate, hours: hoursOf(group, tradeDate) }).toEqual({
              group,
              tradeDate,
              hours: fileHours(regime, day.getUTCDay() === 1),
            });
          }
        }
      }
    },
  );
});

interface FileRegime {
  from: string;
  to: string | null;
  trade_date: [dayOffset: string, start: string, end: string, note: string][];
}

/** A regime of sessions.json in the text form of `hours`, its midnight joints removed. */
function fileHours(regime: FileRegime, isMonday: boolean): string[] {
  const rows = regime.trade_date.filter(([, , , note]) => !(isMonday && note.startsWith('Mon-Thu')));
  const joined: string[] = [];
  for (const [dayOffset, start, end] of rows) {
    const prefix = dayOffset === '0' ? '' : `${dayOffset}d `;
    if (start === '00:00') joined.push(`${joined.pop()} ${end}`);
    else joined.push(end === '24:00' ? `${prefix}${start}` : `${prefix}${start} ${prefix}${end}`);
  }
  return joined;
}

describe('looking sessions up', () => {
  const anyGroup = fc.constantFrom(...sessionGroups);
  const anyInstant = fc.integer({ min: Date.UTC(2010, 0, 10), max: Date.UTC(2030, 11, 20) });

  /** Sessions of a group on the dates around an instant, without the lookups under test. */
  function sessionsAround(group: SessionGroup, timeMs: number): Session[] {
    const days = [-2, -1, 0, 1, 2, 3, 4, 5];
    return days
      .map((day) => calendar.session(group, new Date(timeMs + day * DAY_MS).toISOString().slice(0, 10)))
      .filter((session) => session !== null);
  }

  test('sessionAt and sessionFrom agree with the intervals of the sessions around any instant', () => {
    fc.assert(
      fc.property(anyGroup, anyInstant, (group, timeMs) => {
        const around = sessionsAround(group, timeMs);
        const containing = around.find(({ intervals }) =>
          intervals.some(({ startMs, endMs }) => startMs <= timeMs && timeMs < endMs),
        );
        expect(calendar.sessionAt(group, timeMs)).toEqual(containing ?? null);
        expect(calendar.sessionFrom(group, timeMs)).toEqual(around.find(({ closeMs }) => closeMs > timeMs));
      }),
      { numRuns: 3000 },
    );
  });

  test('sessions follow each other without overlap, and next and previous are inverse', () => {
    for (const group of sessionGroups) {
      let session = calendar.nextSession(group, '2010-01-01');
      while (session.tradeDate < '2030-12-31') {
        const next = calendar.nextSession(group, session.tradeDate);
        expect(next.openMs).toBeGreaterThan(session.closeMs);
        expect(calendar.previousSession(group, next.tradeDate)).toBe(session);
        session = next;
      }
    }
  });

  test('from Friday afternoon the next session is Monday, from Saturday the last one was Friday', () => {
    const friday = calendar.instantOf('2024-06-07', 16 * 60);
    expect(calendar.sessionFrom('metals', friday - 1).tradeDate).toBe('2024-06-07');
    expect(calendar.sessionAt('metals', friday)).toBeNull();
    expect(calendar.sessionFrom('metals', friday).tradeDate).toBe('2024-06-10');
    expect(calendar.nextSession('metals', '2024-06-07').tradeDate).toBe('2024-06-10');
    expect(calendar.previousSession('metals', '2024-06-08').tradeDate).toBe('2024-06-07');
  });
});

describe('a holiday table', () => {
  // Martin Luther King day 2026: Monday's morning to 12:00 carries Tuesday's trade date.
  const withHoliday = cmeCalendar((group, tradeDate) => {
    if (group !== 'equity-index') return undefined;
    if (tradeDate === '2026-01-19') return 'closed';
    if (tradeDate !== '2026-01-20') return undefined;
    return [
      [17 * 60 - 2880, 12 * 60 - 1440],
      [17 * 60 - 1440, 16 * 60],
    ];
  });

  test('closes a date and gives its morning to the next trade date', () => {
    const sundayEvening = calendar.instantOf('2026-01-18', 17 * 60);
    expect(withHoliday.session('equity-index', '2026-01-19')).toBeNull();
    expect(hours(withHoliday.session('equity-index', '2026-01-20'))).toEqual([
      '-2d 17:00 -1d 12:00',
      '-1d 17:00 16:00',
    ]);
    expect(withHoliday.sessionAt('equity-index', sundayEvening)?.tradeDate).toBe('2026-01-20');
    expect(withHoliday.sessionAt('equity-index', calendar.instantOf('2026-01-19', 12 * 60))).toBeNull();
    expect(withHoliday.nextSession('equity-index', '2026-01-16').tradeDate).toBe('2026-01-20');
  });

  test('leaves other groups alone', () => {
    expect(withHoliday.session('fx', '2026-01-19')).toEqual(calendar.session('fx', '2026-01-19'));
  });

  test.each([
    ['no interval', []],
    ['an end before its start', [[100, 50]]],
    [
      'touching intervals',
      [
        [-420, 0],
        [0, 960],
      ],
    ],
    ['an end after its trade date', [[-420, 1500]]],
    ['an end before its trade date', [[-420, -60]]],
  ] as const)('with %s is refused', (_, intervals) => {
    const broken = cmeCalendar(() => intervals);
    expect(() => broken.session('fx', '2026-01-20')).toThrow(/trading intervals in order/);
  });

  test('that closes everything is refused instead of searched forever', () => {
    const closed = cmeCalendar(() => 'closed');
    expect(() => closed.sessionFrom('fx', Date.UTC(2026, 0, 20))).toThrow(/check the holidays/);
  });
});

describe.skipIf(!existsSync(esMinutesFile))('real minutes of ES (needs ../shared/data)', () => {
  const minutes = existsSync(esMinutesFile)
    ? [...new Set(readFileSync(esMinutesFile, 'utf8').trim().split('\n').slice(1).map(openTimeMs))]
    : [];

  function openTimeMs(line: string): number {
    return Date.parse(line.slice(0, line.indexOf(',')));
  }

  test('are in session, or on the closing minute of a trading interval', () => {
    expect(minutes.length).toBeGreaterThan(10_000);
    const outside = minutes.filter((ms) => calendar.sessionAt('equity-index', ms) === null);
    const afterClose = outside.filter((ms) => calendar.sessionAt('equity-index', ms - 1) === null);
    expect(afterClose.map((ms) => new Date(ms).toISOString())).toEqual([]);
    expect(outside.length).toBeLessThan(minutes.length / 1000);
  });

  test('begin and end every trading interval of the whole week, and leave out few minutes between', () => {
    const printed = new Set(minutes);
    const intervals = ['2013-10-07', '2013-10-08', '2013-10-09', '2013-10-10', '2013-10-11'].flatMap(
      (tradeDate) => calendar.session('equity-index', tradeDate)?.intervals ?? [],
    );
    const atTheEdges = intervals.flatMap(({ startMs, endMs }) => [startMs, endMs - MINUTE_MS]);
    expect(intervals).toHaveLength(10);
    expect(atTheEdges.filter((ms) => !printed.has(ms))).toEqual([]);

    const fromMs = intervals[0]?.startMs ?? 0;
    const toMs = intervals.at(-1)?.endMs ?? 0;
    const inWeek = minutes.filter((ms) => ms >= fromMs && ms < toMs);
    const scheduled = inSessionMinutes(calendar, 'equity-index', fromMs, toMs);
    expect(scheduled).toBe(5 * (22 * 60 + 15 + 45));
    expect(inWeek.length).toBeGreaterThan(0.98 * scheduled);
    expect(inWeek.length).toBeLessThanOrEqual(scheduled);
  });
});
