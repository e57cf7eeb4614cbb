import { type Schema, type Stype, schemas, stypes } from '../dbn/enums.ts';
import { SYMBOLS_PER_REQUEST_MAX } from '../historical/parameters.ts';
import { DAY_NS, dayOfNs, isoOfNs, type ParsedTime, parseTime } from '../historical/times.ts';
import { ALL_SYMBOLS, spellSymbol } from '../protocol/subscription.ts';
import { badParameter, refusal } from './historical-refusal.ts';
import { intervalNsOf } from './intervals.ts';
import type { GatewaySource } from './source.ts';

/** Parameters as they came, from the query or the body. */
export type Parameters = ReadonlyMap<string, string>;

/** Which symbols, on which UTC days [startDay, endDay), counted from the epoch. */
export interface SymbolsQuery {
  /** null for all. */
  readonly symbols: readonly string[] | null;
  readonly stypeIn: Stype;
  readonly stypeOut: Stype;
  readonly startDay: number;
  readonly endDay: number;
}

/** A range that was asked for and can be served. */
export interface ServedRange extends SymbolsQuery {
  readonly schema: Schema;
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly limit: number | null;
}

/** From when until when records of a schema are served: whole days at the start, whole intervals at the end. */
export interface AvailableRange {
  readonly startNs: bigint;
  readonly endNs: bigint;
}

/** What is served of a schema at a time; `nowNs` has the delay of publication taken off. */
export function availableRange(source: GatewaySource, schema: Schema, nowNs: bigint): AvailableRange {
  const intervalNs = intervalNsOf(schema) ?? 1n;
  const firstNs = source.startNs - (schema.startsWith('ohlcv') ? intervalNs : 0n);
  const startNs = floorTo(firstNs < 0n ? 0n : firstNs, DAY_NS);
  const endNs = floorTo(nowNs, intervalNs);
  return { startNs, endNs: endNs > startNs ? endNs : startNs };
}

/** Reads the parameters of get_range and of the calls that measure a range. */
export function readRange(source: GatewaySource, parameters: Parameters, nowNs: bigint): ServedRange {
  readDataset(source, parameters);
  const schema = readOneOf(parameters, 'schema', schemas, 'trades');
  if (!source.schemas.has(schema)) throw badParameter('schema', schema, `one of ${[...source.schemas].join(', ')}`);
  const start = readTime(parameters, 'start');
  if (start === null) throw badParameter('start', undefined, 'an ISO 8601 time or nanoseconds');
  const end = readTime(parameters, 'end');
  const available = availableRange(source, schema, nowNs);
  // An end that nobody named must be one that can be served.
  const filledNs = start.spanEndNs < available.endNs ? start.spanEndNs : available.endNs;
  const endNs = end?.ns ?? filledNs;
  checkRange(source.dataset, { startNs: start.ns, endNs }, available);
  return {
    ...readSymbols(parameters),
    schema,
    startNs: start.ns,
    endNs,
    limit: readLimit(parameters),
    startDay: Number(start.ns / DAY_NS),
    endDay: Number((endNs + DAY_NS - 1n) / DAY_NS),
  };
}

/** Reads the parameters of symbology.resolve. */
export function readResolve(source: GatewaySource, parameters: Parameters): SymbolsQuery {
  readDataset(source, parameters);
  const startDay = readDay(parameters, 'start_date');
  if (startDay === null) throw badParameter('start_date', undefined, 'a date');
  const endDay = readDay(parameters, 'end_date') ?? startDay + 1;
  if (endDay <= startDay) throw badParameter('end_date', parameters.get('end_date'), 'a date after start_date');
  return { ...readSymbols(parameters), startDay, endDay };
}

/** Refuses other datasets than the one served. */
export function readDataset(source: GatewaySource, parameters: Parameters): void {
  const dataset = parameters.get('dataset');
  if (dataset !== source.dataset) throw badParameter('dataset', dataset, source.dataset);
}

/** A UTC day, counted from the epoch; null when it is not given. */
export function readDay(parameters: Parameters, name: string): number | null {
  const text = parameters.get(name);
  if (text === undefined || text === '') return null;
  const parsed = /^\d{4}-\d\d-\d\d$/.test(text) ? parseTime(text) : null;
  if (parsed === null) throw badParameter(name, text, 'a date like 2026-01-05');
  return Number(parsed.ns / DAY_NS);
}

/** The value of a parameter that is one of a few words. */
export function readOneOf<T extends string>(parameters: Parameters, name: string, words: readonly T[], unset: T): T {
  const text = parameters.get(name) ?? unset;
  const word = words.find((candidate) => candidate === text);
  if (word === undefined) throw badParameter(name, text, `one of ${words.join(', ')}`);
  return word;
}

/** The date of a day counted from the epoch. */
export function dateOfDay(day: number): string {
  return dayOfNs(BigInt(day) * DAY_NS);
}

function readTime(parameters: Parameters, name: string): ParsedTime | null {
  const text = parameters.get(name);
  if (text === undefined || text === '') return null;
  const parsed = parseTime(text);
  if (parsed === null) throw badParameter(name, text, 'an ISO 8601 time or nanoseconds');
  return parsed;
}

function readLimit(parameters: Parameters): number | null {
  const text = parameters.get('limit');
  if (text === undefined || text === '') return null;
  const limit = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(limit) || limit === 0) {
    throw badParameter('limit', text, 'a count of at least 1');
  }
  return limit;
}

/** The pairs between which symbols are resolved. */
const stypePairs = new Set([
  'raw_symbol instrument_id',
  'parent instrument_id',
  'continuous instrument_id',
  'instrument_id raw_symbol',
]);

function readSymbols(parameters: Parameters): Pick<SymbolsQuery, 'symbols' | 'stypeIn' | 'stypeOut'> {
  const stypeIn = readOneOf(parameters, 'stype_in', stypes, 'raw_symbol');
  const stypeOut = readOneOf(parameters, 'stype_out', stypes, 'instrument_id');
  // Ids stand for themselves.
  if (!stypePairs.has(`${stypeIn} ${stypeOut}`) && stypeIn !== stypeOut) {
    throw refusal(422, 'symbology_invalid_request', `Invalid conversion from ${stypeIn} to ${stypeOut}.`);
  }
  const text = parameters.get('symbols') ?? ALL_SYMBOLS;
  if (text === ALL_SYMBOLS) return { symbols: null, stypeIn, stypeOut };
  const symbols = [...new Set(text.split(',').map((symbol) => spellSymbol(symbol, stypeIn)))];
  if (symbols.includes('')) throw badParameter('symbols', text.slice(0, 100), 'symbols with commas between them');
  if (symbols.length > SYMBOLS_PER_REQUEST_MAX) {
    throw badParameter('symbols', `${symbols.length} symbols`, `at most ${SYMBOLS_PER_REQUEST_MAX}`);
  }
  return { symbols, stypeIn, stypeOut };
}

function checkRange(dataset: string, asked: AvailableRange, available: AvailableRange): void {
  const payload = {
    dataset,
    start: isoOfNs(asked.startNs),
    end: isoOfNs(asked.endNs),
    available_start: isoOfNs(available.startNs),
    available_end: isoOfNs(available.endNs),
  };
  const refuse = (name: string, message: string): never => {
    throw refusal(422, name, message, payload);
  };
  if (asked.startNs >= available.endNs) {
    refuse(
      'data_start_after_available_end',
      `\`start\` in query ('${payload.start}') was after the available end of dataset ${dataset} ('${payload.available_end}'). Try requesting with an earlier \`start\`.`,
    );
  }
  if (asked.startNs < available.startNs) {
    refuse(
      'data_start_before_available_start',
      `\`start\` in query ('${payload.start}') was before the available start of dataset ${dataset} ('${payload.available_start}'). Try requesting with a later \`start\`.`,
    );
  }
  if (asked.startNs >= asked.endNs) {
    refuse(
      'data_time_range_start_on_or_after_end',
      `Invalid time range query, \`start\` ${payload.start} cannot be on or after \`end\` ${payload.end}.`,
    );
  }
  if (asked.endNs > available.endNs) {
    refuse(
      'data_end_after_available_end',
      `The dataset ${dataset} has data available up to '${payload.available_end}'. The \`end\` in the query ('${payload.end}') is after the available range. Try requesting with an earlier \`end\`.`,
    );
  }
}

function floorTo(ns: bigint, unitNs: bigint): bigint {
  return ns - (ns % unitNs);
}
