import { memoryBarHistory } from '#adapters/memory/bar-history.ts';
import { memoryLedger } from '#adapters/memory/ledger.ts';
import { memorySliceLog } from '#adapters/memory/slice-log.ts';
import type { CommitPorts } from '#core/commit.ts';
import { type Mode, type ModeReading, modes } from '#core/execution/mode.ts';
import type { Outcome } from '#core/execution/outcome.ts';
import { makeExecutor } from '#core/executor.ts';
import { cmeCalendar } from '#core/market/cme-hours.ts';
import type { SessionCalendar } from '#core/market/session-calendar.ts';
import type { Slice } from '#core/market/slice.ts';
import { MINUTE_MS } from '#core/market/timeframe.ts';
import type { BarHistory, Clock, Ledger, ModeSource, OrderRoute, SliceLog } from '#core/ports.ts';
import type { Strategy } from '#core/strategy/strategy.ts';
import { makeTrader } from '#core/trader.ts';
import { type Broker, makeBroker } from './broker.ts';
import { coinStrategy } from './coin.ts';
import { type Fifo, makeFifo } from './fifo.ts';
import { type Actor, alive, call, type Fault, latencyMs, ledgerLine, pick, supervise, type Weather } from './line.ts';
import { marketSlices } from './market.ts';
import { type Monitor, makeMonitor } from './monitor.ts';
import { makeWorld, type World } from './world.ts';

/** What a simulated stretch of trading is like. */
export interface Scenario {
  readonly seed: number;
  readonly faults: readonly Fault[];
  /** Probability that a call meets a fault. */
  readonly faultRate: number;
  readonly strategies: number;
  /** Minutes in session of bad weather; fifteen of good weather follow. */
  readonly minutes: number;
  /** The session ends during the bad weather; an hour later the next one opens. */
  readonly sessionEnds: boolean;
  readonly positionsMax: number;
  readonly dailyStopUsd: number;
  /** The operator turns the modes, and they cannot always be read. */
  readonly modesChange: boolean;
  /** Messages come again while somebody still works on them. */
  readonly hurriedQueue: boolean;
  readonly gapChance: number;
}

/** One strategy after a simulation, with everything that is needed to judge it. */
export interface Simulated {
  readonly strategy: Strategy;
  readonly slices: readonly Slice[];
  readonly history: BarHistory;
  readonly sliceLog: SliceLog;
  readonly ledger: Ledger;
  readonly monitor: Monitor;
  readonly broker: Broker;
  readonly queue: Fifo;
}

const START_MS = Date.parse('2024-11-12T15:00Z');
/** Ten minutes before the session closes. */
const LATE_START_MS = Date.parse('2024-11-12T21:50Z');
const GOOD_WEATHER_MIN = 15;
/** Long enough for the slowest message of the last slice. */
const LAST_ORDERS_MIN = 3;
const SLICE_TRIES_MAX = 2;
const LEADS = { ES: 'ESZ2024', NQ: 'NQZ2024' };

/**
 * Trades a stretch with two traders and two executors of every strategy, in one seeded order of events that changes hands
 * at every call to the outside. The same scenario gives the same history.
 */
export async function simulate(scenario: Scenario, ledger: Ledger = memoryLedger()): Promise<Simulated[]> {
  const { seed, faults, faultRate, minutes, gapChance } = scenario;
  const startMs = scenario.sessionEnds ? LATE_START_MS : START_MS;
  const world = makeWorld(seed, startMs);
  const weather: Weather = { faults, rate: faults.length === 0 ? 0 : faultRate };
  const slices = marketSlices({
    seed,
    contracts: Object.entries(LEADS).map(([root, contract]) => ({ root, contract, price: 1_000 })),
    leads: () => LEADS,
    startMs,
    minutes: minutes + GOOD_WEATHER_MIN,
    gapChance,
  });
  const { history, sliceLog } = await storedBars(slices);
  const parameters = makeParameters(world, scenario);
  const simulated = Array.from({ length: scenario.strategies }, (_, index): Simulated => {
    const { positionsMax, dailyStopUsd } = scenario;
    const strategy = coinStrategy(`coin-${index}`, Object.keys(LEADS), { positionsMax, dailyStopUsd });
    const monitor = makeMonitor(world, strategy);
    const broker = makeBroker(world);
    const queue = makeFifo(world, { hurried: scenario.hurriedQueue });
    return { strategy, slices, history, sliceLog, ledger: monitor.watch(ledger), monitor, broker, queue };
  });
  for (const one of simulated) start(one, { world, weather, parameters });
  await world.run(slices.at(-GOOD_WEATHER_MIN)?.closeTimeMs ?? startMs);
  weather.rate = 0;
  parameters.settle();
  await world.run((slices.at(-1)?.closeTimeMs ?? startMs) + LAST_ORDERS_MIN * MINUTE_MS);
  return simulated;
}

interface Surroundings {
  readonly world: World;
  readonly weather: Weather;
  readonly parameters: Parameters;
}

async function storedBars(slices: readonly Slice[]): Promise<{ history: BarHistory; sliceLog: SliceLog }> {
  const sliceLog = memorySliceLog();
  const history = memoryBarHistory({ sliceLog });
  for (const slice of slices) {
    await history.write(slice.bars, slice.closeTimeMs);
    await sliceLog.put(slice);
  }
  return { history, sliceLog };
}

/** Starts two traders and two executors. */
function start(one: Simulated, surroundings: Surroundings): void {
  const { world } = surroundings;
  const { strategy } = one;
  for (const twin of ['a', 'b']) {
    const place = { next: 0, tries: 0 };
    supervise(world, `${strategy.id}/trader-${twin}`, (actor) => trade(one, surroundings, { actor, place }));
    supervise(world, `${strategy.id}/executor-${twin}`, (actor) => execute(one, surroundings, actor));
  }
}

/** Reads the stream from its place on: in order, again after a failure, on after too many, sometimes some slices back. */
async function trade(
  one: Simulated,
  surroundings: Surroundings,
  { actor, place }: { actor: Actor; place: { next: number; tries: number } },
): Promise<void> {
  const { world, weather } = surroundings;
  const line = { world, weather, actor };
  const take = makeTrader(one.strategy, {
    ...portsOf(one, surroundings, actor),
    history: { window: (request, asOfMs) => call(line, () => one.history.window(request, asOfMs)) },
    sliceLog: one.sliceLog,
    queue: { publish: (intents) => call(line, () => one.queue.publish(intents)) },
    modes: surroundings.parameters.source,
    models: {},
  });
  for (let slice = one.slices[place.next]; slice !== undefined; slice = one.slices[place.next]) {
    await world.sleep(slice.closeTimeMs - world.now() + latencyMs(world));
    await alive(actor);
    try {
      await take(slice);
      place.next += 1;
      place.tries = 0;
      if (world.chance(0.03)) place.next = Math.max(0, place.next - 3);
    } catch {
      place.tries += 1;
      if (place.tries === SLICE_TRIES_MAX) Object.assign(place, { next: place.next + 1, tries: 0 });
      await world.sleep(1_000);
    }
  }
}

/** Takes messages off the queue; one that fails comes again when its visibility ends. */
async function execute(one: Simulated, surroundings: Surroundings, actor: Actor): Promise<void> {
  const { world } = surroundings;
  const route = routeOf(one, surroundings, actor);
  const take = makeExecutor(one.strategy.id, { ...portsOf(one, surroundings, actor), route });
  let idleMs = 0;
  for (;;) {
    await world.sleep(200 + idleMs * world.random.uniform());
    await alive(actor);
    const message = one.queue.receive();
    idleMs = message === null ? Math.min(3_000, idleMs + 500) : 0;
    if (message === null) continue;
    try {
      await take(message.intent);
      message.delete();
    } catch {
      // The message stays where it is.
    }
  }
}

function portsOf(
  one: Simulated,
  { world, weather }: Surroundings,
  actor: Actor,
): CommitPorts & { readonly clock: Clock; readonly calendar: SessionCalendar } {
  const clock: Clock = { now: world.now, monotonic: world.now };
  const line = ledgerLine({ world, weather, actor }, one.ledger);
  const ledger: Ledger = {
    ...line,
    commit(next, rule) {
      one.monitor.asked(next);
      return line.commit(next, rule);
    },
  };
  let ops = 0;
  const nonce = (): string => {
    ops += 1;
    return `${actor.id}:${ops}`;
  };
  return { ledger, nonce, clock, calendar: cmeCalendar() };
}

/** The webhook: answers in every way, acts or does not, and sometimes the executor dies while it waits. */
function routeOf({ monitor, broker }: Simulated, { world, weather }: Surroundings, actor: Actor): OrderRoute {
  return {
    async send(order) {
      monitor.posted(actor, order);
      const badly = weather.rate > 0 && world.chance(0.5);
      const ending = badly ? pick(world, endings) : 'accepted';
      if (badly && world.chance(0.1)) actor.crash();
      const actsLateMs = ending === 'unknown-acted' ? (order.kind === 'enter' ? 110_000 : 5_000) : 2_000;
      if (ending === 'accepted' || ending === 'unknown-acted') {
        world.after(actsLateMs * world.random.uniform(), () => broker.act(order));
      }
      await world.sleep(latencyMs(world) + (badly && world.chance(0.1) ? 10_000 : 0));
      const outcome = outcomeOf(ending ?? 'accepted');
      monitor.answered(order, outcome);
      await alive(actor);
      return outcome;
    },
  };
}

const endings = ['accepted', 'rejected', 'not-sent', 'unknown-acted', 'unknown-not-acted'] as const;

function outcomeOf(ending: (typeof endings)[number]): Outcome {
  if (ending === 'accepted') return { kind: 'accepted', id: 'simulated', logId: null };
  if (ending === 'rejected') return { kind: 'rejected', family: 'RATE', code: 'simulated', message: '' };
  if (ending === 'not-sent') return { kind: 'not-sent', reason: 'simulated' };
  return { kind: 'unknown', reason: 'simulated' };
}

interface Parameters {
  readonly source: ModeSource;
  /** Puts both scopes to RUN, for good. */
  settle(): void;
}

/** Mode parameters that an operator turns now and then, and that are sometimes unreadable or read late. */
function makeParameters(world: World, { modesChange }: Scenario): Parameters {
  let version = 1;
  let settled = !modesChange;
  const fresh = (mode: Mode): ModeReading => ({ mode, version, lastModifiedMs: world.now() });
  let current = { global: fresh('RUN'), own: fresh('RUN') };
  let before = current;
  function turn(scope: 'global' | 'own', mode: Mode): void {
    version += 1;
    before = current;
    current = { ...current, [scope]: fresh(mode) };
  }
  function operate(): void {
    if (settled) return;
    turn(world.chance(0.5) ? 'global' : 'own', world.chance(0.6) ? 'RUN' : (pick(world, modes) ?? 'RUN'));
    world.after(120_000 * world.random.uniform(), operate);
  }
  if (!settled) operate();
  const unread: ModeReading = { mode: null, version: 0, lastModifiedMs: 0 };
  return {
    source: {
      async read() {
        await world.sleep(latencyMs(world));
        if (settled || world.chance(0.9)) return current;
        return world.chance(0.5) ? before : { ...current, own: unread };
      },
    },
    settle() {
      settled = true;
      turn('global', 'RUN');
      turn('own', 'RUN');
    },
  };
}
