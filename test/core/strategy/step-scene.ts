import { z } from 'zod';
import type { Mode, ModeReadings } from '#core/execution/mode.ts';
import { bucketsBetween } from '#core/market/buckets.ts';
import { instrumentOf } from '#core/market/instrument.ts';
import type { Slice } from '#core/market/slice.ts';
import { HOUR_MS } from '#core/market/timeframe.ts';
import { type Window, type WindowRequest, windowOf } from '#core/market/window.ts';
import { type Conclusion, conclude } from '#core/strategy/conclude.ts';
import {
  type AnyDefinition,
  defineStrategy,
  type ExitPlan,
  type Signal,
  type View,
} from '#core/strategy/definition.ts';
import { type Proposal, propose } from '#core/strategy/propose.ts';
import { type StepInput, windowsNeeded } from '#core/strategy/step-input.ts';
import type { Line, Strategy } from '#core/strategy/strategy.ts';
import type { Verdict } from '#core/strategy/veto.ts';
import { type Aggregate, newAggregate, withLane } from '#core/trading/aggregate.ts';
import { flatLane, type Lane } from '#core/trading/lane.ts';
import type { Position } from '#core/trading/position.ts';
import { aPosition } from '#test/core/trading/positions.ts';
import { aSlice, calendar, chicago, hour, minute } from '#test/core/trading/slices.ts';

/** A plan with every exit: stop 1 %, target 2 %, broker stop 1.5 %, eight bars, 15:00. */
export const plan: ExitPlan = {
  stop: { kind: 'fraction', value: 0.01 },
  target: { kind: 'fraction', value: 0.02 },
  brokerStop: { kind: 'fraction', value: 0.015 },
  barStopBars: 8,
  autoCloseMinute: 15 * 60,
};
export const buy: Extract<Signal, { kind: 'enter' }> = {
  kind: 'enter',
  side: 'long',
  plan,
  evidence: { why: 'told to' },
};
export const sellShort: typeof buy = { ...buy, side: 'short' };
export const leave: Signal = { kind: 'exit', reason: 'ibs', evidence: {} };
export const stay: Signal = { kind: 'hold', reason: 'nothing to do', evidence: {} };

/** An hourly definition of one bar that says what it is told to, and no entry within 30 minutes of the close. */
export function saying(decide: Signal | ((view: View<unknown>) => Signal), lookback = 1): AnyDefinition {
  return defineStrategy({
    name: 'scripted',
    params: z.unknown(),
    timeframe: '1h',
    lookback: () => lookback,
    noEntryBeforeCloseMin: () => 30,
    decide: (view) => (typeof decide === 'function' ? decide(view) : decide),
  });
}

/** ES on its own signals, one contract, buying at every hour while flat and else holding. */
export function aLine(changed: Partial<Line> = {}): Line {
  const definition = saying(({ held }) => (held === null ? buy : stay));
  return { root: 'ES', tradedRoot: 'ES', size: { contracts: 1 }, definition, params: {}, ...changed };
}

/** One line of ES with one slot and a daily stop of 1000 dollars, without model and slippage. */
export function aStrategy(changed: Partial<Strategy> = {}): Strategy {
  return {
    id: 'scripted',
    state: 'active',
    lines: [aLine()],
    veto: 'off',
    limits: { positionsMax: 1, dailyStopUsd: 1000 },
    certificate: { entryGrade: 'presumed', holesMaxRecent: 0, holesMaxFraction: 0.02 },
    slippageTicks: 0,
    configHash: 'hash',
    ...changed,
  };
}

export const passed: Verdict = {
  vetoed: false,
  reason: 'passed',
  probability: null,
  threshold: null,
  model: null,
  missing: [],
  row: {},
};

/** Both modes as read; null is one that cannot be read. A later version is a newer reading. */
export function readingsOf(own: Mode | null, { global = 'RUN' as Mode | null, version = 1 } = {}): ModeReadings {
  return {
    global: { mode: global, lastModifiedMs: version, version },
    own: { mode: own, lastModifiedMs: version, version },
  };
}

/** A window of hours at 100 that ends at the slice: its last bar is the slice's own, if it has one. */
export function windowAt({ root, contract, timeframe, lookback }: WindowRequest, slice: Slice): Window {
  const { group } = instrumentOf(root);
  const fromMs = slice.closeTimeMs - 5 * 24 * HOUR_MS - lookback * HOUR_MS;
  const bars = bucketsBetween(calendar, group, timeframe, fromMs, slice.closeTimeMs).map(
    ({ openTimeMs, closeTimeMs }) => {
      const own = slice.bars.find(
        (bar) => bar.contract === contract && bar.timeframe === timeframe && bar.closeTimeMs === closeTimeMs,
      );
      return { ...(own ?? hour(closeTimeMs, { root, contract, timeframe, openTimeMs })), knownAtMs: closeTimeMs };
    },
  );
  const gaps = slice.gap === null ? [] : [slice.gap];
  return windowOf({ root, contract, timeframe, lookback }, { bars, gaps }, slice.closeTimeMs);
}

/** What a step is asked, with the windows it needs; the slice is received as it closes, in mode RUN. */
export function aStepInput(known: Pick<StepInput, 'slice'> & Partial<StepInput>): StepInput {
  const strategy = known.strategy ?? aStrategy();
  const roots = strategy.lines.map(({ root }) => root);
  const held = known.held ?? newAggregate(strategy.id, roots);
  const windows: Record<string, Record<string, Window>> = {};
  for (const request of windowsNeeded({ strategy, held, slice: known.slice }, () => ({}))) {
    windows[request.root] = { [request.timeframe]: windowAt(request, known.slice) };
  }
  const receiptTimeMs = known.slice.closeTimeMs;
  return { strategy, calendar, held, receiptTimeMs, readings: readingsOf('RUN'), windows, ...known };
}

/** Both halves of a step; every candidate passes unless a verdict says otherwise. */
export function step(
  input: StepInput,
  verdicts: Readonly<Record<string, Verdict>> = {},
): Conclusion & { proposal: Proposal } {
  const proposal = propose(input);
  const given = Object.fromEntries(proposal.candidates.map(({ line }) => [line.root, verdicts[line.root] ?? passed]));
  return { ...conclude(proposal, given), proposal };
}

/** Nine o'clock in Chicago of a Tuesday: every hour of the day has bars before it. */
export const nine = chicago('2024-11-12 09:00');

/** The slice of a minute of ES at one price. */
export function atMinute(closeTimeMs = nine, price = 100): Slice {
  return aSlice(closeTimeMs, { bars: [minute(closeTimeMs, { open: price })] });
}

/** The slice of a minute of ES with which an hour ends, both at one price. */
export function atHour(closeTimeMs = nine, price = 100): Slice {
  return aSlice(closeTimeMs, { bars: [minute(closeTimeMs, { open: price }), hour(closeTimeMs, { open: price })] });
}

/** The aggregate of a strategy that holds the position of the fixture, without a bar stop, unless said otherwise. */
export function anAggregate(changed: Partial<Position> = {}, lane: Partial<Lane> = {}): Aggregate {
  const position = aPosition({ plan: { ...plan, barStopBars: null }, ...changed });
  const open = { ...flatLane('ES'), state: 'OPEN', epoch: 1, position } as const;
  return withLane(newAggregate('scripted', ['ES']), { ...open, ...lane });
}
