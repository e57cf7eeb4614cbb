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
import type { BarFeed, Clock, Ledger, SliceLog } from '#core/ports.ts';
import type { Decision } from '#core/strategy/decision.ts';
import type { Strategy } from '#core/strategy/strategy.ts';
import type { VetoModel } from '#core/strategy/veto.ts';
import { makeTrader } from '#core/trader.ts';

/** A run of one strategy over one feed: the same trader and executor as in the functions, in a for loop. */
export interface PlainRun {
  readonly slices: readonly Slice[];
  readonly decisions: readonly Decision[];
  readonly ledger: Ledger;
  readonly log: SliceLog;
  readonly route: MemoryRoute;
}

export interface PlainOptions {
  readonly strategy: Strategy;
  readonly universe: readonly string[];
  readonly models?: Readonly<Record<string, VetoModel>>;
  readonly route?: MemoryRoute;
  /** Stops after the last slice that closes at or before this instant. */
  readonly untilMs?: number;
  readonly announceFromTradeDate?: string;
}

/** Runs a feed through slicer, history, trader and executor, all in memory, one slice after the other. */
export async function plainLoop(feed: BarFeed, options: PlainOptions): Promise<PlainRun> {
  const { strategy, universe, models = {}, route = memoryRoute(), untilMs = Number.POSITIVE_INFINITY } = options;
  const calendar = cmeCalendar();
  const log = memorySliceLog();
  const history = memoryBarHistory({ sliceLog: log });
  const ledger = memoryLedger();
  const queue = memoryIntentQueue();
  let nowMs = 0;
  let ops = 0;
  const clock: Clock = { now: () => nowMs, monotonic: () => nowMs };
  const ports = {
    ledger,
    history,
    queue,
    clock,
    calendar,
    models,
    modes: memoryModes('RUN'),
    nonce: () => `op-${++ops}`,
  };
  const trade = makeTrader(strategy, ports);
  const execute = makeExecutor(strategy.id, { ...ports, route });
  const announceFromTradeDate = options.announceFromTradeDate ?? null;
  const slicer = makeSlicer({ universe, calendar, source: feed.source, announceFromTradeDate });
  const slices: Slice[] = [];
  const decisions: Decision[] = [];
  for await (const event of feed.events()) {
    const { gap, sessions, slice } = slicer.take(event);
    if (gap !== null) await log.putGap(gap);
    await history.writeSessions(sessions);
    if (slice === null) continue;
    if (slice.closeTimeMs > untilMs) break;
    nowMs = slice.closeTimeMs;
    await history.write(slice.bars, slice.closeTimeMs);
    await log.put(slice);
    slices.push(slice);
    decisions.push(...(await trade(slice)).decisions);
    for (let intent = queue.take(); intent; intent = queue.take()) await execute(intent);
  }
  return { slices, decisions, ledger, log, route };
}
