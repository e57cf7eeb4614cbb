import { describe, expect, test } from 'vitest';
import type { Certificate } from '#core/market/certificate.ts';
import { type Closing, flatLane, type Lane } from '#core/trading/lane.ts';
import type { Trade } from '#core/trading/pnl.ts';
import type { Position } from '#core/trading/position.ts';
import {
  advanceDay,
  certificateRefusal,
  dayPnlUsd,
  type EntryView,
  entryRefusal,
  tradeDateAt,
} from '#core/trading/risk.ts';
import { aLine, aStrategy } from '#test/core/strategy/step-scene.ts';
import { aPosition } from './positions.ts';
import { calendar, chicago } from './slices.ts';

const day = { tradeDate: '2024-11-12', realisedUsd: 0, stopped: false };
const costUsd = 4 * 2.69;
const holding = (changed: Partial<Position> = {}): Lane => ({
  ...flatLane('ES'),
  state: 'OPEN',
  position: aPosition(changed),
});
const leaving = (changed: Partial<Closing> = {}): Lane => {
  const closing = { position: aPosition(), epoch: 1, reason: 'ibs', acceptedAtMs: 1, exitPrice: null, ...changed };
  return { ...flatLane('ES'), closing };
};

describe('the P&L of the trade date', () => {
  const pnlUsd = (...lanes: Lane[]) =>
    dayPnlUsd({ day: { ...day, realisedUsd: 50 }, lanes: Object.fromEntries(lanes.entries()) });

  test('is what was realised, plus every position at its last close after the costs of closing it', () => {
    expect(pnlUsd()).toBe(50);
    expect(pnlUsd(holding({ mark: 101 }))).toBeCloseTo(150 - costUsd, 10);
    expect(pnlUsd(holding({ mark: 101, side: 'short' }))).toBeCloseTo(-50 - costUsd, 10);
    expect(pnlUsd(holding({ mark: 101 }), holding({ mark: 98 }))).toBeCloseTo(-50 - 2 * costUsd, 10);
  });

  test('does not count an entry that no route has accepted', () => {
    expect(pnlUsd(holding({ acceptedAtMs: null, fillPrice: null, mark: 1 }))).toBe(50);
  });

  test('counts an accepted entry at its signal price until it is filled', () => {
    expect(pnlUsd(holding({ fillPrice: null, signalPrice: 104, mark: 103 }))).toBeCloseTo(-50 - costUsd, 10);
  });

  test('counts a position that is left but not priced yet', () => {
    expect(pnlUsd(leaving({ position: aPosition({ mark: 99 }) }))).toBeCloseTo(-50 - costUsd, 10);
    expect(pnlUsd(leaving({ exitPrice: 98 }))).toBeCloseTo(-150 - costUsd, 10);
  });

  test('counts a touched broker stop at the price at which it filled, not at a later close', () => {
    expect(pnlUsd(holding({ brokerExitPrice: 97, mark: 101 }))).toBeCloseTo(-250 - costUsd, 10);
  });
});

describe('a trade day', () => {
  const trade = (tradeDate: string, netUsd: number) => ({ tradeDate, netUsd }) as Trade;

  test('books the trades of its date', () => {
    expect(advanceDay(day, '2024-11-12', [trade('2024-11-12', 40), trade('2024-11-12', -15)]).realisedUsd).toBe(25);
  });

  test('begins at zero and without a daily stop, although no trade closed', () => {
    const stopped = { ...day, realisedUsd: -900, stopped: true };
    expect(advanceDay(stopped, '2024-11-13', [])).toEqual({ tradeDate: '2024-11-13', realisedUsd: 0, stopped: false });
  });

  test('goes on while nothing is in session, and never goes back', () => {
    const stopped = { ...day, realisedUsd: -900, stopped: true };
    expect(advanceDay(stopped, null, [])).toEqual(stopped);
    expect(advanceDay(stopped, '2024-11-11', [])).toEqual(stopped);
  });

  test('takes no trade of another date', () => {
    expect(advanceDay(day, '2024-11-13', [trade('2024-11-12', -400)]).realisedUsd).toBe(0);
  });

  test('is the one of the traded root, whatever hours the signalling root keeps', () => {
    const corn = aStrategy({ lines: [aLine({ root: 'ES', tradedRoot: 'ZC' })] });
    const es = aStrategy({ lines: [aLine()] });
    const evening = chicago('2024-11-12 18:00');
    expect(tradeDateAt(calendar, es, evening)).toBe('2024-11-13');
    expect(tradeDateAt(calendar, corn, evening)).toBeNull();
  });

  test('is the newest one where the roots of a strategy do not agree', () => {
    // Until 2012 the afternoon of the index futures belonged to the next trade date, that of crude oil did not.
    const lines = ['CL', 'ES', 'CL'].map((root) => aLine({ root, tradedRoot: root }));
    expect(tradeDateAt(calendar, aStrategy({ lines }), chicago('2011-03-08 15:45'))).toBe('2011-03-09');
  });

  test('belongs to the minute that ends at the slice', () => {
    const es = aStrategy();
    expect(tradeDateAt(calendar, es, chicago('2024-11-12 16:00'))).toBe('2024-11-12');
    expect(tradeDateAt(calendar, es, chicago('2024-11-12 17:00'))).toBeNull();
    expect(tradeDateAt(calendar, es, chicago('2024-11-12 17:01'))).toBe('2024-11-13');
  });
});

const counts = (changed = {}) => ({ proved: 0, presumed: 0, holed: 0, missing: 0, ...changed });
const certificate = (changed: Partial<Certificate> = {}): Certificate => ({
  root: 'ES',
  contract: 'ESZ2024',
  timeframe: '1h',
  source: 'file',
  signalGrade: 'presumed',
  entryGrade: 'presumed',
  recent: counts({ presumed: 5 }),
  before: counts({ presumed: 100 }),
  ...changed,
});

describe('an entry', () => {
  const closeTimeMs = chicago('2024-11-12 09:00');
  const view = (changed: Partial<EntryView> = {}): EntryView => ({
    strategy: aStrategy(),
    lane: flatLane('ES'),
    mode: 'RUN',
    day,
    closeTimeMs,
    receiptTimeMs: closeTimeMs + 800,
    nextMinuteInSession: true,
    noEntryFromMs: chicago('2024-11-12 14:30'),
    certificate: certificate(),
    ...changed,
  });

  test('has no risk rule against it in quiet times', () => {
    expect(entryRefusal(view())).toBeNull();
  });

  test.each<[string, Partial<EntryView>, RegExp]>([
    ['a draining strategy', { strategy: aStrategy({ state: 'draining' }) }, /^draining/],
    ['mode REDUCE_ONLY', { mode: 'REDUCE_ONLY' }, /^mode REDUCE_ONLY: RUN in both/],
    ['mode FLATTEN', { mode: 'FLATTEN' }, /^mode FLATTEN/],
    ['mode HALT', { mode: 'HALT' }, /^mode HALT/],
    ['a slice that was received too late', { receiptTimeMs: closeTimeMs + 45_001 }, /^stale: received 45001 ms/],
    ['a next minute that is not in session', { nextMinuteInSession: false }, /^closed/],
    ['the minutes before the automatic close', { noEntryFromMs: closeTimeMs }, /^too close/],
    ['the daily stop', { day: { ...day, stopped: true } }, /^daily stop/],
    ['a trade that has no price yet', { lane: leaving() }, /^fill pending/],
    ['the cool-down', { lane: { ...flatLane('ES'), noEntryBeforeMs: closeTimeMs + 1 } }, /^cool-down/],
    ['a window with a hole', { certificate: certificate({ signalGrade: 'holed' }) }, /^certificate/],
  ])('is refused by %s', (_, changed, expected) => {
    expect(entryRefusal(view(changed))).toMatch(expected);
  });

  test('may just be old enough, just early enough, and just after the cool-down', () => {
    expect(entryRefusal(view({ receiptTimeMs: closeTimeMs + 45_000 }))).toBeNull();
    expect(entryRefusal(view({ noEntryFromMs: closeTimeMs + 1 }))).toBeNull();
    expect(entryRefusal(view({ lane: { ...flatLane('ES'), noEntryBeforeMs: closeTimeMs } }))).toBeNull();
  });
});

describe('a certificate', () => {
  const policy = { entryGrade: 'presumed', holesMaxRecent: 0, holesMaxFraction: 0.02 } as const;

  test('of presumed bars without holes is enough in a replay, and not where proof is asked for', () => {
    expect(certificateRefusal(certificate(), policy)).toBeNull();
    expect(certificateRefusal(certificate(), { ...policy, entryGrade: 'proved' })).toContain('signal bar is presumed');
    const proved = certificate({ signalGrade: 'proved' });
    expect(certificateRefusal(proved, { ...policy, entryGrade: 'proved' })).toContain('minute of entry is presumed');
    const both = certificate({ signalGrade: 'proved', entryGrade: 'proved' });
    expect(certificateRefusal(both, { ...policy, entryGrade: 'proved' })).toBeNull();
  });

  test('is refused for a holed signal bar or minute of entry', () => {
    expect(certificateRefusal(certificate({ signalGrade: 'holed' }), policy)).toContain('signal bar is holed');
    expect(certificateRefusal(certificate({ entryGrade: 'holed' }), policy)).toContain('minute of entry is holed');
  });

  test.each(['holed', 'missing'] as const)('counts a bucket that is %s as a hole', (kind) => {
    const recent = certificate({ recent: counts({ presumed: 4, [kind]: 1 }) });
    expect(certificateRefusal(recent, policy)).toContain('1 holes in the last bars');
    expect(certificateRefusal(recent, { ...policy, holesMaxRecent: 1 })).toBeNull();
    const withHoles = (holes: number) => certificate({ before: counts({ presumed: 100 - holes, [kind]: holes }) });
    expect(certificateRefusal(withHoles(2), policy)).toBeNull();
    expect(certificateRefusal(withHoles(3), policy)).toContain('3 holes in 100 bars');
  });

  test('needs nothing before the last five bars', () => {
    expect(certificateRefusal(certificate({ before: counts() }), policy)).toBeNull();
  });
});
