import { invariant } from '#core/errors.ts';
import type { MinuteBar } from '#core/market/bar.ts';
import type { FeedEvent } from '#core/market/feed.ts';
import { type Instrument, instrumentOf, roundToTick } from '#core/market/instrument.ts';
import type { Session, SessionCalendar, SessionGroup } from '#core/market/session-calendar.ts';
import { sessionSpans, type TimeSpan } from '#core/market/session-spans.ts';
import { MINUTE_MS } from '#core/market/timeframe.ts';
import type { BarFeed } from '#core/ports.ts';
import { activityAt, sessionActivity } from './activity.ts';
import { makeContractRolls, type TradedContract } from './contract-rolls.ts';
import { type FamilyModel, familyModel, sessionVolume } from './market-model.ts';
import { drawShocks, type LogMinute, makePricePath, type PricePath, type Shocks } from './price-path.ts';
import { makeRandom, type Random } from './random.ts';

/** A minute has a bar with a probability that grows with the trades expected in it, of so many contracts each. */
const CONTRACTS_PER_TRADE = 2;
/** Spread of a minute's volume around what its time of day makes expected, in log terms. */
const VOLUME_SIGMA = 0.5;

export interface GeneratorOptions {
  /** The same seed and options give the same events, bit for bit. */
  readonly seed: number;
  /** Roots in the order in which the bars of a minute are told. */
  readonly universe: readonly string[];
  /** `YYYY-MM-DD`; when nothing trades on it, the next date on which something does. */
  readonly firstTradeDate: string;
  /** Number of trade dates, at least 1. */
  readonly sessions: number;
  readonly calendar: SessionCalendar;
}

/**
 * A feed of invented sessions: correlated prices with opening gaps, the volume of a Chicago day, thin roots with quiet
 * minutes, two months of each root with volume that rolls. Every minute in session is covered.
 */
export function generatorFeed(options: GeneratorOptions): BarFeed {
  return {
    source: 'generator',
    async *events() {
      const { calendar, universe } = options;
      const groups = groupsOf(universe);
      const markets = makeMarkets(options);
      for (const { fromMs, toMs } of sessionSpans(calendar, groups, spanOf(options, groups))) {
        for (let openMs = fromMs; openMs < toMs; openMs += MINUTE_MS) {
          for (const bar of markets(openMs)) yield { kind: 'bar', bar } satisfies FeedEvent;
          yield { kind: 'closed', closeTimeMs: openMs + MINUTE_MS, grade: 'presumed' } satisfies FeedEvent;
        }
      }
    },
  };
}

interface Market {
  readonly instrument: Instrument;
  readonly family: Family;
  readonly volume: number;
  readonly random: Random;
  readonly contractsOn: (tradeDate: string) => readonly TradedContract[];
  contracts: readonly TradedContract[];
}

interface Family {
  readonly group: Group;
  readonly model: FamilyModel;
  readonly path: PricePath;
  now: LogMinute | null;
}

interface Group {
  readonly group: SessionGroup;
  readonly random: Random;
  session: Session | null;
  activity: number;
}

/** The state of all markets, moved on minute by minute: gives the bars of the minute it is asked for. */
function makeMarkets({ seed, universe, firstTradeDate, calendar }: GeneratorOptions): (openMs: number) => MinuteBar[] {
  const marketRandom = makeRandom(seed, 'market');
  const groups = new Map<SessionGroup, Group>();
  for (const group of groupsOf(universe)) {
    groups.set(group, { group, random: makeRandom(seed, `group:${group}`), session: null, activity: 0 });
  }
  const families = new Map<string, Family>();
  for (const { family, group } of universe.map(instrumentOf)) {
    if (families.has(family)) continue;
    const model = familyModel(family);
    const path = makePricePath({ seed, family, model });
    families.set(family, { group: groups.get(group)!, model, path, now: null });
  }
  const positions = [...families.keys()];
  const markets: Market[] = universe.map(instrumentOf).map((instrument) => ({
    instrument,
    family: families.get(instrument.family)!,
    volume: sessionVolume(instrument.root),
    random: makeRandom(seed, `root:${instrument.root}`),
    contractsOn: makeContractRolls(instrument.root, { firstTradeDate, position: positions.indexOf(instrument.family) }),
    contracts: [],
  }));

  function open(group: Group, session: Session): void {
    group.session = session;
    group.activity = sessionActivity(calendar, session);
    // All groups of a date feel the same news, whenever they open.
    const marketShock = makeRandom(seed, `opening:${session.tradeDate}`).normal();
    const groupShock = group.random.normal();
    for (const family of families.values()) if (family.group === group) family.path.gap(marketShock, groupShock);
    for (const market of markets) {
      if (market.family.group === group) market.contracts = market.contractsOn(session.tradeDate);
    }
  }

  function move(group: Group, openMs: number, market: Shocks, minuteOfDay: number): void {
    const session = calendar.sessionAt(group.group, openMs);
    if (session !== null && session.tradeDate !== group.session?.tradeDate) open(group, session);
    const shocks = drawShocks(group.random);
    const share = activityAt(minuteOfDay) / group.activity;
    for (const family of families.values()) {
      if (family.group === group) family.now = session === null ? null : family.path.minute(share, market, shocks);
    }
  }

  return (openMs) => {
    const { minuteOfDay } = calendar.civilTime(openMs);
    const shocks = drawShocks(marketRandom);
    for (const group of groups.values()) move(group, openMs, shocks, minuteOfDay);
    return markets.flatMap((market) => barsOf(market, openMs, activityAt(minuteOfDay)));
  };
}

/** The bars of a root's contracts in one minute; a contract in which nothing trades has none. */
function barsOf(
  { instrument, family, volume, random, contracts }: Market,
  openMs: number,
  activity: number,
): MinuteBar[] {
  const { now, model, group } = family;
  if (now === null) return [];
  const bars: MinuteBar[] = [];
  for (const { contract, volumeShare, yearsAhead } of contracts) {
    const expected = (volume * volumeShare * activity) / group.activity;
    const noise = Math.exp(VOLUME_SIGMA * random.normal() - VOLUME_SIGMA ** 2 / 2);
    if (random.uniform() >= 1 - Math.exp(-expected / CONTRACTS_PER_TRADE)) continue;
    const level = model.price * Math.exp(model.carryFraction * yearsAhead);
    const price = (logPrice: number): number => roundToTick(instrument, level * Math.exp(logPrice), 'nearest');
    bars.push({
      root: instrument.root,
      contract,
      openTimeMs: openMs,
      open: price(now.open),
      high: price(now.high),
      low: price(now.low),
      close: price(now.close),
      volume: Math.max(1, Math.round(expected * noise)),
    });
  }
  return bars;
}

function groupsOf(universe: readonly string[]): readonly SessionGroup[] {
  return [...new Set(universe.map((root) => instrumentOf(root).group))];
}

/** From the first open of the first trade date to the last close of the last one, whatever the group. */
function spanOf({ calendar, firstTradeDate, sessions }: GeneratorOptions, groups: readonly SessionGroup[]): TimeSpan {
  invariant(Number.isInteger(sessions) && sessions >= 1, `expected at least one session, found ${sessions}`);
  const sessionsOn = (tradeDate: string): Session[] =>
    groups.flatMap((group) => calendar.session(group, tradeDate) ?? []);
  const dateAfter = (tradeDate: string): string =>
    groups.map((group) => calendar.nextSession(group, tradeDate).tradeDate).sort()[0] ?? tradeDate;
  let tradeDate = sessionsOn(firstTradeDate).length > 0 ? firstTradeDate : dateAfter(firstTradeDate);
  const fromMs = Math.min(...sessionsOn(tradeDate).map(({ openMs }) => openMs));
  for (let count = 1; count < sessions; count++) tradeDate = dateAfter(tradeDate);
  return { fromMs, toMs: Math.max(...sessionsOn(tradeDate).map(({ closeMs }) => closeMs)) };
}
