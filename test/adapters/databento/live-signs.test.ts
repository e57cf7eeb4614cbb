import { describe, expect, test } from 'vitest';
import { rtypes, systemCodes, UNDEF_PRICE } from '#adapters/databento/dbn/enums.ts';
import type { DbnRecord } from '#adapters/databento/dbn/record.ts';
import type { LiveEvent } from '#adapters/databento/live/live-event.ts';
import type { LiveSign } from '#adapters/databento/live-minutes.ts';
import { LiveSigns } from '#adapters/databento/live-signs.ts';
import { utc } from '../../core/market/feed-events.ts';

const NS_PER_MS = 1_000_000n;
const [ES, SPREAD] = [11, 12];
const head = { length: 0, publisher_id: 0, instrument_id: 0 };

const of = (record: DbnRecord): LiveEvent => ({ kind: 'record', record });
const ns = (at: string): bigint => BigInt(utc(at)) * NS_PER_MS;

function bar(at: string, instrument_id = ES, prices: Partial<Record<'open' | 'high' | 'low' | 'close', bigint>> = {}) {
  const price = 100_250_000_000n;
  return of({
    ...{ layout: 'ohlcv', ...head, publisher_id: 1, instrument_id, rtype: rtypes['ohlcv-1m'], ts_event: ns(at) },
    ...{ open: price, high: price, low: price, close: price, volume: 7n, ...prices },
  });
}

function mapping(instrument_id: number, stype_out_symbol: string) {
  return of({
    ...{ layout: 'symmap_v2', ...head, instrument_id, rtype: rtypes['symbol-mapping'], ts_event: 0n },
    ...{ stype_in: 4, stype_in_symbol: 'ES.FUT', stype_out: 1, stype_out_symbol, start_ts: 0n, end_ts: 0n },
  });
}

function message(code: keyof typeof systemCodes, at: string, msg = '') {
  const known = { layout: 'system_v2', ...head, rtype: rtypes.system } as const;
  return of({ ...known, ts_event: ns(at), msg, code: systemCodes[code] });
}

const marker = (at: string, schema = 'ohlcv-1m') => message('endOfInterval', at, `End of interval for ${schema}`);
const connected = { kind: 'connected', sessionId: '1', gatewayVersion: '', metadata: {} } as unknown as LiveEvent;
const replayed: LiveEvent = { kind: 'replay-completed', schema: 'ohlcv-1m', message: '' };

/** The signs in some events, and what was complained about. */
function read(events: readonly LiveEvent[], universe = ['ES']) {
  const faults: string[] = [];
  const signs = new LiveSigns(universe, (reason) => faults.push(reason));
  const told = [connected, ...events].flatMap((event) => signs.take(event)).map(short);
  return { told, faults, unused: signs.unused, isLive: signs.isLive };
}

function short(sign: LiveSign): string {
  if (sign.kind === 'bar')
    return `bar ${time(sign.bar.openTimeMs)} ${sign.bar.contract} ${sign.bar.close} v${sign.bar.volume}`;
  if (sign.kind === 'unusable') return `unusable ${time(sign.openTimeMs)}`;
  if (sign.kind === 'lost') return `lost ${time(sign.fromMs)} ${time(sign.toMs)}`;
  return `${sign.kind} ${time(sign.kind === 'clock' ? sign.timeMs : sign.closeTimeMs)}`;
}

const time = (ms: number): string => new Date(ms).toISOString().slice(11, 19);

describe('a bar', () => {
  test('is named by the mapping of its instrument, its short year by the date of the record', () => {
    const { told } = read([mapping(ES, 'ESZ3'), bar('2013-10-07T14:00'), bar('2024-02-01T14:00')]);
    expect(told).toEqual(['bar 14:00:00 ESZ2013 100.25 v7', 'bar 14:00:00 ESZ2033 100.25 v7']);
  });

  test('has the prices to the last bit, negative ones and zero too', () => {
    const prices = { open: -1_000_000n, high: 0n, low: -37_630_000_000n, close: -500_000n };
    const signs = new LiveSigns(['CL'], () => undefined);
    const told = [mapping(ES, 'CLK0'), bar('2020-04-20T18:00', ES, prices)].flatMap((event) => signs.take(event));
    expect(told).toMatchObject([{ bar: { contract: 'CLK2020', open: -0.001, high: 0, low: -37.63, close: -0.0005 } }]);
  });

  test('of a spread or of another root is counted and not told', () => {
    const { told, unused } = read([
      ...[mapping(SPREAD, 'ESZ3-ESH4'), bar('2013-10-07T14:00', SPREAD)],
      ...[mapping(ES, 'NQZ3'), bar('2013-10-07T14:00'), mapping(ES, 'ZZZ3'), bar('2013-10-07T14:01')],
    ]);
    expect(told).toEqual([]);
    expect(unused.notOutrights).toBe(3);
  });

  test('of another cadence is none', () => {
    const event = bar('2013-10-07T14:00') as Extract<LiveEvent, { kind: 'record' }>;
    const hourly = of({ ...event.record, rtype: rtypes['ohlcv-1h'] } as DbnRecord);
    expect(read([mapping(ES, 'ESZ3'), hourly]).told).toEqual([]);
  });

  test.each([
    ['without a price', { close: UNDEF_PRICE }, /not a number/],
    ['with a price too large to be exact', { high: 2n ** 60n }, /not a number/],
    ['with its high below its low', { high: 1n }, /high below its low/],
  ])('%s leaves its minute unproved, with the reason', (_case, prices, reason) => {
    const { told, faults, unused } = read([mapping(ES, 'ESZ3'), bar('2013-10-07T14:00', ES, prices)]);
    expect(told).toEqual(['unusable 14:00:00']);
    expect(faults).toEqual([expect.stringMatching(reason)]);
    expect(unused.faulty).toBe(1);
  });

  test('before its mapping waits for it, and until then its minute is not proved', () => {
    const { told, unused } = read([
      ...[bar('2013-10-07T14:00'), marker('2013-10-07T14:01')],
      ...[mapping(ES, 'ESZ3'), marker('2013-10-07T14:02')],
    ]);
    expect(told).toEqual(['unusable 14:00:00', 'marker 14:01:00', 'bar 14:00:00 ESZ2013 100.25 v7', 'marker 14:02:00']);
    expect(unused.unnamed).toBe(0);
  });

  test('that waits when a session ends is named by the next one, whose ids are its own', () => {
    const first = [mapping(SPREAD, 'ESZ3'), bar('2013-10-07T14:00')];
    const second = [connected, bar('2013-10-07T14:01', SPREAD), mapping(ES, 'ESZ3'), mapping(SPREAD, 'ESZ3-ESH4')];
    const { told, unused } = read([...first, ...second]);
    expect(told).toEqual(['bar 14:00:00 ESZ2013 100.25 v7']);
    expect(unused).toMatchObject({ notOutrights: 1, unnamed: 0 });
  });
});

describe('what the gateway says of itself', () => {
  test('is a marker only for the minutes of bars', () => {
    expect(read([marker('2013-10-07T14:01'), marker('2013-10-07T14:02', 'ohlcv-1h')]).told).toEqual([
      'marker 14:01:00',
    ]);
  });

  test('is its clock by heartbeats, but not while it replays', () => {
    const beat = message('heartbeat', '2013-10-07T14:00:40', 'Heartbeat');
    expect(read([beat, replayed, beat, connected, beat]).told).toEqual(['clock 14:00:40']);
  });

  test('is that records of bars are lost', () => {
    const gap: LiveEvent = {
      kind: 'gap',
      schema: 'ohlcv-1m',
      fromNs: ns('2013-10-07T14:00:30'),
      toNs: ns('2013-10-07T14:05:20'),
    };
    expect(read([gap, { ...gap, schema: 'trades' }]).told).toEqual(['lost 14:00:30 14:05:20']);
  });
});

describe('the past is over', () => {
  test('when the gateway says so', () => {
    expect(read([marker('2013-10-07T14:01')]).isLive).toBe(false);
    expect(read([replayed]).isLive).toBe(true);
    expect(read([{ ...replayed, schema: 'trades' }]).isLive).toBe(false);
  });

  test('with the first minute that ends after the subscription, when the gateway says nothing', () => {
    const taken = message('subscriptionAck', '2013-10-07T14:00:20');
    expect(read([taken, marker('2013-10-07T14:00')]).isLive).toBe(false);
    expect(read([taken, marker('2013-10-07T14:01')]).isLive).toBe(true);
  });
});
