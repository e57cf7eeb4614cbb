import { type CommitPorts, change } from './commit.ts';
import { kindOf } from './errors.ts';
import type { ModeReadings } from './execution/mode.ts';
import { featureLookbacks } from './features/registry.ts';
import type { SessionCalendar } from './market/session-calendar.ts';
import type { Slice } from './market/slice.ts';
import type { WindowRequest } from './market/window.ts';
import { makeWindowCache, type WindowCache } from './market/window-cache.ts';
import type { BarHistory, Clock, IntentQueue, ModeSource, SliceLog, VetoModel } from './ports.ts';
import { type Conclusion, conclude } from './strategy/conclude.ts';
import type { Decision } from './strategy/decision.ts';
import { type Proposal, propose } from './strategy/propose.ts';
import {
  type ExtraLookbacks,
  readWindows,
  type StepInput,
  type StepWindows,
  windowsNeeded,
} from './strategy/step-input.ts';
import type { Strategy } from './strategy/strategy.ts';
import { askVeto, type Verdict } from './strategy/veto.ts';
import { type Aggregate, newAggregate } from './trading/aggregate.ts';
import type { Intent } from './trading/intent.ts';

/** Everything outside that trading needs. */
export interface TraderPorts extends CommitPorts {
  readonly history: Pick<BarHistory, 'window'>;
  readonly sliceLog: Pick<SliceLog, 'between'>;
  readonly queue: IntentQueue;
  readonly modes: ModeSource;
  readonly clock: Clock;
  readonly calendar: SessionCalendar;
  /** Models by lane root. */
  readonly models: Readonly<Record<string, VetoModel>>;
}

/** What became of a slice and of missed ones before it. `seen`: it was decided on before, and only the outbox was published again. */
export interface Traded {
  readonly seen: boolean;
  readonly decisions: readonly Decision[];
  readonly intents: readonly Intent[];
  /** What could not be read or decided and was passed over, in words: it costs a slice or its signals, never an exit. */
  readonly troubles: readonly string[];
}

/** Trades one strategy, slice by slice: load, decide purely, commit, publish. */
export function makeTrader(strategy: Strategy, ports: TraderPorts): (slice: Slice) => Promise<Traded> {
  const roots = strategy.lines.map((line) => line.root);
  const subject = { strategyId: strategy.id, initial: newAggregate(strategy.id, roots) };
  const extra: ExtraLookbacks = ({ root }) => featureLookbacks(ports.models[root]?.features ?? []);
  const windows = makeWindowCache(ports.history);
  let tradedMs: number | null = null;

  async function trade(slice: Slice): Promise<Traded> {
    windows.follow(slice);
    const receiptTimeMs = ports.clock.now();
    // Never rejects, so it may run beside the first read of the ledger.
    const reading = ports.modes.read();
    const { traded, outbox } = await change(ports, subject, async (held) => {
      if (held.lastSliceMs !== null && slice.closeTimeMs <= held.lastSliceMs) {
        return { changed: null, result: { traded: nothing, outbox: held.outbox } };
      }
      const known = { strategy, held, slice, receiptTimeMs, readings: await reading };
      const { read, troubles } = await readableWindows(windowsNeeded(known, extra), windows);
      const concluded = await decide(known, read, ports);
      const { decisions, intents, aggregate } = concluded;
      const result = { traded: { seen: false, decisions, intents, troubles }, outbox: aggregate.outbox };
      return { changed: concluded, rule: { sliceAfterMs: slice.closeTimeMs }, result };
    });
    if (outbox.length > 0) await ports.queue.publish(outbox);
    tradedMs = Math.max(tradedMs ?? 0, slice.closeTimeMs);
    return traded;
  }

  /** Slices that this strategy has not decided on and that the stream will not bring: it gave up on them, or was replaced. */
  async function missed({ closeTimeMs, previousCloseTimeMs }: Slice): Promise<Slice[]> {
    if (tradedMs !== null && tradedMs === previousCloseTimeMs) return [];
    const lastSliceMs = (await ports.ledger.load(strategy.id))?.lastSliceMs ?? null;
    if (lastSliceMs === null || (previousCloseTimeMs !== null && previousCloseTimeMs <= lastSliceMs)) return [];
    return await Array.fromAsync(ports.sliceLog.between(lastSliceMs + 1, closeTimeMs - 1));
  }

  /** Fills, stops and exits need every minute of a held position, late rather than never; entries are stale by then. */
  async function catchUp(slice: Slice): Promise<Traded[]> {
    const traded: Traded[] = [];
    try {
      for (const one of await missed(slice)) traded.push(await trade(one));
    } catch (error) {
      if (kindOf(error) === 'transient') throw error;
      // A slice that can never be taken must not stand in the way of the ones after it.
      traded.push({ ...nothing, troubles: [`missed slices before ${slice.closeTimeMs}: ${(error as Error).message}`] });
    }
    return traded;
  }

  return async (slice) => {
    const traded = [...(await catchUp(slice)), await trade(slice)];
    return {
      seen: traded.every(({ seen }) => seen),
      decisions: traded.flatMap(({ decisions }) => decisions),
      intents: traded.flatMap(({ intents }) => intents),
      troubles: traded.flatMap(({ troubles }) => troubles),
    };
  };
}

/** Windows serve signals only, so that bars which cannot be read cost the signals of their slice and nothing else. */
async function readableWindows(
  needed: readonly WindowRequest[],
  windows: WindowCache,
): Promise<{ read: StepWindows; troubles: string[] }> {
  try {
    return { read: await readWindows(needed, windows), troubles: [] };
  } catch (error) {
    if (kindOf(error) === 'transient') throw error;
    return { read: {}, troubles: [`windows: ${(error as Error).message}`] };
  }
}

const nothing: Traded = { seen: true, decisions: [], intents: [], troubles: [] };

interface Known {
  readonly strategy: Strategy;
  readonly held: Aggregate;
  readonly slice: Slice;
  readonly receiptTimeMs: number;
  readonly readings: ModeReadings;
}

async function decide(known: Known, windows: StepWindows, ports: TraderPorts): Promise<Conclusion> {
  const input: StepInput = { ...known, calendar: ports.calendar, windows };
  const proposal = propose(input);
  return conclude(proposal, await askModels(proposal, ports.models));
}

/** Asks the model of every candidate's root, one after the other: the answers do not depend on each other. */
async function askModels(
  { input, candidates }: Proposal,
  models: Readonly<Record<string, VetoModel>>,
): Promise<Record<string, Verdict>> {
  const verdicts: Record<string, Verdict> = {};
  for (const { line } of candidates) {
    const windows = input.windows[line.root] ?? {};
    verdicts[line.root] = await askVeto({ policy: input.strategy.veto, model: models[line.root] ?? null, windows });
  }
  return verdicts;
}
