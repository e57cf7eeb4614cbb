import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LiveMinutes, type LiveSign, type SetAsideBar } from '#adapters/databento/live-minutes.ts';
import { generatorFeed } from '#adapters/generator/generator-feed.ts';
import type { FeedEvent } from '#core/market/feed.ts';
import { makeFeedOrder } from '#core/market/feed-order.ts';
import { minutePlace } from '#core/market/session-spans.ts';
import { MINUTE_MS } from '#core/market/timeframe.ts';
import { calendar, minuteBar, utc } from '../../core/market/feed-events.ts';
import { collected } from '../collected.ts';

// ES trades from 23:00 to 21:15 and from 21:30 to 22:15 UTC of the trade date.
const OPEN = '2014-03-04T23:00';

const bar = (at: string, contract = 'ESH2014'): LiveSign => ({ kind: 'bar', bar: minuteBar(contract, at) });
const marker = (at: string): LiveSign => ({ kind: 'marker', closeTimeMs: utc(at) });
const clock = (at: string): LiveSign => ({ kind: 'clock', timeMs: utc(at) });
const lost = (from: string, to: string): LiveSign => ({ kind: 'lost', fromMs: utc(from), toMs: utc(to) });

/** What ES events make of signs from the opening of the session on, in short. */
function told(signs: readonly LiveSign[], from = OPEN): string[] {
  const minutes = new LiveMinutes({ calendar, universe: ['ES'], fromMs: utc(from) });
  return signs.flatMap((sign) => minutes.take(sign)).map(short);
}

const time = (ms: number): string => new Date(ms).toISOString().slice(11, 16);

function short(event: FeedEvent | SetAsideBar): string {
  if (event.kind === 'bar') return `bar ${time(event.bar.openTimeMs)} ${event.bar.contract}`;
  if (event.kind === 'set-aside') return `${event.reason} ${time(event.bar.openTimeMs)} ${event.bar.contract}`;
  return event.kind === 'gap'
    ? `gap ${time(event.fromMs)} ${time(event.toMs)}`
    : `${event.grade} ${time(event.closeTimeMs)}`;
}

describe('a marker', () => {
  test('proves its minute, with bars and without', () => {
    expect(told([bar('2014-03-04T23:00'), marker('2014-03-04T23:01'), marker('2014-03-04T23:02')])).toEqual([
      'bar 23:00 ESH2014',
      'proved 23:01',
      'proved 23:02',
    ]);
  });

  test('that comes again, or for what was told before, says nothing new', () => {
    const once = marker('2014-03-04T23:01');
    expect(told([marker(OPEN), once, once, marker('2014-03-04T22:30')])).toEqual(['proved 23:01']);
  });

  test('outside every session proves nothing, and the next session follows without a gap', () => {
    const signs = ['22:14', '22:15', '22:16', '22:30', '23:00', '23:01'].map((at) => marker(`2014-03-05T${at}`));
    expect(told(signs, '2014-03-05T22:13')).toEqual(['proved 22:14', 'proved 22:15', 'proved 23:01']);
  });

  test('that is missing makes a hole of a minute without bars, and a presumption of one with bars', () => {
    const signs = [marker('2014-03-04T23:01'), bar('2014-03-04T23:03'), marker('2014-03-04T23:06')];
    expect(told(signs)).toEqual([
      'proved 23:01',
      'gap 23:01 23:03',
      'bar 23:03 ESH2014',
      'presumed 23:04',
      'gap 23:04 23:05',
      'proved 23:06',
    ]);
  });

  test('does not prove a minute of which a bar could not be used', () => {
    const unusable: LiveSign = { kind: 'unusable', openTimeMs: utc('2014-03-04T23:00') };
    expect(told([bar('2014-03-04T23:00'), unusable, marker('2014-03-04T23:01'), marker('2014-03-04T23:02')])).toEqual([
      'bar 23:00 ESH2014',
      'presumed 23:01',
      'proved 23:02',
    ]);
  });

  test('makes one gap of a hole across closed time', () => {
    expect(told([marker('2014-03-05T21:10'), marker('2014-03-05T23:05')], '2014-03-05T21:09')).toEqual([
      'proved 21:10',
      'gap 21:10 23:04',
      'proved 23:05',
    ]);
  });
});

describe('a bar', () => {
  test('on the closing minute comes before the next session is told of', () => {
    const signs = [marker('2014-03-05T22:15'), bar('2014-03-05T22:15'), marker('2014-03-05T22:16')];
    expect(told([...signs, marker('2014-03-05T23:01')], '2014-03-05T22:14')).toEqual([
      'proved 22:15',
      'bar 22:15 ESH2014',
      'proved 23:01',
    ]);
  });

  test('after its minute was told is set aside, not lost', () => {
    expect(told([marker('2014-03-04T23:01'), bar('2014-03-04T23:00')])).toEqual(['proved 23:01', 'late 23:00 ESH2014']);
  });

  test('that comes twice is told once', () => {
    const twice = bar('2014-03-04T23:00');
    expect(told([twice, bar('2014-03-04T23:00', 'ESM2014'), twice, marker('2014-03-04T23:01')])).toEqual([
      'bar 23:00 ESH2014',
      'bar 23:00 ESM2014',
      'proved 23:01',
    ]);
  });
});

describe('without a marker', () => {
  test('a minute with bars is presumed when the clock of the gateway is three seconds beyond it, not before', () => {
    const signs = [bar('2014-03-04T23:00'), clock('2014-03-04T23:01:02.999')];
    expect(told(signs)).toEqual([]);
    expect(told([...signs, clock('2014-03-04T23:01:03')])).toEqual(['bar 23:00 ESH2014', 'presumed 23:01']);
    expect(told([...signs, bar('2014-03-04T23:01')])).toEqual(['bar 23:00 ESH2014', 'presumed 23:01']);
  });

  test('a gateway that has sent one before leaves a hole where it is silent, heartbeats or not', () => {
    const signs = [marker('2014-03-04T23:01'), clock('2014-03-04T23:05'), marker('2014-03-04T23:07')];
    expect(told(signs)).toEqual(['proved 23:01', 'gap 23:01 23:06', 'proved 23:07']);
  });

  test('a gateway that never sends any is believed that an empty minute is empty', () => {
    const signs = [bar('2014-03-04T23:01'), clock('2014-03-04T23:02:30'), clock('2014-03-04T23:04:10')];
    expect(told(signs)).toEqual([
      'gap 23:00 23:01',
      'bar 23:01 ESH2014',
      'presumed 23:02',
      'presumed 23:03',
      'presumed 23:04',
    ]);
  });
});

describe('what is lost', () => {
  test('is a hole even where a bar or a marker came', () => {
    const signs = [
      marker('2014-03-04T23:01'),
      bar('2014-03-04T23:01'),
      lost('2014-03-04T23:01', '2014-03-04T23:03'),
      bar('2014-03-04T23:03'),
      marker('2014-03-04T23:04'),
    ];
    expect(told(signs)).toEqual([
      'proved 23:01',
      'lost 23:01 ESH2014',
      'gap 23:01 23:03',
      'bar 23:03 ESH2014',
      'proved 23:04',
    ]);
  });

  test('up to the middle of a minute is that minute too, unless bars of it come', () => {
    const loss = lost('2014-03-04T23:00:10', '2014-03-04T23:02:20');
    const rest = [marker('2014-03-04T23:03'), marker('2014-03-04T23:04')];
    expect(told([loss, ...rest])).toEqual(['gap 23:00 23:03', 'proved 23:04']);
    expect(told([loss, bar('2014-03-04T23:02'), ...rest])).toEqual([
      'gap 23:00 23:02',
      'bar 23:02 ESH2014',
      'proved 23:03',
      'proved 23:04',
    ]);
  });

  test('in closed time is no hole', () => {
    const signs = [
      marker('2014-03-05T22:15'),
      lost('2014-03-05T22:15', '2014-03-05T22:59'),
      marker('2014-03-05T23:01'),
    ];
    expect(told(signs, '2014-03-05T22:14')).toEqual(['proved 22:15', 'proved 23:01']);
  });
});

describe('the end of a source', () => {
  test('tells of the hole it ends with', () => {
    const end: LiveSign = { kind: 'end', closeTimeMs: utc('2014-03-05T22:15') };
    expect(told([marker('2014-03-04T23:01'), bar('2014-03-04T23:01'), end])).toEqual([
      'proved 23:01',
      'bar 23:01 ESH2014',
      'presumed 23:02',
      'gap 23:02 22:15',
    ]);
    expect(told([marker('2014-03-05T22:15'), end], '2014-03-05T22:14')).toEqual(['proved 22:15']);
  });
});

describe('whatever a session says', async () => {
  const universe = ['ES', '6E', 'ZC'];
  const generated = generatorFeed({ seed: 3, universe, firstTradeDate: '2014-03-05', sessions: 2, calendar });
  const direct = await collected(generated.events());
  const fromMs = utc(OPEN);
  const signs = direct.map((event): LiveSign => {
    if (event.kind === 'closed') return { kind: 'marker', closeTimeMs: event.closeTimeMs };
    return event.kind === 'bar' ? { kind: 'bar', bar: event.bar } : { kind: 'clock', timeMs: event.toMs };
  });
  const tell = (all: readonly LiveSign[]) => {
    const minutes = new LiveMinutes({ calendar, universe, fromMs });
    return all.flatMap((sign) => minutes.take(sign));
  };

  test('with all its markers it is the feed that the gateway was fed with, proved', () => {
    const proved = direct.map((event) => (event.kind === 'closed' ? { ...event, grade: 'proved' as const } : event));
    expect(tell(signs)).toEqual(proved);
  });

  test('every minute is told once and in order, and every bar once or set aside', () => {
    const last = direct.at(-1) as Extract<FeedEvent, { kind: 'closed' }>;
    const end: LiveSign = { kind: 'end', closeTimeMs: last.closeTimeMs };
    const fault = fc.record({ at: fc.nat(signs.length - 1), kind: fc.constantFrom('drop', 'repeat', 'late', 'lost') });
    fc.assert(
      fc.property(fc.array(fault, { maxLength: 60 }), fc.boolean(), (faults, hasMarkers) => {
        const spoilt = spoil(signs, faults).filter(({ kind }) => hasMarkers || kind !== 'marker');
        const events = tell([...spoilt, end]);
        expectInOrder(events);
        const sent = spoilt.flatMap((sign) => (sign.kind === 'bar' ? sign.bar : []));
        const names = ({ contract, openTimeMs }: { contract: string; openTimeMs: number }) =>
          `${contract} ${openTimeMs}`;
        const came = events.flatMap((event) => (event.kind === 'bar' || event.kind === 'set-aside' ? event.bar : []));
        expect(new Set(came.map(names))).toEqual(new Set(sent.map(names)));
        const used = events.flatMap((event) => (event.kind === 'bar' ? names(event.bar) : []));
        expect(new Set(used).size).toBe(used.length);
        const proved = events.flatMap((event) =>
          event.kind === 'closed' && event.grade === 'proved' ? event.closeTimeMs : [],
        );
        const marked = new Set(spoilt.flatMap((sign) => (sign.kind === 'marker' ? sign.closeTimeMs : [])));
        expect(proved.filter((closeTimeMs) => !marked.has(closeTimeMs))).toEqual([]);
      }),
      { numRuns: 30 },
    );
  });

  /** The rules of a feed, by the code that holds every feed to them. */
  function expectInOrder(events: readonly (FeedEvent | SetAsideBar)[]): void {
    const order = makeFeedOrder({ source: 'live', calendar, groups: ['equity-index', 'fx', 'grains'] });
    for (const event of events) {
      if (event.kind === 'closed') order.closeMinute(event.closeTimeMs);
      if (event.kind === 'gap') order.passGap(event);
      if (event.kind !== 'bar') continue;
      order.check(event.bar);
      const group = { ES: 'equity-index', '6E': 'fx', ZC: 'grains' } as const;
      const place = minutePlace(calendar, group[event.bar.root as keyof typeof group], event.bar.openTimeMs);
      if (place === 'in-session') order.keep(event.bar);
    }
  }
});

/** Signs with faults: one left out, one repeated, one that comes 500 signs later, ten minutes lost before one. */
function spoil(signs: readonly LiveSign[], faults: readonly { at: number; kind: string }[]): LiveSign[] {
  const spoilt: (readonly LiveSign[])[] = signs.map((sign) => [sign]);
  for (const { at, kind } of faults) {
    const sign = signs[at]!;
    if (kind === 'drop') spoilt[at] = [];
    if (kind === 'repeat') spoilt[at] = [sign, sign];
    if (kind === 'late')
      [spoilt[at], spoilt[Math.min(at + 500, signs.length - 1)]] = [
        [],
        [signs[Math.min(at + 500, signs.length - 1)]!, sign],
      ];
    if (kind === 'lost') {
      const timeMs = sign.kind === 'bar' ? sign.bar.openTimeMs : sign.kind === 'marker' ? sign.closeTimeMs : 0;
      spoilt[at] = [{ kind: 'lost', fromMs: timeMs - 10 * MINUTE_MS, toMs: timeMs + (at % 2) }, sign];
    }
  }
  return spoilt.flat();
}
