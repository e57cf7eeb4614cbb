import { memoryBarHistory } from '#adapters/memory/bar-history.ts';
import { memoryIntentQueue } from '#adapters/memory/intent-queue.ts';
import { memoryLedger } from '#adapters/memory/ledger.ts';
import { memoryModes } from '#adapters/memory/mode-source.ts';
import { type MemoryRoute, memoryRoute } from '#adapters/memory/order-route.ts';
import { memorySliceLog } from '#adapters/memory/slice-log.ts';
import { makeExecutor } from '#core/executor.ts';
import { cmeCalendar } from '#core/market/cme-hours.ts';
import type { Slice } from '#core/market/slice.ts';
import { makeSlicer } from '#core/market/slicing.ts';
import { tradeDateOpenMs } from '#core/market/trade-date.ts';
import type { BarFeed, BarHistory, Clock, Ledger, SliceLog, VetoModel } from '#core/ports.ts';
import type { Decision } from '#core/strategy/decision.ts';
import type { Strategy } from '#core/strategy/strategy.ts';
import { makeTrader } from '#core/trader.ts';
import type { Aggregate } from '#core/trading/aggregate.ts';

/** A run of one strategy over one feed: the same trader and executor as in the functions, in a for loop. */
export interface PlainRun {
  readonly slices: readonly Slice[];
  readonly decisions: readonly Decision[];
  readonly ledger: Ledger;
  readonly log: SliceLog;
  readonly history: BarHistory;
  readonly route: MemoryRoute;
  /** Every image that was committed, in order. */
  readonly images: readonly Aggregate[];
}

export interface PlainOptions {
  readonly strategy: Strategy;
  readonly universe: readonly string[];
  readonly models?: Readonly<Record<string, VetoModel>>;
  readonly route?: MemoryRoute;
  /** Stops after the last slice that closes at or before this instant. */
  readonly untilMs?: number;
  readonly announceFromTradeDate?: string;
  /** Before which slices the trader is replaced by one that has just started. */
  readonly restartsAt?: (slice: Slice) => boolean;
  /** As of which slices bars cannot be read, for ever. */
  readonly readsFail?: (asOfMs: number) => boolean;
  /** Which slices are stored and never brought to the trader. */
  readonly loses?: (slice: Slice) => boolean;
}

/** Runs a feed through slicer, history, trader and executor, all in memory, one slice after the other. */
export async function plainLoop(feed: BarFeed, options: PlainOptions): Promise<PlainRun> {
  const { universe, untilMs = Number.POSITIVE_INFINITY } = options;
  const { run, take } = plainTrading(options);
  const { announceFromTradeDate: from } = options;
  const calendar = cmeCalendar();
  const openMs = from === undefined ? Number.NEGATIVE_INFINITY : tradeDateOpenMs(calendar, universe, from);
  const isHistory = (closeTimeMs: number) => closeTimeMs <= openMs;
  const slicer = makeSlicer({ universe, calendar, source: feed.source, isHistory });
  for await (const event of feed.events()) {
    const { gap, sessions, slice } = slicer.take(event);
    if (gap !== null) await run.log.putGap(gap);
    await run.history.writeSessions(sessions);
    if (slice === null) continue;
    if (slice.closeTimeMs > untilMs) break;
    await take(slice);
  }
  return run;
}

/** Runs slices that somebody made by hand. */
export async function plainSlices(slices: Iterable<Slice>, options: Omit<PlainOptions, 'universe'>): Promise<PlainRun> {
  const { run, take } = plainTrading(options);
  for (const slice of slices) await take(slice);
  return run;
}

/** One strategy between memory adapters; the clock stands at the slice that was taken last. */
function plainTrading({
  strategy,
  models = {},
  route = memoryRoute(),
  restartsAt,
  readsFail,
  loses,
}: Omit<PlainOptions, 'universe'>): {
  run: PlainRun;
  take(slice: Slice): Promise<void>;
} {
  let nowMs = 0;
  let ops = 0;
  const clock: Clock = { now: () => nowMs, monotonic: () => nowMs };
  const log = memorySliceLog();
  const history = memoryBarHistory({ sliceLog: log });
  const images: Aggregate[] = [];
  const stored = memoryLedger();
  const ledger: Ledger = {
    ...stored,
    async commit(next, rule) {
      const done = await stored.commit(next, rule);
      if (done) images.push(next);
      return done;
    },
  };
  const queue = memoryIntentQueue(clock);
  const calendar = cmeCalendar();
  const nonce = (): string => {
    ops += 1;
    return `op-${ops}`;
  };
  const readable: Pick<BarHistory, 'window'> = {
    async window(request, asOfMs) {
      if (readsFail?.(asOfMs)) throw new Error('bars cannot be read');
      return await history.window(request, asOfMs);
    },
  };
  const ports = {
    ledger,
    history: readable,
    sliceLog: log,
    queue,
    clock,
    calendar,
    models,
    modes: memoryModes('RUN'),
    nonce,
  };
  const slices: Slice[] = [];
  const decisions: Decision[] = [];
  let trade = makeTrader(strategy, ports);
  const execute = makeExecutor(strategy.id, { ...ports, route });
  return {
    run: { slices, decisions, ledger, log, history, route, images },
    async take(slice) {
      nowMs = slice.closeTimeMs;
      await history.write(slice.bars, slice.closeTimeMs);
      await log.put(slice);
      slices.push(slice);
      if (loses?.(slice)) return;
      if (restartsAt?.(slice)) trade = makeTrader(strategy, ports);
      decisions.push(...(await trade(slice)).decisions);
      for (let intent = queue.take(); intent; intent = queue.take()) await execute(intent);
    },
  };
}
