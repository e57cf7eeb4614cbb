import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { makeContractRolls } from '#adapters/generator/contract-rolls.ts';
import { type GeneratorOptions, generatorFeed } from '#adapters/generator/generator-feed.ts';
import { familyModel, sessionVolume } from '#adapters/generator/market-model.ts';
import { makeRandom } from '#adapters/generator/random.ts';
import type { MinuteBar } from '#core/market/bar.ts';
import { dateOfDay, dayOfDate } from '#core/market/chicago-time.ts';
import { cmeCalendar } from '#core/market/cme-hours.ts';
import { compareContracts, parseContract } from '#core/market/contract.ts';
import type { FeedEvent } from '#core/market/feed.ts';
import { instrumentOf, instruments, roundToTick } from '#core/market/instrument.ts';
import type { SessionGroup } from '#core/market/session-calendar.ts';
import { MINUTE_MS } from '#core/market/timeframe.ts';

const calendar = cmeCalendar();
const roots = 'ES NQ RTY YM GC SI HG PL CL NG 6A 6B 6C 6E 6J 6M 6N 6S ZC'.split(' ');
// Monday of the week in which Chicago changes to summer time, so that the first session opens on the Sunday before.
const options: GeneratorOptions = { seed: 7, universe: roots, firstTradeDate: '2026-03-09', sessions: 4, calendar };

async function eventsOf(changed: Partial<GeneratorOptions> = {}): Promise<FeedEvent[]> {
  const events: FeedEvent[] = [];
  for await (const event of generatorFeed({ ...options, ...changed }).events()) events.push(event);
  return events;
}

const hashOf = (events: readonly FeedEvent[]): string =>
  createHash('sha256').update(JSON.stringify(events)).digest('hex');
const barsIn = (events: readonly FeedEvent[]): MinuteBar[] =>
  events.flatMap((event) => (event.kind === 'bar' ? [event.bar] : []));
const tradeDateOf = ({ root, openTimeMs }: MinuteBar): string | undefined =>
  calendar.sessionAt(instrumentOf(root).group, openTimeMs)?.tradeDate;

const events = await eventsOf();
const bars = barsIn(events);

/** Volume by contract of one root and trade date. */
function volumes(root: string, tradeDate: string, among: readonly MinuteBar[] = bars): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const bar of among) {
    if (bar.root === root && tradeDateOf(bar) === tradeDate)
      sums[bar.contract] = (sums[bar.contract] ?? 0) + bar.volume;
  }
  return sums;
}

/** The contract with the most volume of each trade date. */
function leaders(root: string, among: readonly MinuteBar[] = bars): string[] {
  const dates = new Set(among.flatMap((bar) => (bar.root === root ? [tradeDateOf(bar) ?? 'none'] : [])));
  return [...dates].map((date) => Object.entries(volumes(root, date, among)).sort((a, b) => b[1] - a[1])[0]?.[0] ?? '');
}

const frontContracts = new Set(roots.map((root) => leaders(root)[0]));

/** Closes by minute of the busiest contract of a root. */
function closes(root: string): Map<number, number> {
  const contract = leaders(root)[0];
  return new Map(bars.filter((bar) => bar.contract === contract).map((bar) => [bar.openTimeMs, bar.close]));
}

function correlation(a: string, b: string, minutes: number): number {
  const [first, second] = [closes(a), closes(b)];
  const pairs: (readonly [number, number])[] = [];
  for (const [timeMs, price] of first) {
    const later = timeMs + minutes * MINUTE_MS;
    const moved = first.get(later);
    const [otherPrice, otherMoved] = [second.get(timeMs), second.get(later)];
    if (moved === undefined || otherPrice === undefined || otherMoved === undefined) continue;
    pairs.push([Math.log(moved / price), Math.log(otherMoved / otherPrice)]);
  }
  const sum = (of: (pair: readonly [number, number]) => number) => pairs.reduce((total, pair) => total + of(pair), 0);
  return sum(([x, y]) => x * y) / Math.sqrt(sum(([x]) => x * x) * sum(([, y]) => y * y));
}

describe('the same seed gives the same bytes', () => {
  test('twice, and another seed gives others', async () => {
    const hash = hashOf(events);
    expect(hashOf(await eventsOf())).toBe(hash);
    expect(hashOf(await eventsOf({ seed: 8 }))).not.toBe(hash);
  });

  test('a longer run begins with the shorter one', async () => {
    const longer = await eventsOf({ sessions: 5, universe: ['ES', 'ZC'] });
    const shorter = await eventsOf({ sessions: 2, universe: ['ES', 'ZC'] });
    expect(hashOf(longer.slice(0, shorter.length))).toBe(hashOf(shorter));
  });

  test('a stream of random numbers is spread evenly, and streams of other names are others', () => {
    const random = makeRandom(1, 'a');
    const draws = Array.from({ length: 20_000 }, () => random.uniform());
    for (let tenth = 0; tenth < 10; tenth++) {
      const share = draws.filter((draw) => Math.floor(draw * 10) === tenth).length / draws.length;
      expect(share).toBeGreaterThan(0.09);
      expect(share).toBeLessThan(0.11);
    }
    const normals = Array.from({ length: 20_000 }, () => random.normal());
    const variance = normals.reduce((sum, value) => sum + value ** 2, 0) / normals.length;
    expect(variance).toBeGreaterThan(0.95);
    expect(variance).toBeLessThan(1.05);
    expect(makeRandom(1, 'b').uniform()).not.toBe(draws[0]);
    expect(makeRandom(1, 'a').uniform()).toBe(draws[0]);
  });
});

describe('time', () => {
  test('every minute in which a group of the universe is in session is closed once, in order, and nothing else', () => {
    const groups: readonly SessionGroup[] = [...new Set(roots.map((root) => instrumentOf(root).group))];
    const scheduled: number[] = [];
    const [fromMs, toMs] = [calendar.instantOf('2026-03-08', 17 * 60), calendar.instantOf('2026-03-12', 16 * 60)];
    for (let openMs = fromMs; openMs < toMs; openMs += MINUTE_MS) {
      if (groups.some((group) => calendar.sessionAt(group, openMs) !== null)) scheduled.push(openMs + MINUTE_MS);
    }
    expect(events.flatMap((event) => (event.kind === 'closed' ? [event.closeTimeMs] : []))).toEqual(scheduled);
    expect(events.some(({ kind }) => kind === 'gap')).toBe(false);
  });

  test('a bar stands before the close of its minute, and only in its own root session', () => {
    let openMs = 0;
    const strays: MinuteBar[] = [];
    for (const event of events.toReversed()) {
      if (event.kind === 'closed') openMs = event.closeTimeMs - MINUTE_MS;
      if (event.kind === 'bar' && event.bar.openTimeMs !== openMs) strays.push(event.bar);
    }
    expect(strays).toEqual([]);
    expect(bars.filter((bar) => tradeDateOf(bar) === undefined)).toEqual([]);
  });

  test('grains rest between their two intervals', () => {
    const minutes = new Set(
      bars.flatMap((bar) => (bar.root === 'ZC' ? [calendar.civilTime(bar.openTimeMs).minuteOfDay] : [])),
    );
    expect([7 * 60 + 45, 8 * 60 + 29, 13 * 60 + 20, 18 * 60 + 59].filter((minute) => minutes.has(minute))).toEqual([]);
    expect([7 * 60 + 44, 8 * 60 + 30, 13 * 60 + 19, 19 * 60].filter((minute) => !minutes.has(minute))).toEqual([]);
  });

  test('a first date on which nothing trades gives way to the next', async () => {
    const weekend = barsIn(await eventsOf({ firstTradeDate: '2026-03-07', sessions: 1, universe: ['ES'] }));
    expect(new Set(weekend.map(tradeDateOf))).toEqual(new Set(['2026-03-09']));
  });
});

describe('prices', () => {
  test('high and low enclose open and close, all on the tick grid and above zero', () => {
    const isSound = ({ root, open, high, low, close, volume }: MinuteBar): boolean =>
      low <= Math.min(open, close) &&
      high >= Math.max(open, close) &&
      low > 0 &&
      [open, high, low, close].every((price) => roundToTick(instrumentOf(root), price, 'nearest') === price) &&
      Number.isInteger(volume) &&
      volume >= 1;
    expect(bars.filter((bar) => !isSound(bar))).toEqual([]);
  });

  test('roots of one group move together, far ones do not, micros follow their big ones', async () => {
    expect(correlation('ES', 'NQ', 15)).toBeGreaterThan(0.7);
    expect(Math.abs(correlation('ES', 'NG', 15))).toBeLessThan(0.35);
    const both = barsIn(await eventsOf({ universe: ['ES', 'MES'], sessions: 1 }));
    const [big, micro] = ['ES', 'MES'].map((root) => both.filter((bar) => bar.root === root));
    const microClose = new Map(micro?.map((bar) => [bar.contract.slice(1) + bar.openTimeMs, bar.close]));
    const pairs = big?.flatMap((bar) => microClose.get(bar.contract + bar.openTimeMs) === bar.close);
    expect(pairs?.filter(Boolean).length).toBeGreaterThan(1200);
  });

  test('sessions open with a gap', () => {
    const es = [...closes('NQ')];
    const gaps = es.flatMap(([timeMs, close], index) => {
      const before = es[index - 1];
      return before !== undefined && timeMs - before[0] >= 60 * MINUTE_MS
        ? [Math.abs(Math.log(close / before[1]))]
        : [];
    });
    expect(gaps.length).toBeGreaterThanOrEqual(2);
    expect(Math.max(...gaps)).toBeGreaterThan(0.0005);
  });

  test('hours close near their low often enough to be bought, in every session', () => {
    const hours = Map.groupBy(
      bars.filter((bar) => frontContracts.has(bar.contract)),
      (bar) => `${tradeDateOf(bar)} ${bar.contract} ${Math.floor(bar.openTimeMs / (60 * MINUTE_MS))}`,
    );
    const weak = [...hours].filter(([, minutes]) => {
      const [high, low] = [Math.max(...minutes.map((bar) => bar.high)), Math.min(...minutes.map((bar) => bar.low))];
      return high > low && (minutes.at(-1)!.close - low) / (high - low) <= 0.2;
    });
    const dates = Map.groupBy(weak, ([key]) => key.slice(0, 10));
    expect(dates.size).toBe(4);
    for (const found of dates.values()) expect(found.length).toBeGreaterThan(30);
  });
});

describe('volume', () => {
  test('follows the Chicago day: busiest at the cash open and close, lowest in the night', () => {
    const byHour = new Map<number, number>();
    for (const bar of bars) {
      const hour = Math.floor(calendar.civilTime(bar.openTimeMs).minuteOfDay / 60);
      if (bar.root === 'ES') byHour.set(hour, (byHour.get(hour) ?? 0) + bar.volume);
    }
    const [night, morning, noon, close] = [20, 9, 12, 14].map((hour) => byHour.get(hour) ?? 0) as number[];
    expect(morning).toBeGreaterThan(noon! * 1.2);
    expect(close).toBeGreaterThan(noon! * 1.2);
    expect(noon).toBeGreaterThan(night! * 4);
  });

  test('thin roots have quiet minutes, the thickest none', () => {
    const minutes = (root: string) =>
      new Set(bars.filter((bar) => bar.root === root).map((bar) => bar.openTimeMs)).size;
    expect(minutes('ES')).toBe(4 * 1380);
    expect(minutes('PL')).toBeLessThan(4 * 1380 * 0.98);
    expect(minutes('PL')).toBeGreaterThan(4 * 1380 * 0.7);
  });

  test('moves to the next month: the first root rolls in the third session', () => {
    const [first, second, third, fourth] = leaders('ES');
    expect([second, fourth]).toEqual([first, third]);
    expect(compareContracts(parseContract(third!), parseContract(first!))).toBeGreaterThan(0);
    expect(Object.keys(volumes('ES', '2026-03-09'))).toHaveLength(2);
  });

  test('some root rolls in any month, and none trades a contract at its delivery', async () => {
    const firstDay = dayOfDate('2026-03-09');
    const rolls: number[] = [];
    let daysLeft = Number.POSITIVE_INFINITY;
    let isLiquid = true;
    for (const [position, root] of roots.entries()) {
      const contractsOn = makeContractRolls(root, { firstTradeDate: '2026-03-09', position });
      let lead = '';
      for (let day = firstDay; day < firstDay + 3 * 365; day++) {
        const traded = contractsOn(dateOfDay(day));
        for (const { contract } of traded) {
          const { year, month } = parseContract(contract);
          daysLeft = Math.min(daysLeft, dayOfDate(`${year}-${String(month).padStart(2, '0')}-01`) - day);
          isLiquid &&= instrumentOf(root).liquidMonths.includes(contract.at(-5) ?? '?');
        }
        const leader = traded[0].volumeShare > traded[1].volumeShare ? traded[0].contract : traded[1].contract;
        if (leader !== lead && lead !== '') {
          expect(compareContracts(parseContract(leader), parseContract(lead))).toBeGreaterThan(0);
          rolls.push(day);
        }
        lead = leader;
      }
    }
    expect(daysLeft).toBeGreaterThan(12);
    expect(isLiquid).toBe(true);
    rolls.sort((a, b) => a - b);
    const waits = rolls.slice(1).map((day, index) => day - rolls[index]!);
    expect(Math.max(...waits)).toBeLessThanOrEqual(31);
    expect(rolls[0]! - firstDay).toBeLessThanOrEqual(2);
  });
});

test('every instrument can be generated', () => {
  for (const { root, family } of instruments) {
    expect(sessionVolume(root)).toBeGreaterThan(0);
    expect(familyModel(family).price).toBeGreaterThan(0);
  }
});
