import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dateText, isoOfNs, parseTime, timeOf, timeText } from '#adapters/databento/historical/times.ts';

const noonNs = 1_767_614_400_000_000_000n;
const minuteNs = 60_000_000_000n;

describe('a time of a request', () => {
  test.each([
    ['2026-01-05T12:00:00Z', noonNs, 1_000_000_000n],
    ['2026-01-05T12:00', noonNs, minuteNs],
    ['2026-01-05 12', noonNs, 60n * minuteNs],
    ['2026-01-05', noonNs - 720n * minuteNs, 1440n * minuteNs],
    ['2026-02', 1_769_904_000_000_000_000n, 28n * 1440n * minuteNs],
    ['2026-01-05T07:00:00-05:00', noonNs, 1_000_000_000n],
    ['2026-01-05T17:30:00+0530', noonNs, 1_000_000_000n],
    ['2026-01-05T12:00:00.000000001', noonNs + 1n, 1n],
    ['2026-01-05T12:00:00.25Z', noonNs + 250_000_000n, 10_000_000n],
    ['1767614400000000000', noonNs, 1n],
  ])('%s is read to the nanosecond and names a span', (text, ns, spanNs) => {
    expect(parseTime(text)).toEqual({ ns, spanEndNs: ns + spanNs });
  });

  test.each(
    [
      [
        '',
        '2026',
        '20260105',
        '2026-1-5',
        '2026-02-30',
        '2026-13-01',
        '2026-01-05T24:00',
        '2026-01-05T12:60',
        'today',
        '1e18',
        '-1',
      ],
      ['2026-01-05T12:00:00.0000000001', '2026-01-05T12:00+24:00', '1969-12-31', '99999999999999999999'],
    ].flat(),
  )('%j is no time', (text) => {
    expect(parseTime(text)).toBeNull();
  });

  test('comes back from its ISO text, whatever the nanosecond', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 2n ** 63n), (ns) => {
        expect(parseTime(isoOfNs(ns))?.ns).toBe(ns);
      }),
    );
  });

  test('is sent with the precision in which it was given', () => {
    expect(timeText('2026-01-05')).toBe('2026-01-05');
    expect(timeText(noonNs)).toBe('1767614400000000000');
    expect(timeText(new Date('2026-01-05T12:00:00Z'))).toBe('2026-01-05T12:00:00.000Z');
  });

  test('that is none is refused by the name of the parameter', () => {
    expect(() => timeOf('start', 'yesterday')).toThrow(/start is no instant: "yesterday"/);
    expect(() => timeOf('end', new Date(Number.NaN))).toThrow(/end is no instant: Invalid Date/);
    expect(() => timeOf('end', -5n)).toThrow(/end is no instant: -5/);
    expect(() => dateText('endDate', '2026-01-05T00:00')).toThrow(/endDate is no day/);
    expect(dateText('endDate', new Date('2026-01-05T23:00:00Z'))).toBe('2026-01-05');
  });
});
