import { commitReadings, type Mode, modeInForce } from '../execution/mode.ts';
import { type Aggregate, forgottenRows, type LedgerRow } from '../trading/aggregate.ts';
import { observe } from '../trading/fills.ts';
import type { Intent } from '../trading/intent.ts';
import { EXIT_SPACING_MS, flatLane, isUnclaimed, type Lane, SENDING_MAX_MS } from '../trading/lane.ts';
import { transition } from '../trading/lane-table.ts';
import type { Trade } from '../trading/pnl.ts';
import { advanceDay, dayPnlUsd, tradeDateAt } from '../trading/risk.ts';
import type { StepInput } from './step-input.ts';

/** The aggregate after the world moved on to the slice, before anybody wants anything. */
export interface Advanced {
  readonly mode: Mode;
  readonly aggregate: Aggregate;
  readonly rows: readonly LedgerRow[];
}

/** Commits what was read of the modes, fills and marks by the slice's bars, counts the day, and ends what ran out. */
export function advance(input: StepInput): Advanced {
  const { held, slice, strategy, calendar, receiptTimeMs } = input;
  const modes = commitReadings(held.modes, input.readings);
  const mode = modeInForce(modes);
  const trades: Trade[] = [];
  const forgotten: LedgerRow[] = [];
  const lanes: Record<string, Lane> = {};
  const rules = { strategyId: strategy.id, calendar, slippageTicks: strategy.slippageTicks };
  // A root that was added to the strategy since the aggregate was created starts flat.
  const added = Object.fromEntries(strategy.lines.map(({ root }) => [root, flatLane(root)]));
  for (const lane of Object.values({ ...added, ...held.lanes })) {
    const seen = observe(lane, slice, rules);
    if (seen.trade !== null) trades.push(seen.trade);
    const current = mode === 'HALT' ? withoutUnclaimedExit(seen.lane) : seen.lane;
    const isLate = isOverdue(current, receiptTimeMs);
    const now = isLate ? transition(current, { kind: 'overdue', atMs: receiptTimeMs }) : current;
    forgotten.push(...forgottenRows(current, now, { atMs: receiptTimeMs }));
    lanes[lane.root] = now;
  }
  const day = advanceDay(held.day, tradeDateAt(calendar, strategy, slice.closeTimeMs), trades);
  const stopped = day.stopped || dayPnlUsd({ day, lanes }) <= -strategy.limits.dailyStopUsd;
  const moved = { ...held, modes, lanes, day: { ...day, stopped }, lastSliceMs: slice.closeTimeMs };
  const closed = trades.map((body): LedgerRow => ({ kind: 'TRADE', id: body.id, timeMs: body.exitTimeMs, body }));
  return dropOutdated({ mode, aggregate: moved, rows: [...closed, ...forgotten] }, receiptTimeMs);
}

/** In HALT nothing is posted: an exit that nobody has claimed is taken back and does not count as an attempt. */
function withoutUnclaimedExit(lane: Lane): Lane {
  return isUnclaimed(lane.exiting) ? transition(lane, { kind: 'release' }) : lane;
}

/** A POST has no outcome, or an exit no claim, after a minute. */
function isOverdue({ state, entryAttempt, exiting }: Lane, nowMs: number): boolean {
  if (state === 'ENTERING') return entryAttempt !== null && nowMs - entryAttempt.sentAtMs >= SENDING_MAX_MS;
  if (exiting === null || exiting.intentId === null) return false;
  if (exiting.attempt !== null) return nowMs - exiting.attempt.sentAtMs >= SENDING_MAX_MS;
  return exiting.lastTryAtMs !== null && nowMs - exiting.lastTryAtMs >= EXIT_SPACING_MS;
}

/** Takes intents out of the outbox that may no longer be claimed, and frees what they had reserved. */
function dropOutdated({ mode, aggregate, rows }: Advanced, nowMs: number): Advanced {
  const lanes = { ...aggregate.lanes };
  const drops: LedgerRow[] = [];
  const outbox = aggregate.outbox.filter((intent) => {
    const lane = lanes[intent.root];
    const reason = outdated(intent, lane, { mode, stopped: aggregate.day.stopped, nowMs });
    if (reason === null) return true;
    if (lane?.state === 'RESERVED' && lane.intentId === intent.id) {
      lanes[intent.root] = transition(lane, { kind: 'release' });
    }
    drops.push({ kind: 'DROP', id: intent.id, timeMs: intent.decisionTimeMs, body: { intent, reason, atMs: nowMs } });
    return false;
  });
  return { mode, aggregate: { ...aggregate, lanes, outbox }, rows: [...rows, ...drops] };
}

function outdated(
  intent: Intent,
  lane: Lane | undefined,
  { mode, stopped, nowMs }: { mode: Mode; stopped: boolean; nowMs: number },
): string | null {
  if (intent.kind === 'exit') {
    if (lane?.exiting?.intentId === intent.id) return null;
    return mode === 'HALT' ? 'mode HALT' : 'replaced';
  }
  if (lane?.intentId !== intent.id) return 'the lane moved on';
  if (intent.expiresAtMs !== null && nowMs >= intent.expiresAtMs) return 'expired';
  if (mode !== 'RUN') return `mode ${mode}`;
  return stopped ? 'daily stop' : null;
}
