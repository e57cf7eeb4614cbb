import { type CommitPorts, change } from './commit.ts';
import type { ModeReadings } from './execution/mode.ts';
import { featureLookbacks } from './features/registry.ts';
import type { SessionCalendar } from './market/session-calendar.ts';
import type { Slice } from './market/slice.ts';
import { makeWindowCache } from './market/window-cache.ts';
import type { BarHistory, Clock, IntentQueue, ModeSource } from './ports.ts';
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
import { askVeto, type Verdict, type VetoModel } from './strategy/veto.ts';
import { type Aggregate, newAggregate } from './trading/aggregate.ts';
import type { Intent } from './trading/intent.ts';

/** Everything outside that trading needs. */
export interface TraderPorts extends CommitPorts {
  readonly history: Pick<BarHistory, 'window'>;
  readonly queue: IntentQueue;
  readonly modes: ModeSource;
  readonly clock: Clock;
  readonly calendar: SessionCalendar;
  /** Models by lane root. */
  readonly models: Readonly<Record<string, VetoModel>>;
}

/** What became of a slice. `seen` is one that was decided on before: only its outbox was published again. */
export interface Traded {
  readonly seen: boolean;
  readonly decisions: readonly Decision[];
  readonly intents: readonly Intent[];
}

/** Trades one strategy, slice by slice: load, decide purely, commit, publish. */
export function makeTrader(strategy: Strategy, ports: TraderPorts): (slice: Slice) => Promise<Traded> {
  const initial = newAggregate(
    strategy.id,
    strategy.lines.map((line) => line.root),
  );
  const extra: ExtraLookbacks = ({ root }) => featureLookbacks(ports.models[root]?.features ?? []);
  const windows = makeWindowCache(ports.history);
  return async (slice) => {
    windows.follow(slice);
    const receiptTimeMs = ports.clock.now();
    // Never rejects, so it may run beside the first read of the ledger.
    const reading = ports.modes.read();
    const { traded, outbox } = await change(ports, initial, async (held) => {
      if (held.lastSliceMs !== null && slice.closeTimeMs <= held.lastSliceMs) {
        return { changed: null, result: { traded: nothing, outbox: held.outbox } };
      }
      const known = { strategy, held, slice, receiptTimeMs, readings: await reading };
      const needed = windowsNeeded(known, extra);
      const concluded = await decide(known, await readWindows(needed, windows), ports);
      const { decisions, intents, aggregate } = concluded;
      const result = { traded: { seen: false, decisions, intents }, outbox: aggregate.outbox };
      return { changed: concluded, rule: { sliceAfterMs: slice.closeTimeMs }, result };
    });
    if (outbox.length > 0) await ports.queue.publish(outbox);
    return traded;
  };
}

const nothing: Traded = { seen: true, decisions: [], intents: [] };

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
