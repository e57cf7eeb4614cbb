import type { z } from 'zod';
import type { CivilTime } from '../market/session-calendar.ts';
import type { Timeframe } from '../market/timeframe.ts';
import type { Window } from '../market/window.ts';

/** Numbers and words that explain a signal; kept with the decision. null says that a value could not be computed. */
export type Evidence = Readonly<Record<string, number | string | boolean | null>>;

export type Side = 'long' | 'short';

/** A level relative to the entry price: a fraction of it, or a distance in price units. Both positive. */
export type Level =
  | { readonly kind: 'fraction'; readonly value: number }
  | { readonly kind: 'distance'; readonly value: number };

/** The exits that need only the position, the calendar and the last price; fixed when the entry is decided. */
export interface ExitPlan {
  /** Loss at which the position is closed, looked at on every slice; null for none. */
  readonly stop: Level | null;
  /** Gain at which the position is closed, looked at on every slice; null for none. */
  readonly target: Level | null;
  /** Stop that rests at the broker; wider than `stop`; null for none. */
  readonly brokerStop: Level | null;
  /** Calendar buckets of the signal timeframe after the bucket of the fill; null for none. */
  readonly barStopBars: number | null;
  /** Chicago time of day, minutes after midnight, at which the position is closed on its trade date; null for session close only. */
  readonly autoCloseMinute: number | null;
}

/** A definition's opinion about one root at the close of one bar. */
export type Signal =
  | { readonly kind: 'enter'; readonly side: Side; readonly plan: ExitPlan; readonly evidence: Evidence }
  | { readonly kind: 'exit'; readonly reason: string; readonly evidence: Evidence }
  | { readonly kind: 'hold'; readonly reason: string; readonly evidence: Evidence };

/** What a definition sees: closed bars up to now, the label of the last one, and what is held. */
export interface View<P> {
  /** Exactly `lookback` bars of the signal timeframe, the last one just closed. */
  readonly window: Window;
  /** Chicago time at which the last bar opened. */
  readonly label: CivilTime;
  /** Side held, or null when flat. */
  readonly held: Side | null;
  readonly params: P;
}

/** A file in `strategies/`: parameters, needs and rules. Pure: it sees closed bars and nothing else. */
export interface Definition<P> {
  readonly name: string;
  /** Strict schema with defaults; unknown keys are refused. */
  readonly params: z.ZodType<P>;
  /** The timeframe whose close asks for an opinion. */
  readonly timeframe: Exclude<Timeframe, '1m'>;
  /** Bars of `timeframe` needed, at least 1. */
  lookback(params: P): number;
  /** Minutes before the auto-close instant from which no entry is allowed, at least 1. */
  noEntryBeforeCloseMin(params: P): number;
  decide(view: View<P>): Signal;
}

/** A definition with its parameter type hidden behind its own schema, as the registry holds it. */
export type AnyDefinition = Definition<unknown>;

/** Hides a definition's parameter type, so that the registry can hold all of them; `params` must come from its schema. */
export function defineStrategy<P>(definition: Definition<P>): AnyDefinition {
  return definition as unknown as AnyDefinition;
}
