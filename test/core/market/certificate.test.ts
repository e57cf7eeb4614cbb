import { describe, expect, test } from 'vitest';
import type { Grade } from '#core/market/bar.ts';
import { certificateOf } from '#core/market/certificate.ts';
import type { Gap } from '#core/market/slice.ts';
import { windowOf } from '#core/market/window.ts';
import { calendar, minuteBar, utc } from './feed-events.ts';

/** A window of hourly ES bars of 2014-03-05 with the given closing hours and grades, as of 20:00 UTC. */
function hours(closes: Readonly<Record<number, Grade>>, gaps: readonly Gap[] = []) {
  const bars = Object.entries(closes).map(([hour, grade]) => {
    const closeTimeMs = utc('2014-03-05T00:00') + Number(hour) * 3_600_000;
    const bar = minuteBar('ESH2014', closeTimeMs - 3_600_000);
    return { ...bar, timeframe: '1h', closeTimeMs, revision: 0, grade, knownAtMs: closeTimeMs } as const;
  });
  const request = { root: 'ES', contract: 'ESH2014', timeframe: '1h', lookback: 24 } as const;
  return windowOf(request, { bars, gaps }, utc('2014-03-05T20:00'));
}

const context = { calendar, entryGrade: 'proved', source: 'file' } as const;

describe('the certificate of a window', () => {
  test('names the series, the source and the grades of the signal and of the minute of entry', () => {
    expect(certificateOf(hours({ 19: 'proved', 20: 'presumed' }), context)).toMatchObject({
      root: 'ES',
      contract: 'ESH2014',
      timeframe: '1h',
      source: 'file',
      signalGrade: 'presumed',
      entryGrade: 'proved',
    });
  });

  test('counts the last five buckets apart from those before', () => {
    const window = hours({
      13: 'proved',
      14: 'holed',
      15: 'presumed',
      16: 'proved',
      17: 'holed',
      18: 'proved',
      19: 'proved',
      20: 'proved',
    });
    expect(certificateOf(window, context)).toMatchObject({
      before: { proved: 1, presumed: 1, holed: 1, missing: 0 },
      recent: { proved: 4, presumed: 0, holed: 1, missing: 0 },
    });
  });

  test('counts an empty bucket as missing only where a gap touches it, also after the last bar', () => {
    const gap = (from: string, to: string) => ({ fromMs: utc(from), toMs: utc(to), minutes: 1 });
    const gaps = [gap('2014-03-05T12:59', '2014-03-05T13:00'), gap('2014-03-05T19:00', '2014-03-05T19:30')];
    const window = hours({ 10: 'proved', 11: 'proved', 16: 'proved', 17: 'proved', 18: 'proved', 19: 'proved' }, gaps);
    expect(certificateOf(window, context)).toMatchObject({
      before: { proved: 2, missing: 1 },
      recent: { proved: 4, missing: 1 },
      signalGrade: 'proved',
    });
  });

  test('does not miss what was closed', () => {
    const bars = ['2014-03-05T22:00', '2014-03-05T23:00'].map((open) => {
      const bar = minuteBar('ESH2014', open);
      const closeTimeMs =
        bar.openTimeMs === utc('2014-03-05T22:00') ? utc('2014-03-05T22:15') : bar.openTimeMs + 3_600_000;
      return { ...bar, timeframe: '1h', closeTimeMs, revision: 0, grade: 'proved', knownAtMs: closeTimeMs } as const;
    });
    const request = { root: 'ES', contract: 'ESH2014', timeframe: '1h', lookback: 2 } as const;
    const gaps = [{ fromMs: utc('2014-03-05T21:59'), toMs: utc('2014-03-05T22:00'), minutes: 1 }];
    const window = windowOf(request, { bars, gaps }, utc('2014-03-06T00:00'));
    expect(certificateOf(window, context).recent).toEqual({ proved: 2, presumed: 0, holed: 0, missing: 0 });
  });

  test('of an empty window has nothing to vouch for', () => {
    const nothing = { proved: 0, presumed: 0, holed: 0, missing: 0 };
    expect(certificateOf(hours({}), context)).toMatchObject({ signalGrade: 'holed', recent: nothing, before: nothing });
  });
});
