import { instrumentOf, roundToTick } from '../market/instrument.ts';
import type { Aggregate, Changed, LedgerRow } from '../trading/aggregate.ts';
import { slotsUsed, withLane } from '../trading/aggregate.ts';
import { entryId, exitId, type Intent } from '../trading/intent.ts';
import { EXIT_OVERLAP_MS, EXIT_SPACING_MS, type Exiting, type Lane } from '../trading/lane.ts';
import { transition } from '../trading/lane-table.ts';
import { levelDistance, type Position } from '../trading/position.ts';
import type { Decision } from './decision.ts';
import type { Candidate, Finding, Proposal } from './propose.ts';
import type { Verdict } from './veto.ts';

/** The second half of a step: a changed aggregate, its decisions among the rows, and the intents it adds to the outbox. */
export interface Conclusion extends Changed {
  readonly decisions: readonly Decision[];
  readonly intents: readonly Intent[];
}

/**
 * Turns a proposal and the model's answers into new state, decisions and intents.
 *
 * @param verdicts the model's answer per candidate root; a candidate without one is vetoed
 */
export function conclude(proposal: Proposal, verdicts: Readonly<Record<string, Verdict>>): Conclusion {
  const { input } = proposal;
  const state = { aggregate: proposal.aggregate, decisions: [] as Decision[], intents: [] as Intent[] };
  const roots = new Set([...input.strategy.lines.map(({ root }) => root), ...Object.keys(proposal.aggregate.lanes)]);
  for (const root of roots) {
    const candidate = proposal.candidates.find(({ line }) => line.root === root);
    const finding = proposal.findings.get(root);
    const exit = exitIntent(state.aggregate.lanes[root], proposal);
    if (exit !== null) decideExit(state, exit, finding, proposal);
    else if (candidate !== undefined) decideEntry(state, candidate, verdicts[root] ?? null, proposal);
    else if (finding !== undefined) state.decisions.push(decisionOf(proposal, root, finding));
  }
  const { closeTimeMs } = input.slice;
  const decided = state.decisions.map(
    (body): LedgerRow => ({ kind: 'DECISION', id: body.id, timeMs: closeTimeMs, body }),
  );
  return {
    aggregate: { ...state.aggregate, outbox: [...state.aggregate.outbox, ...state.intents] },
    rows: [...proposal.rows, ...decided],
    change: { kind: 'slice', closeTimeMs, receiptTimeMs: input.receiptTimeMs, readings: input.readings, verdicts },
    decisions: state.decisions,
    intents: state.intents,
  };
}

interface Deciding {
  aggregate: Aggregate;
  readonly decisions: Decision[];
  readonly intents: Intent[];
}

/** The exit to send now: the lane is getting flat, none is under way, the market is open and the last try is old enough. */
function exitIntent(lane: Lane | undefined, { input, mode }: Proposal): Intent | null {
  const { exiting, position } = lane ?? {};
  if (lane === undefined || !exiting || !position || exiting.intentId !== null || mode === 'HALT') return null;
  const { calendar, slice, receiptTimeMs, strategy } = input;
  if (calendar.sessionAt(instrumentOf(position.tradedRoot).group, slice.closeTimeMs) === null) return null;
  if (receiptTimeMs < dueAtMs(exiting)) return null;
  const { root, epoch } = lane;
  return {
    schemaVersion: 1,
    id: exitId({ strategyId: strategy.id, root, epoch, n: lane.exitIds + 1 }),
    strategyId: strategy.id,
    root,
    tradedRoot: position.tradedRoot,
    contract: position.contract,
    kind: 'exit',
    side: position.side,
    quantity: position.quantity,
    signalPrice: position.mark,
    brokerStopPrice: null,
    decisionTimeMs: slice.closeTimeMs,
    expiresAtMs: null,
    epoch,
    origin: exiting.wanted.origin,
    reason: exiting.wanted.reason,
  };
}

/** When the next exit may be made: not right after the last one, nor before the repeat that an unknown entry asks for. */
function dueAtMs({ lastTryAtMs, lastClaimAtMs, repeatAtMs }: Exiting): number {
  const spacedMs = lastTryAtMs === null ? 0 : lastTryAtMs + EXIT_SPACING_MS;
  const seenMs = lastClaimAtMs === null ? 0 : lastClaimAtMs + EXIT_OVERLAP_MS;
  return Math.max(spacedMs, seenMs, repeatAtMs ?? 0);
}

function decideExit(state: Deciding, intent: Intent, finding: Finding | undefined, proposal: Proposal): void {
  const { root, id } = intent;
  const lane = transition(state.aggregate.lanes[root]!, {
    kind: 'try-exit',
    intentId: id,
    atMs: proposal.input.receiptTimeMs,
  });
  state.aggregate = withLane(state.aggregate, lane);
  state.intents.push(intent);
  const evidence = { ...finding?.evidence, mark: lane.position?.mark ?? null, try: lane.exiting?.tries ?? 0 };
  const found = {
    action: 'exit',
    reason: intent.reason,
    contract: intent.contract,
    evidence,
    certificate: null,
  } as const;
  state.decisions.push({ ...decisionOf(proposal, root, found), intentId: id });
}

function decideEntry(state: Deciding, candidate: Candidate, verdict: Verdict | null, proposal: Proposal): void {
  const { line, contract, signal, certificate } = candidate;
  const { strategy, slice } = proposal.input;
  const { root } = line;
  const found = { contract, evidence: signal.evidence, certificate };
  const used = slotsUsed(state.aggregate);
  const lane = state.aggregate.lanes[root]!;
  if (verdict === null || verdict.vetoed) {
    const reason = verdict === null ? 'no verdict' : vetoReason(verdict);
    state.decisions.push({ ...decisionOf(proposal, root, { ...found, action: 'vetoed', reason }), verdict });
  } else if (used >= strategy.limits.positionsMax) {
    const reason = `slots: ${used} of ${strategy.limits.positionsMax} in use`;
    state.decisions.push({ ...decisionOf(proposal, root, { ...found, action: 'refused', reason }), verdict });
  } else {
    const id = entryId(strategy.id, root, slice.closeTimeMs);
    const position = plannedPosition(candidate, slice.closeTimeMs);
    state.aggregate = withLane(state.aggregate, transition(lane, { kind: 'approve', intentId: id, position }));
    state.intents.push(entryIntent({ id, candidate, position, epoch: lane.epoch + 1, strategyId: strategy.id }));
    const made = decisionOf(proposal, root, { ...found, action: 'enter', reason: 'signal' });
    state.decisions.push({ ...made, verdict, intentId: id });
  }
}

function plannedPosition(candidate: Candidate, decisionTimeMs: number): Position {
  const { line, signal, signalPrice } = candidate;
  return {
    contract: candidate.tradedContract,
    tradedRoot: line.tradedRoot,
    signalContract: candidate.contract,
    side: signal.side,
    quantity: candidate.quantity,
    signalPrice,
    decisionTimeMs,
    plan: signal.plan,
    signalTimeframe: line.definition.timeframe,
    brokerStopPrice: brokerStopPrice(candidate),
    autoCloseAtMs: candidate.autoCloseAtMs,
    acceptedAtMs: null,
    fillPrice: null,
    filledAtMs: null,
    mark: signalPrice,
    assumed: false,
    brokerExitPrice: null,
  };
}

/** The stop that rests at the broker, on the tick away from the price, so that rounding never brings it nearer. */
function brokerStopPrice({ line, signal, signalPrice }: Candidate): number | null {
  const level = signal.plan.brokerStop;
  if (level === null) return null;
  const distance = levelDistance(level, signalPrice);
  const instrument = instrumentOf(line.tradedRoot);
  return signal.side === 'long'
    ? roundToTick(instrument, signalPrice - distance, 'down')
    : roundToTick(instrument, signalPrice + distance, 'up');
}

function entryIntent(made: {
  id: string;
  candidate: Candidate;
  position: Position;
  epoch: number;
  strategyId: string;
}): Intent {
  const { id, candidate, position, epoch, strategyId } = made;
  return {
    schemaVersion: 1,
    id,
    strategyId,
    root: candidate.line.root,
    tradedRoot: position.tradedRoot,
    contract: position.contract,
    kind: 'enter',
    side: position.side,
    quantity: position.quantity,
    signalPrice: position.signalPrice,
    brokerStopPrice: position.brokerStopPrice,
    decisionTimeMs: position.decisionTimeMs,
    expiresAtMs: candidate.expiresAtMs,
    epoch,
    origin: 'slice',
    reason: 'signal',
  };
}

function vetoReason({ reason, probability, threshold, missing }: Verdict): string {
  if (reason === 'missing-feature') return `missing feature ${missing.join(', ')}`;
  if (reason === 'model') return `probability ${probability} below ${threshold}`;
  return reason;
}

function decisionOf({ input, mode }: Proposal, root: string, finding: Finding): Decision {
  const { strategy, slice, receiptTimeMs } = input;
  return {
    id: `${strategy.id}:${root}:${slice.closeTimeMs}`,
    strategyId: strategy.id,
    root,
    closeTimeMs: slice.closeTimeMs,
    receiptTimeMs,
    ...finding,
    verdict: null,
    mode,
    configHash: strategy.configHash,
    intentId: null,
  };
}
