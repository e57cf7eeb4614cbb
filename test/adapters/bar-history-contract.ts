import { describe, expect, test } from 'vitest';
import type { Bar, KnownBar } from '#core/market/bar.ts';
import type { Timeframe } from '#core/market/timeframe.ts';
import type { BarHistory, SessionBars, SliceLog } from '#core/ports.ts';

const HOUR = 3_600_000;
const START = Date.parse('2014-03-03T00:00Z');
const request = { root: 'ES', contract: 'ESH2014', timeframe: '1h', lookback: 3 } as const;

/** The bar of the hour that closes `hour` hours after the start, priced by its hour unless told otherwise. */
function barAt(hour: number, changed: Partial<Bar> = {}): Bar {
  const closeTimeMs = START + hour * HOUR;
  const prices = { open: hour, high: hour + 1, low: hour - 1, close: hour, volume: 10 };
  const series = { root: 'ES', contract: 'ESH2014', timeframe: '1h' } as const;
  return {
    ...series,
    openTimeMs: closeTimeMs - HOUR,
    closeTimeMs,
    ...prices,
    revision: 0,
    grade: 'presumed',
    ...changed,
  };
}

const known = (bar: Bar, hour: number): KnownBar => ({ ...bar, knownAtMs: START + hour * HOUR });

function session(tradeDate: string, bars: readonly KnownBar[], timeframe: Timeframe = '1h'): SessionBars {
  return { root: 'ES', contract: 'ESH2014', timeframe, tradeDate, bars };
}

/** What every bar history promises. `make` gives an empty one and the slice log that it asks for gaps. */
export function barHistoryContract(
  name: string,
  make: () => Promise<{ history: BarHistory; sliceLog: SliceLog }>,
): void {
  const at = (hour: number): number => START + hour * HOUR;

  describe(`the ${name} bar history`, () => {
    test('gives an empty window of what it has never seen', async () => {
      const { history } = await make();
      expect(await history.window(request, at(9))).toMatchObject({ length: 0, asOfMs: at(9), gaps: [] });
    });

    test('gives the last bars as they were known, fewer while there are fewer', async () => {
      const { history } = await make();
      for (const hour of [1, 2, 3, 4, 5]) await history.write([barAt(hour)], at(hour));
      expect([...(await history.window(request, at(4))).close]).toEqual([2, 3, 4]);
      expect([...(await history.window(request, at(2))).close]).toEqual([1, 2]);
      expect([...(await history.window({ ...request, lookback: 9 }, at(9))).close]).toEqual([1, 2, 3, 4, 5]);
    });

    test('does not change when the same bars are written again', async () => {
      const { history } = await make();
      for (const hour of [1, 2, 3, 2, 1]) await history.write([barAt(hour)], at(hour));
      expect([...(await history.window(request, at(3))).close]).toEqual([1, 2, 3]);
    });

    test('gives a revision from the slice at which it became known, and the old bar before', async () => {
      const { history } = await make();
      await history.write([barAt(1), barAt(2)], at(2));
      await history.write([barAt(2, { close: 7, revision: 1, grade: 'holed' }), barAt(4)], at(4));
      expect([...(await history.window(request, at(3))).close]).toEqual([1, 2]);
      const later = await history.window(request, at(4));
      expect([...later.close]).toEqual([1, 7, 4]);
      expect(later.grade).toEqual(['presumed', 'holed', 'presumed']);
    });

    test('keeps contracts and timeframes apart', async () => {
      const { history } = await make();
      const others = [
        barAt(1, { contract: 'ESM2014' }),
        barAt(1, { timeframe: '15m' }),
        barAt(1, { timeframe: 'session' }),
      ];
      await history.write([...others, barAt(1, { close: 5 })], at(1));
      expect([...(await history.window(request, at(1))).close]).toEqual([5]);
      expect(await history.window({ ...request, contract: 'ESM2014' }, at(1))).toMatchObject({
        contract: 'ESM2014',
        length: 1,
      });
    });

    test('gives back every number to the last bit', async () => {
      const { history } = await make();
      const odd = barAt(1, { open: 0.1 + 0.2, high: 0.0065435, low: -37.63, close: 1 / 3, volume: 2 ** 53 - 1 });
      await history.write([odd], at(1));
      await history.writeSessions([session('2014-03-04', [known({ ...odd, timeframe: 'session' }, 1)], 'session')]);
      for (const timeframe of ['1h', 'session'] as const) {
        const { open, high, low, close, volume } = await history.window({ ...request, timeframe }, at(1));
        expect([open[0], high[0], low[0], close[0], volume[0]]).toEqual([
          odd.open,
          odd.high,
          odd.low,
          odd.close,
          odd.volume,
        ]);
      }
    });

    test('reads over closed sessions into the open one, as of any slice in them', async () => {
      const { history } = await make();
      await history.writeSessions([
        session('2014-03-03', [known(barAt(1), 1), known(barAt(2), 2)]),
        session('2014-03-04', [
          known(barAt(25), 25),
          known(barAt(26), 26),
          known(barAt(26, { close: 9, revision: 1 }), 49),
        ]),
      ]);
      await history.write([barAt(49), barAt(50)], at(50));
      expect([...(await history.window({ ...request, lookback: 5 }, at(50))).close]).toEqual([2, 25, 9, 49, 50]);
      expect([...(await history.window(request, at(26))).close]).toEqual([2, 25, 26]);
      expect([...(await history.window(request, at(1))).close]).toEqual([1]);
    });

    test('reads the same before and after its open session is closed, and reads a session written again', async () => {
      const { history } = await make();
      for (const hour of [1, 2, 3]) await history.write([barAt(hour)], at(hour));
      const before = await history.window(request, at(3));
      await history.writeSessions([
        session(
          '2014-03-03',
          [1, 2, 3].map((hour) => known(barAt(hour), hour)),
        ),
      ]);
      expect(await history.window(request, at(3))).toEqual(before);
      await history.writeSessions([
        session(
          '2014-03-03',
          [1, 2, 3].map((hour) => known(barAt(hour, { close: -hour }), hour)),
        ),
      ]);
      expect([...(await history.window(request, at(3))).close]).toEqual([-1, -2, -3]);
    });

    test('reads over a session written while it was open into what came after, revisions of its last bar included', async () => {
      const { history } = await make();
      await history.write([barAt(1), barAt(2)], at(2));
      await history.writeSessions([session('2014-03-03', [known(barAt(1), 1), known(barAt(2), 2)])]);
      await history.write([barAt(2, { close: 7, revision: 1 }), barAt(4)], at(4));
      expect([...(await history.window(request, at(2))).close]).toEqual([1, 2]);
      expect([...(await history.window(request, at(4))).close]).toEqual([1, 7, 4]);
    });

    test('reads as many closed sessions as a long window takes, with whole sessions of minutes among them', async () => {
      const { history } = await make();
      const dates = Array.from({ length: 40 }, (_, day) =>
        new Date(START + day * 24 * HOUR).toISOString().slice(0, 10),
      );
      await history.writeSessions(
        dates.map((date, day) =>
          session(
            date,
            Array.from({ length: 23 }, (_, hour) => known(barAt(day * 24 + hour), day * 24 + hour)),
          ),
        ),
      );
      const long = await history.window({ ...request, lookback: 700 }, at(40 * 24));
      expect(long.length).toBe(700);
      expect(long.close[699]).toBe(39 * 24 + 22);
      const minute = (index: number): KnownBar => {
        const closeTimeMs = START + (index + 1) * 60_000;
        return { ...barAt(0), timeframe: '1m', openTimeMs: closeTimeMs - 60_000, closeTimeMs, knownAtMs: closeTimeMs };
      };
      await history.writeSessions([
        session(
          '2014-03-03',
          Array.from({ length: 1_380 }, (_, index) => minute(index)),
          '1m',
        ),
      ]);
      expect((await history.window({ ...request, timeframe: '1m', lookback: 1_380 }, at(24))).length).toBe(1_380);
    });

    test('puts the gaps of the slice log into its windows', async () => {
      const { history, sliceLog } = await make();
      const gap = { fromMs: at(3), toMs: at(4), minutes: 60 };
      await sliceLog.putGap({ fromMs: at(-9), toMs: at(-8), minutes: 60 });
      await sliceLog.putGap(gap);
      await history.write([barAt(1), barAt(2), barAt(5)], at(5));
      expect((await history.window(request, at(5))).gaps).toEqual([gap]);
      expect((await history.window(request, at(2))).gaps).toEqual([]);
    });
  });
}
