import * as z from 'zod/mini';
import { contractError } from '../errors.ts';
import { type Bar, type Grade, grades } from './bar.ts';
import { timeframes } from './timeframe.ts';

/** Session time of which no source knows anything: UTC, [fromMs, toMs). */
export interface Gap {
  readonly fromMs: number;
  readonly toMs: number;
  /** In-session minutes of the universe inside the gap; at least 1. */
  readonly minutes: number;
}

/**
 * Everything that closed at one minute, for all roots of the universe.
 *
 * A minute in which at least one root is in session is one slice, with or without bars. Closed time has no slices.
 * Session time without data is one slice with `gap`, stamped with the close of the last missing minute.
 */
export interface Slice {
  readonly schemaVersion: 1;
  /** UTC end of the minute (of the last missing minute for a gap slice). Unique and rising in a stream. */
  readonly closeTimeMs: number;
  /** `closeTimeMs` of the slice before it in this stream; null for the first one. The chain steps over closed time. */
  readonly previousCloseTimeMs: number | null;
  readonly gap: Gap | null;
  /** What is known of this minute, with or without bars; `holed` for a gap slice. */
  readonly grade: Grade;
  /** Bars of every timeframe and contract that closed at this minute, and revisions that became known at it. */
  readonly bars: readonly Bar[];
  /** Lead contract by root, for roots that are in session at this minute and have one. */
  readonly leads: Readonly<Record<string, string>>;
  /** Where the bars came from: `file`, `generator`, `databento`. */
  readonly source: string;
}

const timeMs = z.int().check(z.gte(0));
const text = z.string().check(z.minLength(1));

const barSchema = z.strictObject({
  root: text,
  contract: text,
  timeframe: z.enum(timeframes),
  openTimeMs: timeMs,
  closeTimeMs: timeMs,
  open: z.number(),
  high: z.number(),
  low: z.number(),
  close: z.number(),
  volume: z.number().check(z.gte(0)),
  revision: z.int().check(z.gte(0)),
  grade: z.enum(grades),
});

const gapSchema = z.strictObject({ fromMs: timeMs, toMs: timeMs, minutes: z.int().check(z.gte(1)) });

/** A slice as it is stored and announced. Unknown keys are refused. */
const sliceSchema = z.strictObject({
  schemaVersion: z.literal(1),
  closeTimeMs: timeMs,
  previousCloseTimeMs: z.nullable(timeMs),
  gap: z.nullable(gapSchema),
  grade: z.enum(grades),
  bars: z.array(barSchema),
  leads: z.record(z.string(), text),
  source: text,
});

/** The slice as JSON text. Doubles come back bit for bit. */
export function encodeSlice(slice: Slice): string {
  return JSON.stringify(slice);
}

/** Reads what `encodeSlice` wrote; throws a contract error that names every wrong field. */
export function decodeSlice(json: string): Slice {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw contractError(`expected a slice as JSON, found ${JSON.stringify(json.slice(0, 80))}`, { cause });
  }
  const parsed = sliceSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => {
    const place = issue.path.join('.') || 'slice';
    if (issue.code === 'unrecognized_keys') return `${place}: unknown ${issue.keys.join(' ')}`;
    return `${place}: ${issue.code === 'invalid_type' ? `expected ${issue.expected}` : issue.code.replaceAll('_', ' ')}`;
  });
  throw contractError(`expected a slice of schema version 1, found ${problems.join('; ')}`, { cause: parsed.error });
}
