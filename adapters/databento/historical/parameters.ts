import { type Schema, type Stype, schemas, stypes } from '../dbn/enums.ts';
import { DatabentoError } from '../errors.ts';
import { ALL_SYMBOLS, spellSymbol } from '../protocol/subscription.ts';
import { type DateInput, dateText, type TimeInput, timeOf, timeText } from './times.ts';

/** Most symbols of one request; the API refuses more. */
export const SYMBOLS_PER_REQUEST_MAX = 2_000;

/** The symbols of a request: a list, or everything in the dataset. */
export type SymbolsInput = readonly string[] | typeof ALL_SYMBOLS;

/** What to get: the parameters of `timeseries.get_range` and of the three calls that measure it. */
export interface RangeRequest {
  /** Such as `GLBX.MDP3`. */
  readonly dataset: string;
  readonly schema: Schema;
  /** At most 2,000; several are merged and sorted by time. Sent in capitals, but for the roll letter of `ES.c.0`. */
  readonly symbols: SymbolsInput;
  /** Default `raw_symbol`. */
  readonly stypeIn?: Stype;
  /** Default `instrument_id`. */
  readonly stypeOut?: Stype;
  /** Inclusive; compared with `ts_recv` where the schema has it, else with `ts_event`. */
  readonly start: TimeInput;
  /** Exclusive; default the end of the day, minute or whatever span `start` names. */
  readonly end?: TimeInput;
  /** Most records to get, in the order of time. */
  readonly limit?: number;
}

/** What to resolve: the parameters of `symbology.resolve`. */
export interface ResolveRequest {
  readonly dataset: string;
  /** Any number; more than 2,000 become several requests. */
  readonly symbols: SymbolsInput;
  readonly stypeIn: Stype;
  readonly stypeOut: Stype;
  /** UTC day, inclusive. */
  readonly startDate: DateInput;
  /** UTC day, exclusive; default the day after `startDate`. */
  readonly endDate?: DateInput;
}

/** The parameters of a call as they are sent. */
export type Form = Readonly<Record<string, string>>;

/** A range request that was checked. */
export interface RangeQuery {
  readonly form: Form;
  readonly startNs: bigint;
  /** null when the request leaves it to the API. */
  readonly endNs: bigint | null;
  readonly limit: number | null;
}

/** Checks a range request before anything is sent. Throws code `usage` naming the parameter. */
export function rangeQuery(request: RangeRequest): RangeQuery {
  const { schema, symbols, stypeIn = 'raw_symbol', stypeOut = 'instrument_id', start, end, limit } = request;
  const startNs = timeOf('start', start).ns;
  const endNs = end === undefined ? null : timeOf('end', end).ns;
  if (endNs !== null && endNs <= startNs) {
    throw refuse(`end ${timeText(end!)} is not after start ${timeText(start)}`, 'end is exclusive');
  }
  if (limit !== undefined && !(Number.isSafeInteger(limit) && limit > 0)) {
    throw refuse(`limit ${limit} is no count`, 'leave it out to get everything');
  }
  const form = {
    dataset: datasetName(request.dataset),
    symbols: symbolsText(symbols, oneOf('stypeIn', stypeIn, stypes), SYMBOLS_PER_REQUEST_MAX),
    schema: oneOf('schema', schema, schemas),
    start: timeText(start),
    ...(end === undefined ? {} : { end: timeText(end) }),
    stype_in: stypeIn,
    stype_out: oneOf('stypeOut', stypeOut, stypes),
    ...(limit === undefined ? {} : { limit: String(limit) }),
  };
  return { form, startNs, endNs, limit: limit ?? null };
}

/** The forms of a resolve request, one for every 2,000 symbols. Throws code `usage` naming the parameter. */
export function resolveForms(request: ResolveRequest): readonly Form[] {
  const { symbols, stypeIn, stypeOut } = request;
  oneOf('stypeIn', stypeIn, stypes);
  const startDate = dateText('startDate', request.startDate);
  const endDate = request.endDate === undefined ? null : dateText('endDate', request.endDate);
  if (endDate !== null && endDate <= startDate) {
    throw refuse(`endDate ${endDate} is not after startDate ${startDate}`, 'endDate is exclusive');
  }
  const form = {
    dataset: datasetName(request.dataset),
    stype_in: stypeIn,
    stype_out: oneOf('stypeOut', stypeOut, stypes),
    start_date: startDate,
    ...(endDate === null ? {} : { end_date: endDate }),
  };
  return partsOf(symbols).map((part) => ({ ...form, symbols: symbolsText(part, stypeIn, SYMBOLS_PER_REQUEST_MAX) }));
}

/** The code of a dataset, such as `GLBX.MDP3`; throws code `usage` for what cannot be one. */
export function datasetName(dataset: string): string {
  if (/^[A-Z0-9]{1,12}(\.[A-Z0-9]{1,12})?$/.test(dataset)) return dataset;
  throw refuse(`dataset ${JSON.stringify(dataset)} is no dataset code`, 'it looks like GLBX.MDP3');
}

/** The value when it is one of those allowed; throws code `usage` naming the parameter. */
export function oneOf<T extends string>(name: string, value: T, allowed: readonly T[]): T {
  if (allowed.includes(value)) return value;
  throw refuse(`${name} ${JSON.stringify(value)} is not known`, `use one of ${allowed.join(', ')}`);
}

function partsOf(symbols: SymbolsInput): readonly SymbolsInput[] {
  if (typeof symbols === 'string' || symbols.length === 0) return [symbols];
  const count = Math.ceil(symbols.length / SYMBOLS_PER_REQUEST_MAX);
  return Array.from({ length: count }, (_, part) =>
    symbols.slice(part * SYMBOLS_PER_REQUEST_MAX, (part + 1) * SYMBOLS_PER_REQUEST_MAX),
  );
}

function symbolsText(symbols: SymbolsInput, stypeIn: Stype, countMax: number): string {
  if (symbols === ALL_SYMBOLS) return symbols;
  if (!Array.isArray(symbols) || symbols.length === 0) {
    throw refuse('symbols is empty', "give a list of symbols, or 'ALL_SYMBOLS' for everything");
  }
  if (symbols.length > countMax) {
    throw refuse(`${symbols.length} symbols are too many for one request`, `ask for at most ${countMax} at a time`);
  }
  return symbols.map((symbol) => checkedSymbol(symbol, stypeIn)).join(',');
}

/** How symbols of some types look. Those of a venue may be any printable text, spaces inside included. */
const symbolShapes: Partial<Record<Stype, { readonly pattern: RegExp; readonly example: string }>> = {
  instrument_id: { pattern: /^\d{1,10}$/, example: '5482' },
  parent: { pattern: /^[^.]+\.[A-Z]+$/, example: 'ES.FUT' },
  continuous: { pattern: /^[^.]+\.[cnv]\.\d{1,3}$/, example: 'ES.v.0' },
};
const printable = /^(?! )[\x20-\x2b\x2d-\x7e]{1,70}(?<! )$/;

function checkedSymbol(symbol: string, stypeIn: Stype): string {
  const { pattern = printable, example = 'ESZ6' } = symbolShapes[stypeIn] ?? {};
  const spelled = typeof symbol === 'string' ? spellSymbol(symbol, stypeIn) : '';
  if (printable.test(spelled) && pattern.test(spelled) && spelled !== ALL_SYMBOLS) return spelled;
  throw refuse(
    `symbol ${JSON.stringify(symbol)} is no ${stypeIn}`,
    `it looks like ${example}; symbols are a list, without commas in them`,
  );
}

function refuse(what: string, remedy: string): DatabentoError {
  return new DatabentoError('usage', `${what}; ${remedy}`);
}
