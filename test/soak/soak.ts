import type { DbnRecord } from '#adapters/databento/dbn/record.ts';
import { toObject } from '#adapters/databento/dbn/record-object.ts';
import { type Gateway, startGateway } from '#adapters/databento/gateway/gateway.ts';
import { LiveClient } from '#adapters/databento/live/live-client.ts';
import type { LiveEvent } from '#adapters/databento/live/live-event.ts';
import { type MadeWeek, madeWeek } from './made-week.ts';
import { ReceivedBars } from './received-bars.ts';
import { ReceivedMinutes } from './received-minutes.ts';
import { SoakClock } from './soak-clock.ts';
import { controlLine, type SoakPlan, soakPlan } from './soak-plan.ts';

/** What became of a seed; no failures means that every bar came once, in order, with its values. */
export interface SoakOutcome {
  readonly plan: SoakPlan;
  readonly failures: readonly string[];
  /** Bars delivered, and those of them that came after later ones of their instrument. */
  readonly bars: number;
  readonly behind: number;
  readonly sessions: number;
  readonly duplicates: number;
  readonly unknownRecords: number;
  readonly controlLines: number;
  readonly setAside: number;
}

const KEY = 'db-soaksoaksoaksoaksoaksoaksoak1';
const [NS_PER_MS, MINUTE_NS] = [1_000_000n, 60_000_000_000n];
/** Machine time between looks at whether anything happens, and looks without anything after which time is moved on. */
const [LOOK_MS, QUIET_LOOKS] = [4, 4];
/** Sessions without a new bar, one after the other, after which nothing more is expected: when all are there, and before. */
const [FRUITLESS_AT_END, FRUITLESS_MAX] = [3, 25];

/** Sends a week of market data through the simulator with the faults of a seed, and checks what the client delivers. */
export async function soak(seed: number): Promise<SoakOutcome> {
  const plan = soakPlan(seed);
  const week = await madeWeek(seed, plan);
  const gateway = await startGateway({
    source: week.source,
    keys: [KEY],
    seed,
    version: plan.version,
    faults: plan.rates,
    chunkBytes: plan.chunkBytes,
    connectionsPerSecond: null,
  });
  try {
    return await run(plan, week, gateway);
  } finally {
    await gateway.close();
  }
}

async function run(plan: SoakPlan, week: MadeWeek, gateway: Gateway): Promise<SoakOutcome> {
  const client = makeClient(plan, week, gateway);
  const bars = new ReceivedBars(week, plan.rates.late === 0 ? 'as-available' : 'late-within-an-hour');
  const minutes = new ReceivedMinutes(week, plan.isExact);
  const symbols = [...week.bars.keys()];
  let controlLines = 0;
  let nextLineAt = plan.barsPerControlLine;
  const take = (event: LiveEvent): void => {
    hear(week, event);
    bars.take(event);
    minutes.take(event);
    if (bars.count < nextLineAt) return;
    nextLineAt += 1 + plan.random.below(2 * plan.barsPerControlLine);
    controlLines += 1;
    void gateway.control(controlLine(plan, symbols));
  };
  const stopLooking = lookAfter(client, bars);
  try {
    await deliver(client.client, plan, take);
  } finally {
    stopLooking();
  }
  bars.end();
  minutes.end();
  const { sessions, duplicates, unknownRecords } = client.client.counters;
  return {
    plan,
    failures: [...bars.failures, ...minutes.failures],
    bars: bars.count,
    behind: bars.behind,
    ...{ sessions, duplicates, unknownRecords, controlLines },
    setAside: minutes.setAside,
  };
}

/** Tells the source how far the client is. */
function hear({ gate }: MadeWeek, event: LiveEvent): void {
  if (event.kind === 'disconnected') gate.release();
  if (event.kind !== 'record') return;
  const { layout, ts_event } = event.record;
  if (layout === 'ohlcv') gate.heard(ts_event + MINUTE_NS);
  else if (layout === 'system_v2') gate.heard(ts_event);
}

interface SoakClient {
  readonly client: LiveClient;
  readonly clock: SoakClock;
}

function makeClient(
  { tsOut, compression, subscriptions, random }: SoakPlan,
  week: MadeWeek,
  gateway: Gateway,
): SoakClient {
  const clock = new SoakClock(
    () => Number(week.gate.heardNs / NS_PER_MS),
    () => client.state === 'waiting',
  );
  const { port, dataset } = gateway;
  const client = new LiveClient({
    key: KEY,
    dataset,
    host: '127.0.0.1',
    port,
    tsOut,
    compression,
    clock,
    random: random.uniform,
  });
  const parents = week.universe.map((root) => `${root}.FUT`);
  const parts = subscriptions === 1 ? [parents] : [parents.slice(0, 1), parents.slice(1)];
  const start = gateway.clock.now();
  week.gate.heard(start);
  for (const symbols of parts) client.subscribe({ schema: 'ohlcv-1m', stypeIn: 'parent', symbols, start });
  return { client, clock };
}

async function deliver(client: LiveClient, { api }: SoakPlan, take: (event: LiveEvent) => void): Promise<void> {
  if (api === 'events') {
    for await (const event of client.events()) take(event);
  } else {
    await client.run({
      onRecord: (view) => take({ kind: 'record', record: toObject(view) as DbnRecord }),
      onNotice: take,
    });
  }
}

/**
 * Moves the client's time on when nothing happens: its watchdog then finds the connection hung. Stops the client when
 * one session after the other brings nothing new.
 */
function lookAfter({ client, clock }: SoakClient, bars: ReceivedBars): () => void {
  let [quietLooks, fruitless, seenBytes, seenBars, seenSessions] = [0, 0, -1, -1, 0];
  const timer = setInterval(() => {
    const { bytes, sessions } = client.counters;
    if (bars.count > seenBars) fruitless = 0;
    else if (sessions > seenSessions) fruitless += 1;
    const isQuiet = bytes === seenBytes && bars.count === seenBars;
    [seenBytes, seenBars, seenSessions] = [bytes, bars.count, sessions];
    if (isQuiet && fruitless >= (bars.count >= bars.total ? FRUITLESS_AT_END : FRUITLESS_MAX)) {
      client.stop();
      return;
    }
    quietLooks = isQuiet ? quietLooks + 1 : 0;
    if (quietLooks < QUIET_LOOKS) return;
    quietLooks = 0;
    clock.skip();
  }, LOOK_MS);
  return () => clearInterval(timer);
}
