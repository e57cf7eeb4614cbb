import { UNDEF_TIMESTAMP } from '../dbn/enums.ts';
import { DatabentoError } from '../errors.ts';

/**
 * An instant: nanoseconds since the epoch as bigint, a Date, or ISO 8601 text (`2026-01-05`, `2026-01-05T14:30`,
 * `2026-01-05T14:30:00.123456789-05:00`), which is UTC when it names no zone. Numbers are refused: as nanoseconds they
 * are not exact.
 */
export type TimeInput = bigint | Date | string;

/** A UTC day: `2026-01-05`, or a Date, of which the day in UTC counts. */
export type DateInput = Date | string;

/** An instant that was read. */
export interface ParsedTime {
  /** Nanoseconds since the epoch. */
  readonly ns: bigint;
  /** Where the span that the text names ends, exclusive: the next day for a day, the next minute for `14:30`. */
  readonly spanEndNs: bigint;
}

export const DAY_NS = 86_400_000_000_000n;
const MS_NS = 1_000_000n;
const SECOND_NS = 1_000_000_000n;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const isoPattern =
  /^(\d{4})-(\d\d)(?:-(\d\d)(?:[T ](\d\d)(?::(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?(Z|[+-]\d\d(?::?\d\d)?)?)?)?$/;

/**
 * Reads ISO 8601 text, or nanoseconds since the epoch in decimal; null when the text is neither. Four to eight digits
 * are neither: whoever writes `2026` or `20260105` does not mean the first moments of 1970.
 */
export function parseTime(text: string): ParsedTime | null {
  if (/^\d{4,8}$/.test(text)) return null;
  if (/^\d{1,20}$/.test(text)) return inRange(BigInt(text), 1n);
  const match = isoPattern.exec(text);
  if (match === null) return null;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => (part ? Number(part) : undefined));
  const offsetMs = offsetOf(match[8]);
  const timeMs = Date.UTC(year!, month! - 1, day ?? 1, hour ?? 0, minute ?? 0, second ?? 0);
  if (offsetMs === null || !isCalendarTime(new Date(timeMs), match)) return null;
  const fraction = match[7] ?? '';
  const ns = BigInt(timeMs - offsetMs) * MS_NS + BigInt(fraction.padEnd(9, '0'));
  return inRange(ns, spanOf([year!, month!, day, hour, minute, second], fraction));
}

/** Nanoseconds since the epoch, or code `usage` naming the parameter when the input is no instant. */
export function timeOf(name: string, input: TimeInput): ParsedTime {
  const isInput = typeof input === 'bigint' || typeof input === 'string' || input instanceof Date;
  const parsed = isInput ? parseTime(timeText(input)) : null;
  if (parsed === null) {
    throw new DatabentoError(
      'usage',
      `${name} is no instant: ${shown(input)}; give nanoseconds as bigint, a Date or ISO 8601 text`,
    );
  }
  return parsed;
}

/** An instant as the API takes it: text as it is, because its precision says where an open range ends. */
export function timeText(input: TimeInput): string {
  if (typeof input === 'bigint') return input.toString();
  if (input instanceof Date) return Number.isNaN(input.getTime()) ? 'Invalid Date' : input.toISOString();
  return String(input);
}

/** The date as the API takes it, or code `usage` naming the parameter when the input is no day. */
export function dateText(name: string, input: DateInput): string {
  const text = input instanceof Date ? timeText(input).slice(0, 10) : String(input);
  if (!/^\d{4}-\d\d-\d\d$/.test(text) || parseTime(text) === null) {
    throw new DatabentoError('usage', `${name} is no day: ${shown(input)}; give text like 2026-01-05, or a Date`);
  }
  return text;
}

/** `2026-01-05T14:30:00.000000000Z`. */
export function isoOfNs(ns: bigint): string {
  const fraction = String(ns % SECOND_NS).padStart(9, '0');
  return `${new Date(Number((ns / SECOND_NS) * 1000n)).toISOString().slice(0, 19)}.${fraction}Z`;
}

/** `2026-01-05`, the UTC day of an instant. */
export function dayOfNs(ns: bigint): string {
  return isoOfNs(ns).slice(0, 10);
}

function inRange(ns: bigint, spanNs: bigint): ParsedTime | null {
  return ns >= 0n && ns < UNDEF_TIMESTAMP ? { ns, spanEndNs: ns + spanNs } : null;
}

/** False for the 31st of February: the text must come out of the calendar as it went in. */
function isCalendarTime(date: Date, match: RegExpExecArray): boolean {
  if (Number.isNaN(date.getTime())) return false;
  const iso = date.toISOString();
  const [, year, month, day = '01', hour = '00', minute = '00', second = '00'] = match;
  return iso.startsWith(`${year}-${month}-${day}T${hour}:${minute}:${second}`);
}

/** Milliseconds by which a zone is ahead of UTC; null for a zone that cannot be. */
function offsetOf(zone: string | undefined): number | null {
  if (zone === undefined || zone === 'Z') return 0;
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(3).replace(':', '') || 0)];
  if (hours > 23 || minutes > 59) return null;
  return (zone.startsWith('-') ? -1 : 1) * (hours * HOUR_MS + minutes * MINUTE_MS);
}

type Parts = readonly [number, number, ...(number | undefined)[]];

/** How long the last named unit lasts. */
function spanOf([year, month, day, hour, minute, second]: Parts, fraction: string): bigint {
  if (fraction !== '') return 10n ** BigInt(9 - fraction.length);
  if (second !== undefined) return SECOND_NS;
  if (minute !== undefined) return BigInt(MINUTE_MS) * MS_NS;
  if (hour !== undefined) return BigInt(HOUR_MS) * MS_NS;
  if (day !== undefined) return BigInt(DAY_MS) * MS_NS;
  return BigInt(Date.UTC(year, month, 1) - Date.UTC(year, month - 1, 1)) * MS_NS;
}

function shown(input: unknown): string {
  return typeof input === 'string' ? JSON.stringify(input.slice(0, 60)) : String(input).slice(0, 60);
}
