import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { MinuteBar } from '#core/market/bar.ts';
import { inSessionMinutes } from '#core/market/buckets.ts';
import { MINUTE_MS } from '#core/market/timeframe.ts';
import { tradeDateOpenMs } from '#core/market/trade-date.ts';
import { calendar, covered, minuteBar, short, sliceAt, sliceUp, unknown, utc } from './feed-events.ts';

// Two whole sessions of ES: each trades from 23:00 to 21:15 and from 21:30 to 22:15 UTC of the trade date.
const WEDNESDAY: [string, string] = ['2014-03-04T23:00', '2014-03-05T23:00'];
const THURSDAY: [string, string] = ['2014-03-05T23:00', '2014-03-06T23:00'];
const EQUITY = ['equity-index'] as const;

describe('slices', () => {
  test('are one for each minute in session, with or without bars, and none for closed time', () => {
    const { slices } = sliceUp(covered(EQUITY, WEDNESDAY, [minuteBar('ESH2014', '2014-03-05T15:00')]));
    expect(slices).toHaveLength(inSessionMinutes(calendar, 'equity-index', utc(WEDNESDAY[0]), utc(WEDNESDAY[1])));
    expect(slices.filter(({ bars }) => bars.length > 0).map(({ closeTimeMs }) => closeTimeMs)).toEqual(
      ['2014-03-05T15:01', '2014-03-05T15:15', '2014-03-05T16:00', '2014-03-05T22:15'].map(utc),
    );
  });

  test('form a chain that steps over the halt and the night', () => {
    const { slices } = sliceUp([...covered(EQUITY, WEDNESDAY), ...covered(EQUITY, THURSDAY)]);
    expect(slices[0]?.previousCloseTimeMs).toBeNull();
    slices.slice(1).forEach((slice, index) => {
      expect(slice.previousCloseTimeMs).toBe(slices[index]?.closeTimeMs);
    });
    expect(sliceAt(slices, '2014-03-05T21:31').previousCloseTimeMs).toBe(utc('2014-03-05T21:15'));
    expect(sliceAt(slices, '2014-03-05T23:01').previousCloseTimeMs).toBe(utc('2014-03-05T22:15'));
  });

  test('bring every timeframe at its own close, shortened by the halt and by the end of the session', () => {
    const bars = ['2014-03-05T21:05', '2014-03-05T21:40', '2014-03-05T22:14'].map((at, index) =>
      minuteBar('ESH2014', at, { price: 100 + index, range: 1 }),
    );
    const { slices } = sliceUp(covered(EQUITY, WEDNESDAY, bars));
    const barsAt = (close: string) => sliceAt(slices, close).bars.map(short);
    expect(barsAt('2014-03-05T21:15')).toEqual(['15m 03-05T21:15 100/101/99/100 v1 r0 presumed']);
    expect(barsAt('2014-03-05T21:45')).toEqual(['15m 03-05T21:45 101/102/100/101 v1 r0 presumed']);
    expect(barsAt('2014-03-05T22:00')).toEqual(['1h 03-05T22:00 100/102/99/101 v2 r0 presumed']);
    expect(barsAt('2014-03-05T22:15')).toEqual([
      '1m 03-05T22:15 102/103/101/102 v1 r0 presumed',
      '15m 03-05T22:15 102/103/101/102 v1 r0 presumed',
      '1h 03-05T22:15 102/103/101/102 v1 r0 presumed',
      'session 03-05T22:15 100/103/99/102 v3 r0 presumed',
    ]);
  });

  test('list bars by root of the universe, then expiry, then timeframe, however the feed ordered them', () => {
    const bars = ['NQH2014', 'ESM2014', 'ESH2014'].map((contract) => minuteBar(contract, '2014-03-05T15:14'));
    const { slices } = sliceUp(covered(EQUITY, WEDNESDAY, bars), { universe: ['ES', 'NQ'] });
    expect(
      sliceAt(slices, '2014-03-05T15:15').bars.map(({ contract, timeframe }) => `${contract} ${timeframe}`),
    ).toEqual(['ESH2014 1m', 'ESH2014 15m', 'ESM2014 1m', 'ESM2014 15m', 'NQH2014 1m', 'NQH2014 15m']);
  });

  test('carry on for one group while another is closed, with the leads of the open one only', () => {
    const bars = ['ESH2014', '6EH2014'].map((contract) => minuteBar(contract, '2014-03-05T15:00', { volume: 9 }));
    const groups = ['equity-index', 'fx'] as const;
    const { slices } = sliceUp([...covered(groups, WEDNESDAY, bars), ...covered(groups, THURSDAY)], {
      universe: ['ES', '6E'],
    });
    expect(sliceAt(slices, '2014-03-06T21:20').leads).toEqual({ '6E': '6EH2014' });
    expect(sliceAt(slices, '2014-03-06T21:40').leads).toEqual({ ES: 'ESH2014', '6E': '6EH2014' });
    expect(sliceAt(slices, '2014-03-06T22:10').leads).toEqual({ ES: 'ESH2014' });
  });
});

describe('a print on the closing minute', () => {
  test('before a halt revises what had closed, at the first slice after the halt, and is part of the open hour', () => {
    const bars = [
      minuteBar('ESH2014', '2014-03-05T21:14', { price: 100, volume: 5 }),
      minuteBar('ESH2014', '2014-03-05T21:15', { price: 102, volume: 2 }),
      minuteBar('ESH2014', '2014-03-05T21:30', { price: 99, volume: 1 }),
    ];
    const { slices } = sliceUp(covered(EQUITY, WEDNESDAY, bars));
    expect(sliceAt(slices, '2014-03-05T21:15').bars.map(short)).toEqual([
      '1m 03-05T21:15 100/100/100/100 v5 r0 presumed',
      '15m 03-05T21:15 100/100/100/100 v5 r0 presumed',
    ]);
    expect(sliceAt(slices, '2014-03-05T21:31').bars.map(short)).toEqual([
      '1m 03-05T21:15 100/102/100/102 v7 r1 presumed',
      '1m 03-05T21:31 99/99/99/99 v1 r0 presumed',
      '15m 03-05T21:15 100/102/100/102 v7 r1 presumed',
    ]);
    expect(sliceAt(slices, '2014-03-05T22:00').bars.map(short)).toEqual([
      '1h 03-05T22:00 100/102/99/99 v8 r0 presumed',
    ]);
  });

  test('at the end of a session revises all four, at the first slice of the next one', () => {
    const bars = [
      minuteBar('ESH2014', '2014-03-05T22:14', { price: 100, volume: 5 }),
      minuteBar('ESH2014', '2014-03-05T22:15', { price: 98, volume: 2 }),
    ];
    const { slices, outputs } = sliceUp([...covered(EQUITY, WEDNESDAY, bars), ...covered(EQUITY, THURSDAY)]);
    const revised = ['1m', '15m', '1h', 'session'].map((name) => `${name} 03-05T22:15 100/100/98/98 v7 r1 presumed`);
    expect(sliceAt(slices, '2014-03-05T23:01').bars.map(short)).toEqual(revised);
    const sessions = outputs.flatMap((output) => output.sessions);
    expect(
      sessions.map(({ tradeDate, timeframe, bars: all }) => [tradeDate, timeframe, all.map((b) => b.knownAtMs)]),
    ).toEqual(
      ['1m', '15m', '1h', 'session'].map((name) => [
        '2014-03-05',
        name,
        [utc('2014-03-05T22:15'), utc('2014-03-05T23:01')],
      ]),
    );
  });

  test('in a minute without a bar is that bar, known late', () => {
    const bars = [minuteBar('ESH2014', '2014-03-05T20:00'), minuteBar('ESH2014', '2014-03-05T21:15', { price: 98 })];
    const { slices } = sliceUp(covered(EQUITY, WEDNESDAY, bars));
    expect(sliceAt(slices, '2014-03-05T21:31').bars.map(short)).toEqual([
      '1m 03-05T21:15 98/98/98/98 v1 r1 presumed',
      '15m 03-05T21:15 98/98/98/98 v1 r1 presumed',
    ]);
    expect(sliceAt(slices, '2014-03-05T22:00').bars.map(short)).toEqual(['1h 03-05T22:00 98/98/98/98 v1 r0 presumed']);
  });

  test('of a closed group waits until that group is in session, not another', () => {
    const bars = [minuteBar('6EH2014', '2014-03-05T21:59'), minuteBar('6EH2014', '2014-03-05T22:00', { price: 98 })];
    const groups = ['equity-index', 'fx'] as const;
    const { slices } = sliceUp([...covered(groups, WEDNESDAY, bars), ...covered(groups, THURSDAY)], {
      universe: ['ES', '6E'],
    });
    expect(
      slices.filter((slice) => slice.bars.some(({ revision }) => revision > 0)).map((slice) => slice.closeTimeMs),
    ).toEqual([utc('2014-03-05T23:01')]);
  });

  test('counts for the lead, and a bar further outside is set aside and counted', () => {
    const bars = [
      minuteBar('ESH2014', '2014-03-05T15:00', { volume: 5 }),
      minuteBar('ESM2014', '2014-03-05T15:00', { volume: 4 }),
      minuteBar('ESM2014', '2014-03-05T22:15', { volume: 2 }),
      minuteBar('ESH2014', '2014-03-05T22:16', { volume: 9 }),
    ];
    const { slices, counts } = sliceUp([...covered(EQUITY, WEDNESDAY, bars), ...covered(EQUITY, THURSDAY)]);
    expect(sliceAt(slices, '2014-03-05T23:01').leads).toEqual({ ES: 'ESM2014' });
    expect(counts).toEqual({ bars: 4, setAside: 1 });
  });
});

describe('a gap', () => {
  const events = [
    ...covered(
      EQUITY,
      ['2014-03-04T23:00', '2014-03-05T15:10'],
      [
        minuteBar('ESH2014', '2014-03-05T14:59', { price: 100 }),
        minuteBar('ESH2014', '2014-03-05T15:05', { price: 101 }),
      ],
    ),
    unknown('2014-03-05T15:10', '2014-03-05T15:50'),
    ...covered(
      EQUITY,
      ['2014-03-05T15:50', '2014-03-05T23:00'],
      [minuteBar('ESH2014', '2014-03-05T15:55', { price: 103 })],
    ),
    ...covered(EQUITY, THURSDAY),
  ];

  test('is one slice stamped with the close of its last missing minute, linked into the chain', () => {
    const { slices } = sliceUp(events);
    const gaps = slices.filter(({ gap }) => gap !== null);
    expect(
      gaps.map(({ closeTimeMs, previousCloseTimeMs, gap, grade }) => ({
        closeTimeMs,
        previousCloseTimeMs,
        gap,
        grade,
      })),
    ).toEqual([
      {
        closeTimeMs: utc('2014-03-05T15:50'),
        previousCloseTimeMs: utc('2014-03-05T15:10'),
        gap: { fromMs: utc('2014-03-05T15:10'), toMs: utc('2014-03-05T15:50'), minutes: 40 },
        grade: 'holed',
      },
    ]);
    expect(sliceAt(slices, '2014-03-05T15:51').previousCloseTimeMs).toBe(utc('2014-03-05T15:50'));
  });

  test('brings the bars that ended inside it, and makes every bar it touches holed', () => {
    const { slices } = sliceUp(events);
    expect(sliceAt(slices, '2014-03-05T15:50').bars.map(short)).toEqual([
      '15m 03-05T15:15 101/101/101/101 v1 r0 holed',
    ]);
    expect(sliceAt(slices, '2014-03-05T16:00').bars.map(short)).toEqual([
      '15m 03-05T16:00 103/103/103/103 v1 r0 holed',
      '1h 03-05T16:00 101/103/101/103 v2 r0 holed',
    ]);
    expect(sliceAt(slices, '2014-03-05T15:00').bars.map(short)).toContain(
      '1h 03-05T15:00 100/100/100/100 v1 r0 presumed',
    );
    expect(sliceAt(slices, '2014-03-05T22:15').bars.map(short)).toEqual([
      'session 03-05T22:15 100/103/100/103 v3 r0 holed',
    ]);
  });

  test('of less than a tenth of the session leaves the next session its lead; a longer one does not', () => {
    const night = (toGap: string) => [
      ...covered(EQUITY, ['2014-03-04T23:00', '2014-03-05T10:00'], [minuteBar('ESH2014', '2014-03-05T05:00')]),
      unknown('2014-03-05T10:00', toGap),
      ...covered(EQUITY, [toGap, '2014-03-05T23:00']),
      ...covered(EQUITY, THURSDAY),
    ];
    // 1,380 scheduled minutes.
    expect(sliceAt(sliceUp(night('2014-03-05T12:18')).slices, '2014-03-05T23:01').leads).toEqual({ ES: 'ESH2014' });
    expect(sliceAt(sliceUp(night('2014-03-05T12:19')).slices, '2014-03-05T23:01').leads).toEqual({});
  });

  test('into the next session carries the lead of that session, if the one before was covered', () => {
    const wednesday = covered(EQUITY, WEDNESDAY, [minuteBar('ESH2014', '2014-03-05T15:00')]);
    const toThursday = sliceUp([...wednesday, unknown('2014-03-05T23:00', '2014-03-06T00:00')]);
    expect(toThursday.slices.at(-1)).toMatchObject({ closeTimeMs: utc('2014-03-06T00:00'), leads: { ES: 'ESH2014' } });
    expect(toThursday.outputs.at(-1)?.sessions).toHaveLength(4);
    const toFriday = sliceUp([...wednesday, unknown('2014-03-05T23:00', '2014-03-07T00:00')]);
    expect(toFriday.slices.at(-1)).toMatchObject({ closeTimeMs: utc('2014-03-07T00:00'), leads: {} });
  });

  test('over closed time is no gap, and its stamp is the last minute that was in session', () => {
    const wednesday = covered(EQUITY, ['2014-03-04T23:00', '2014-03-05T22:00']);
    const { slices } = sliceUp([
      ...wednesday,
      unknown('2014-03-05T22:00', '2014-03-05T22:40'),
      unknown('2014-03-05T22:40', '2014-03-05T23:00'),
    ]);
    expect(slices.at(-1)).toMatchObject({
      closeTimeMs: utc('2014-03-05T22:15'),
      gap: { minutes: 15, toMs: utc('2014-03-05T22:15') },
    });
  });

  test('that swallows the rest of the session keeps the print on its closing minute', () => {
    const { slices } = sliceUp([
      ...covered(
        EQUITY,
        ['2014-03-04T23:00', '2014-03-05T20:50'],
        [minuteBar('ESH2014', '2014-03-05T20:49', { price: 100 })],
      ),
      { kind: 'bar', bar: minuteBar('ESH2014', '2014-03-05T21:15', { price: 90 }) },
      unknown('2014-03-05T20:50', '2014-03-05T21:50'),
      ...covered(EQUITY, ['2014-03-05T21:50', '2014-03-05T23:00']),
    ]);
    expect(sliceAt(slices, '2014-03-05T21:50').bars.map(short)).toEqual([
      '1m 03-05T21:15 90/90/90/90 v1 r1 holed',
      '15m 03-05T21:00 100/100/100/100 v1 r0 holed',
      '15m 03-05T21:15 90/90/90/90 v1 r1 holed',
      '1h 03-05T21:00 100/100/100/100 v1 r0 holed',
    ]);
    expect(sliceAt(slices, '2014-03-05T22:00').bars.map(short)).toEqual(['1h 03-05T22:00 90/90/90/90 v1 r0 holed']);
    expect(sliceAt(slices, '2014-03-05T22:15').bars.map(short)).toEqual([
      'session 03-05T22:15 100/100/90/90 v2 r0 holed',
    ]);
  });
});

describe('history', () => {
  const historyUntil = (tradeDate: string, universe: readonly string[] = ['ES']) => {
    const openMs = tradeDateOpenMs(calendar, universe, tradeDate);
    return (closeTimeMs: number) => closeTimeMs <= openMs;
  };
  const events = [
    ...covered(EQUITY, ['2014-03-04T23:00', '2014-03-05T10:00'], [minuteBar('ESH2014', '2014-03-05T05:00')]),
    unknown('2014-03-05T10:00', '2014-03-05T11:00'),
    ...covered(EQUITY, ['2014-03-05T11:00', '2014-03-05T23:00'], [minuteBar('ESH2014', '2014-03-05T22:15')]),
    ...covered(EQUITY, THURSDAY, [minuteBar('ESH2014', '2014-03-05T23:00')]),
  ];

  test('is not announced, but its sessions and gaps are handed out, and the first slice has its lead', () => {
    const { slices, outputs } = sliceUp(events, { isHistory: historyUntil('2014-03-06') });
    expect(slices[0]).toMatchObject({
      closeTimeMs: utc('2014-03-05T23:01'),
      previousCloseTimeMs: null,
      leads: { ES: 'ESH2014' },
    });
    expect(outputs.flatMap(({ gap }) => gap ?? [])).toEqual([
      { fromMs: utc('2014-03-05T10:00'), toMs: utc('2014-03-05T11:00'), minutes: 60 },
    ]);
    const sessions = outputs.flatMap((output) => output.sessions);
    expect(sessions.map(({ tradeDate, timeframe }) => `${tradeDate} ${timeframe}`)).toEqual(
      ['1m', '15m', '1h', 'session'].map((timeframe) => `2014-03-05 ${timeframe}`),
    );
  });

  test('of a group that opens later is handed out with the first slice of the others', () => {
    const groups = ['equity-index', 'grains'] as const;
    const bars = [minuteBar('ESH2014', '2014-03-05T15:00'), minuteBar('ZCH2014', '2014-03-05T15:00')];
    const { outputs } = sliceUp(
      [...covered(groups, WEDNESDAY, bars), ...covered(groups, ['2014-03-05T23:00', '2014-03-05T23:01'])],
      {
        universe: ['ES', 'ZC'],
        isHistory: historyUntil('2014-03-06', ['ES', 'ZC']),
      },
    );
    expect(outputs.at(-1)?.slice?.closeTimeMs).toBe(utc('2014-03-05T23:01'));
    expect(new Set(outputs.at(-1)?.sessions.map(({ contract }) => contract))).toEqual(new Set(['ESH2014', 'ZCH2014']));
  });

  test('tells the same of every bar as if it had been announced', () => {
    const announced = sliceUp(events);
    const history = sliceUp(events, { isHistory: historyUntil('2014-03-06') });
    expect(history.outputs.flatMap(({ sessions }) => sessions)).toEqual(
      announced.outputs.flatMap(({ sessions }) => sessions),
    );
    const [first, ...later] = history.slices;
    expect(later).toEqual(announced.slices.slice(-later.length));
    expect({ ...first, previousCloseTimeMs: utc('2014-03-05T22:15') }).toEqual(announced.slices.at(-later.length - 1));
  });

  test('at its end holds the sessions that are over, and not the one in progress', () => {
    const over = sliceUp(covered(EQUITY, WEDNESDAY, [minuteBar('ESH2014', '2014-03-05T15:00')]));
    expect(over.end.map(({ timeframe }) => timeframe)).toEqual(['1m', '15m', '1h', 'session']);
    const open = sliceUp(
      covered(EQUITY, ['2014-03-04T23:00', '2014-03-05T22:14'], [minuteBar('ESH2014', '2014-03-05T15:00')]),
    );
    expect(open.end).toEqual([]);
  });
});

describe('a feed that breaks its promise is refused', () => {
  const wednesday = covered(EQUITY, ['2014-03-04T23:00', '2014-03-05T00:00']);

  test('when it goes back in time', () => {
    expect(() => sliceUp([...wednesday, ...wednesday])).toThrow(/went back .* 2014-03-04T23:01/);
  });

  test('when it skips session time without a gap', () => {
    expect(() => sliceUp([...wednesday, ...covered(EQUITY, ['2014-03-05T00:05', '2014-03-05T00:06'])])).toThrow(
      /skipped session time .* 2014-03-05T00:00:00.000Z to 2014-03-05T00:05/,
    );
  });

  test('when a bar comes twice, late, in no minute, or of a foreign root', () => {
    const bar = (open: string | number, contract = 'ESH2014') =>
      ({ kind: 'bar', bar: minuteBar(contract, open) }) as const;
    expect(() => sliceUp([bar('2014-03-05T00:00'), bar('2014-03-05T00:00')])).toThrow(
      /ESH2014 at 2014-03-05T00:00.* twice/,
    );
    expect(() => sliceUp([...wednesday, bar('2014-03-04T23:59')])).toThrow(
      /ESH2014 at 2014-03-04T23:59.* after its minute/,
    );
    expect(() => sliceUp([bar(utc('2014-03-05T00:00') + 1)])).toThrow(/start of a minute/);
    expect(() => sliceUp([bar('2014-03-05T00:00', 'NQH2014')])).toThrow(
      /NQH2014, whose root is not in the universe ES/,
    );
    expect(() => sliceUp([bar('2014-03-05T00:00'), unknown('2014-03-05T00:01', '2014-03-05T00:02')])).toThrow(
      /never closed/,
    );
  });
});

describe('for any bars', () => {
  const contracts = ['ESH2014', 'ESM2014'];
  const startMs = utc('2014-03-05T19:00');
  // Minutes from two hours before the halt to an hour into the next session, closing minutes and closed time included.
  const barsOf = fc
    .uniqueArray(
      fc.record({
        minute: fc.nat(299),
        contract: fc.constantFrom(...contracts),
        price: fc.integer({ min: -5, max: 5 }),
        volume: fc.nat(9),
      }),
      {
        selector: ({ minute, contract }) => `${minute} ${contract}`,
        maxLength: 80,
      },
    )
    .map((drawn) =>
      drawn.map(
        ({ minute, contract, price, volume }): MinuteBar =>
          minuteBar(contract, startMs + minute * MINUTE_MS, { price, volume, range: 1 }),
      ),
    );
  const feedOf = (bars: readonly MinuteBar[]) =>
    covered(
      EQUITY,
      ['2014-03-05T19:00', '2014-03-06T00:00'],
      bars.toSorted((a, b) => a.openTimeMs - b.openTimeMs),
    );

  test('no slice depends on what comes after it', () => {
    fc.assert(
      fc.property(barsOf, barsOf, fc.nat(299), (before, after, minutes) => {
        const cutMs = startMs + minutes * MINUTE_MS;
        const changed = [
          ...before.filter(({ openTimeMs }) => openTimeMs < cutMs),
          ...after.filter(({ openTimeMs }) => openTimeMs >= cutMs),
        ];
        const upTo = (bars: readonly MinuteBar[]) =>
          sliceUp(feedOf(bars)).slices.filter(({ closeTimeMs }) => closeTimeMs <= cutMs);
        expect(upTo(changed)).toEqual(upTo(before));
      }),
      { numRuns: 30 },
    );
  });

  test('the newest revision of every bar holds exactly the volume of its minutes, closing prints included', () => {
    fc.assert(
      fc.property(barsOf, (bars) => {
        const { slices, counts } = sliceUp(feedOf(bars));
        const newest = new Map(
          slices.flatMap((slice) =>
            slice.bars.map((bar) => [`${bar.contract} ${bar.timeframe} ${bar.closeTimeMs}`, bar]),
          ),
        );
        const minutes = [...newest.values()].filter(({ timeframe }) => timeframe === '1m');
        for (const bar of newest.values()) {
          const inside = minutes.filter(
            ({ contract, closeTimeMs }) =>
              contract === bar.contract && closeTimeMs > bar.openTimeMs && closeTimeMs <= bar.closeTimeMs,
          );
          expect(inside.reduce((sum, { volume }) => sum + volume, 0)).toBe(bar.volume);
          expect(bar).toMatchObject({ open: inside[0]?.open, close: inside.at(-1)?.close });
          expect(bar.high).toBe(Math.max(...inside.map(({ high }) => high)));
          expect(bar.low).toBe(Math.min(...inside.map(({ low }) => low)));
        }
        expect(counts.bars).toBe(bars.length);
      }),
      { numRuns: 50 },
    );
  });
});
