import type { Mode } from '../execution/mode.ts';
import { type Certificate, certificateOf } from '../market/certificate.ts';
import { instrumentOf } from '../market/instrument.ts';
import { MINUTE_MS } from '../market/timeframe.ts';
import { lastBars } from '../market/window.ts';
import type { Aggregate, LedgerRow } from '../trading/aggregate.ts';
import { autoCloseAtMs } from '../trading/auto-close.ts';
import { dueExit } from '../trading/exits.ts';
import { ENTRY_TTL_MS } from '../trading/intent.ts';
import type { Lane, WantedExit } from '../trading/lane.ts';
import { transition } from '../trading/lane-table.ts';
import { entryRefusal } from '../trading/risk.ts';
import { contractsFor } from '../trading/sizing.ts';
import { advance } from './advance.ts';
import type { Action } from './decision.ts';
import type { Evidence, Signal, View } from './definition.ts';
import { type StepInput, signalBarClosed, signalContract } from './step-input.ts';
import type { Line, Strategy } from './strategy.ts';

/** What is found about one root at a slice, before it becomes a decision. */
export interface Finding {
  readonly action: Action;
  readonly reason: string;
  readonly contract: string | null;
  readonly evidence: Evidence;
  readonly certificate: Certificate | null;
}

/** An entry that the signal and the risk rules agree on; the model and the slots have not spoken yet. */
export interface Candidate {
  readonly line: Line;
  readonly contract: string;
  readonly tradedContract: string;
  readonly signal: Extract<Signal, { kind: 'enter' }>;
  /** Contracts, at least 1. */
  readonly quantity: number;
  readonly signalPrice: number;
  readonly autoCloseAtMs: number;
  readonly expiresAtMs: number;
  readonly certificate: Certificate;
}

/** The first half of a step: exits are asked for, entries proposed; nothing is reserved or sent yet. */
export interface Proposal {
  readonly input: StepInput;
  readonly mode: Mode;
  readonly aggregate: Aggregate;
  readonly rows: readonly LedgerRow[];
  readonly findings: ReadonlyMap<string, Finding>;
  readonly candidates: readonly Candidate[];
}

/** Moves the aggregate on to the slice, latches every exit that is due, and proposes entries for the model to judge. */
export function propose(input: StepInput): Proposal {
  const { mode, aggregate, rows } = advance(input);
  const lanes = { ...aggregate.lanes };
  const findings = new Map<string, Finding>();
  const candidates: Candidate[] = [];
  for (const line of input.strategy.lines) {
    const lane = lanes[line.root];
    if (lane === undefined) continue;
    const opinion = opinionOf(line, input);
    const wanted = wantedExit(lane, { input, mode, stopped: aggregate.day.stopped, opinion });
    if (wanted !== null) lanes[line.root] = transition(lane, { kind: 'want-exit', wanted });
    if (opinion === null) continue;
    const entry = wanted === null ? proposeEntry(line, lane, { input, mode, aggregate, opinion }) : holding(opinion);
    if ('line' in entry) candidates.push(entry);
    else findings.set(line.root, entry);
  }
  // A root that the configuration no longer has may still be held: nobody signals on it, but it is left like any other.
  for (const lane of orphans(input.strategy, lanes)) {
    const wanted = wantedExit(lane, { input, mode, stopped: aggregate.day.stopped, opinion: null });
    if (wanted !== null) lanes[lane.root] = transition(lane, { kind: 'want-exit', wanted });
  }
  return { input, mode, aggregate: { ...aggregate, lanes }, rows, findings, candidates };
}

function orphans({ lines }: Strategy, lanes: Readonly<Record<string, Lane>>): Lane[] {
  return Object.values(lanes).filter((lane) => !lines.some(({ root }) => root === lane.root));
}

/** A definition's signal at this slice, with what it was formed on; `signal` is null when it could not be asked. */
interface Opinion {
  readonly contract: string | null;
  readonly signal: Signal | null;
  readonly certificate: Certificate | null;
  readonly close: number;
  readonly reason: string;
}

/** Asks the definition when its timeframe closed on this root; null when it did not. */
function opinionOf(line: Line, input: StepInput): Opinion | null {
  const { held, slice, calendar, windows } = input;
  const contract = signalContract(line, held, slice);
  if (!signalBarClosed(line, contract, slice)) return null;
  const mute = { contract, signal: null, certificate: null, close: Number.NaN };
  if (contract === null) return { ...mute, reason: 'no lead: the prior session is not covered' };
  const lookback = line.definition.lookback(line.params);
  const seen = windows[line.root]?.[line.definition.timeframe];
  if (seen === undefined || seen.length < lookback) {
    return { ...mute, reason: `warming up: ${seen?.length ?? 0} of ${lookback} bars` };
  }
  const window = lastBars(seen, lookback);
  const label = calendar.civilTime(window.openTimeMs[lookback - 1]!);
  const position = held.lanes[line.root]?.position ?? null;
  const { signal, reason } = signalOf(line, { window, label, held: position?.side ?? null, params: line.params });
  const certificate = certificateOf(window, { calendar, entryGrade: slice.grade, source: slice.source });
  return { contract, signal, certificate, close: window.close[lookback - 1]!, reason };
}

/** A definition that throws has no opinion; the exits that need none go on. */
function signalOf({ definition }: Line, view: View<unknown>): Pick<Opinion, 'signal' | 'reason'> {
  try {
    return { signal: definition.decide(view), reason: '' };
  } catch (error) {
    return { signal: null, reason: `${definition.name} failed: ${(error as Error).message}` };
  }
}

/** The exit that a lane must be asked for now, or null. Asked of nobody: no model, no risk rule, no data quality. */
function wantedExit(
  lane: Lane,
  view: { input: StepInput; mode: Mode; stopped: boolean; opinion: Opinion | null },
): WantedExit | null {
  const { input, opinion } = view;
  const exposed =
    lane.state === 'OPEN' || lane.state === 'UNKNOWN' || (lane.state === 'ENTERING' && lane.latched === null);
  if (!exposed || lane.position === null) return null;
  const atMs = input.receiptTimeMs;
  if (view.mode === 'FLATTEN') return { reason: 'flatten', atMs, origin: 'kill' };
  if (view.stopped) return { reason: 'daily-stop', atMs, origin: 'slice' };
  const signalExit = opinion?.signal?.kind === 'exit' ? opinion.signal.reason : null;
  const reason = dueExit(lane.position, { calendar: input.calendar, nowMs: input.slice.closeTimeMs, signalExit });
  return reason === null ? null : { reason, atMs, origin: 'slice' };
}

/** A candidate when signal and risk rules agree, else what was found instead. */
function proposeEntry(
  line: Line,
  lane: Lane,
  { input, mode, aggregate, opinion }: { input: StepInput; mode: Mode; aggregate: Aggregate; opinion: Opinion },
): Candidate | Finding {
  const { signal, certificate, contract } = opinion;
  if (signal?.kind !== 'enter' || certificate === null || contract === null) return holding(opinion);
  const found = { contract, evidence: signal.evidence, certificate };
  if (lane.state !== 'FLAT') return { ...found, action: 'hold', reason: `lane ${lane.state}` };
  const { slice, calendar, receiptTimeMs, strategy } = input;
  const { definition, tradedRoot } = line;
  const tradedContract = tradedRoot === line.root ? contract : slice.leads[tradedRoot];
  const signalPrice = tradedRoot === line.root ? opinion.close : minuteClose(slice.bars, tradedContract);
  const session = calendar.sessionAt(instrumentOf(tradedRoot).group, slice.closeTimeMs);
  const closeAtMs = session
    ? autoCloseAtMs(calendar, { root: tradedRoot, tradeDate: session.tradeDate, minute: signal.plan.autoCloseMinute })
    : slice.closeTimeMs;
  const refusal = entryRefusal({
    strategy,
    lane,
    mode,
    day: aggregate.day,
    closeTimeMs: slice.closeTimeMs,
    receiptTimeMs,
    nextMinuteInSession: session !== null,
    noEntryFromMs: closeAtMs - definition.noEntryBeforeCloseMin(line.params) * MINUTE_MS,
    certificate,
  });
  const refused = (reason: string): Finding => ({ ...found, action: 'refused', reason });
  if (refusal !== null) return refused(refusal);
  if (tradedContract === undefined || signalPrice === null || session === null)
    return refused(`no price of ${tradedRoot}`);
  const quantity = contractsFor(line.size, { tradedRoot, stop: signal.plan.stop, price: signalPrice });
  if (quantity < 1) return refused('size: riskDollars buys no whole contract at the distance of the stop');
  const expiresAtMs = slice.closeTimeMs + ENTRY_TTL_MS;
  return {
    line,
    contract,
    tradedContract,
    signal,
    quantity,
    signalPrice,
    autoCloseAtMs: closeAtMs,
    expiresAtMs,
    certificate,
  };
}

function holding({ contract, signal, certificate, reason }: Opinion): Finding {
  const why = signal === null ? reason : signal.kind === 'enter' ? 'exit wanted' : signal.reason;
  return { action: 'hold', reason: why, contract, evidence: signal?.evidence ?? {}, certificate };
}

function minuteClose(bars: StepInput['slice']['bars'], contract: string | undefined): number | null {
  return bars.findLast((bar) => bar.timeframe === '1m' && bar.contract === contract)?.close ?? null;
}
