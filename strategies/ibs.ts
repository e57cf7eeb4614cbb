import { z } from 'zod';
import { wilderAtr } from '#core/indicators/atr.ts';
import { internalBarStrength } from '#core/indicators/ibs.ts';
import { pivots } from '#core/indicators/pivots.ts';
import type { Window } from '#core/market/window.ts';
import { defineStrategy, type ExitPlan, type Level } from '#core/strategy/definition.ts';

const fraction = z.number().min(0).max(1);
const range = (low: number, high: number) =>
  z
    .strictObject({ low: fraction.default(low), high: fraction.default(high) })
    .refine((bounds) => bounds.low <= bounds.high, 'low must not be above high')
    .prefault({});
const percentLevel = z.strictObject({ kind: z.literal('percent'), percent: z.number().positive().max(50) });
const atrLevel = z.strictObject({
  kind: z.literal('atr'),
  length: z.int().min(2).max(200).default(14),
  multiple: z.number().positive().max(20),
});
const level = z.discriminatedUnion('kind', [percentLevel, atrLevel]);
/** Chicago time of day `HH:MM`, 24:00 included. */
const chicagoTime = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d$|^24:00$/, 'expected a Chicago time HH:MM')
  .transform((text) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3)));

const params = z.strictObject({
  /** Inclusive range of hourly IBS that enters long. */
  enterIbs: range(0, 0.2),
  /** Inclusive range of hourly IBS that exits. */
  exitIbs: range(0.8, 1),
  /** Half-open windows of the bar's opening time of day in which an entry may be signalled. */
  entryWindows: z
    .array(
      z.strictObject({ from: chicagoTime, to: chicagoTime }).refine((w) => w.from < w.to, 'from must be before to'),
    )
    .min(1)
    .prefault([
      { from: '00:00', to: '15:00' },
      { from: '17:00', to: '24:00' },
    ]),
  /** Bars to the left and right that make a pivot, and the bars in which the last high and low are looked for. */
  pivot: z
    .strictObject({
      left: z.int().min(1).max(50).default(5),
      right: z.int().min(1).max(50).default(5),
      lookback: z.int().min(3).max(500).default(48),
    })
    .refine((pivot) => pivot.lookback > pivot.left + pivot.right, 'lookback must be above left + right')
    .nullable()
    .prefault({}),
  stop: level.nullable().default({ kind: 'percent', percent: 1 }),
  target: level.nullable().default({ kind: 'percent', percent: 1 }),
  /** The stop at the broker stands this many times as far away as `stop` (as one of 1 % where `stop` is off). */
  brokerStopMultiple: z.number().min(1).max(10).default(1.5),
  /** Hourly buckets after that of the fill. */
  barStopBars: z.int().min(1).max(500).nullable().default(8),
  /** Chicago time at which a position is closed on its trade date. */
  autoClose: chicagoTime.nullable().prefault('15:00'),
  noEntryBeforeCloseMin: z.int().min(1).max(600).default(30),
});
type Params = z.infer<typeof params>;

/** Buys a weak hourly close inside the last pivots and sells the bounce. IBS is 0 at the bar's low, 1 at its high. */
export const ibs = defineStrategy<Params>({
  name: 'ibs',
  params,
  timeframe: '1h',
  lookback: ({ pivot, stop, target }) => Math.max(1, pivot?.lookback ?? 0, atrBars(stop), atrBars(target)),
  noEntryBeforeCloseMin: ({ noEntryBeforeCloseMin }) => noEntryBeforeCloseMin,
  decide({ window, label, held, params: p }) {
    const last = window.length - 1;
    const strength = internalBarStrength({
      high: window.high[last]!,
      low: window.low[last]!,
      close: window.close[last]!,
    });
    if (strength === null) return { kind: 'hold', reason: 'ibs missing', evidence: { ibs: null } };
    if (held !== null) {
      const exits = strength >= p.exitIbs.low && strength <= p.exitIbs.high;
      return exits
        ? { kind: 'exit', reason: 'ibs', evidence: { ibs: strength } }
        : { kind: 'hold', reason: 'ibs outside exit range', evidence: { ibs: strength } };
    }
    const hold = (reason: string, more = {}) =>
      ({ kind: 'hold', reason, evidence: { ibs: strength, ...more } }) as const;
    if (strength < p.enterIbs.low || strength > p.enterIbs.high) return hold('ibs outside entry range');
    if (!p.entryWindows.some(({ from, to }) => label.minuteOfDay >= from && label.minuteOfDay < to)) {
      return hold('outside entry windows');
    }
    const gate = pivotGate(window, p);
    if (!gate.open) return hold(gate.reason, gate.evidence);
    const plan = planOf(window, p);
    if (plan === null) return hold('atr missing', gate.evidence);
    return { kind: 'enter', side: 'long', plan, evidence: { ibs: strength, ...gate.evidence } };
  },
});

/** Open while the close lies between the last confirmed pivot low and high, bounds included; unknown pivots keep it shut. */
function pivotGate(window: Window, { pivot }: Params) {
  if (pivot === null) return { open: true, reason: '', evidence: {} } as const;
  const seen = tail(window, pivot.lookback);
  const { high, low } = pivots(seen, pivot);
  const evidence = { pivotHigh: high.last, pivotLow: low.last };
  if (high.last === null || low.last === null) return { open: false, reason: 'pivot missing', evidence } as const;
  const close = window.close[window.length - 1]!;
  const inside = low.last <= close && close <= high.last;
  return { open: inside, reason: 'outside pivot range', evidence } as const;
}

/** Levels fixed at the entry; null when an ATR that one of them needs cannot be computed. */
function planOf(window: Window, p: Params): ExitPlan | null {
  const stop = levelOf(window, p.stop);
  const target = levelOf(window, p.target);
  if (stop === undefined || target === undefined) return null;
  const own = stop ?? { kind: 'fraction', value: 0.01 };
  return {
    stop,
    target,
    brokerStop: { kind: own.kind, value: own.value * p.brokerStopMultiple },
    barStopBars: p.barStopBars,
    autoCloseMinute: p.autoClose,
  };
}

function levelOf(window: Window, wanted: z.infer<typeof level> | null): Level | null | undefined {
  if (wanted === null) return null;
  if (wanted.kind === 'percent') return { kind: 'fraction', value: wanted.percent / 100 };
  const { high, low, close } = tail(window, atrBars(wanted));
  const atr = wilderAtr({ high, low, close }, wanted.length);
  return atr === null || !(atr > 0) ? undefined : { kind: 'distance', value: atr * wanted.multiple };
}

/** Wilder's smoothing forgets its seed slowly: ten times its length is within a thousandth of the endless average. */
function atrBars(wanted: z.infer<typeof level> | null): number {
  return wanted?.kind === 'atr' ? wanted.length * 10 : 0;
}

function tail({ high, low, close }: Window, bars: number) {
  return { high: high.subarray(-bars), low: low.subarray(-bars), close: close.subarray(-bars) };
}
