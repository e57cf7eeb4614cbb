import { type Schema, type Stype, schemas, stypes } from '../dbn/enums.ts';
import { DatabentoError } from '../errors.ts';
import { formatControlLine, parseControlLine } from './control-lines.ts';
import { parseTime } from './time.ts';

/** The most symbols that one line may have; further ones go on lines of the same id. */
export const SYMBOLS_PER_LINE_MAX = 500;

/** The one symbol that stands for every instrument of the data set. */
export const ALL_SYMBOLS = 'ALL_SYMBOLS';

const ID_MAX = 0xffff_ffff;

/** One subscription line. */
export interface SubscriptionRequest {
  readonly schema: Schema;
  readonly stypeIn: Stype;
  readonly symbols: readonly string[];
  /** Replay from then on, nanoseconds since the epoch, inclusive; 0 means all there is. Null means live records only. */
  readonly start: bigint | null;
  /** Whether the state of the order book is asked for first; excludes `start`. */
  readonly snapshot: boolean;
  /** What the acknowledgement quotes. */
  readonly id: number | null;
  /** False when further lines of the same subscription follow. */
  readonly isLast: boolean;
}

/** A symbol as the gateway spells it: upper case, but for the roll letter of a continuous one (`ES.c.0`). */
export function spellSymbol(symbol: string, stypeIn: Stype): string {
  const upper = symbol.trim().toUpperCase();
  return stypeIn === 'continuous' ? upper.replace(/\.[A-Z]\.(?=\d+$)/, (roll) => roll.toLowerCase()) : upper;
}

/**
 * The lines that make a subscription, as many as its symbols need, all with the same id. Throws code `usage` for
 * what the gateway would refuse or misread.
 */
export function formatSubscription(subscription: Omit<SubscriptionRequest, 'isLast'>): string[] {
  const { schema, stypeIn, start, snapshot, id } = subscription;
  checkSubscription(subscription);
  const symbols = subscription.symbols.map((symbol) => spellSymbol(symbol, stypeIn));
  const lines: string[] = [];
  for (let at = 0; at < symbols.length; at += SYMBOLS_PER_LINE_MAX) {
    const lineSymbols = symbols.slice(at, at + SYMBOLS_PER_LINE_MAX);
    const fields: Record<string, string | number> = {
      schema,
      stype_in: stypeIn,
      symbols: lineSymbols.join(','),
      snapshot: snapshot ? 1 : 0,
      is_last: at + SYMBOLS_PER_LINE_MAX >= symbols.length ? 1 : 0,
    };
    if (start !== null) fields.start = start.toString();
    if (id !== null) fields.id = id;
    lines.push(formatControlLine(fields));
  }
  return lines;
}

/** Throws code `usage` for a subscription that the gateway would refuse or misread, and says how to put it right. */
export function checkSubscription(subscription: Omit<SubscriptionRequest, 'isLast'>): void {
  const { schema, symbols, start, snapshot } = subscription;
  const refuse = (why: string): never => {
    throw new DatabentoError('usage', `subscription to ${schema}: ${why}`);
  };
  if (!schemas.includes(schema)) refuse(`${JSON.stringify(schema)} is no schema; take one of ${schemas.join(', ')}`);
  if (!stypes.includes(subscription.stypeIn)) refuse(`${subscription.stypeIn} is no symbology type`);
  if (symbols.length === 0) refuse(`no symbols; name them, or ask for ${ALL_SYMBOLS}`);
  const wrong = symbols.find((symbol) => !/^[!-~]([ -~]*[!-~])?$/.test(symbol) || /[,|]/.test(symbol));
  if (wrong !== undefined) refuse(`${JSON.stringify(wrong)} is no symbol; give each as an item of its own`);
  if (symbols.length > 1 && symbols.some((symbol) => symbol.toUpperCase() === ALL_SYMBOLS)) {
    refuse(`${ALL_SYMBOLS} stands beside other symbols; it must be the only one`);
  }
  if (snapshot && schema !== 'mbo') refuse('a snapshot exists only for mbo');
  if (snapshot && start !== null) refuse('a snapshot and a start exclude each other; leave one out');
  if (start !== null && start < 0n) refuse('start lies before the epoch');
}

/** Reads a subscription line as a gateway does. Throws code `protocol` naming the field that is missing or wrong. */
export function parseSubscription(line: string): SubscriptionRequest {
  const fields = parseControlLine(line);
  const schema = required(fields, 'schema') as Schema;
  if (!schemas.includes(schema)) throw fieldError('schema', schema);
  const stypeIn = required(fields, 'stype_in') as Stype;
  if (!stypes.includes(stypeIn)) throw fieldError('stype_in', stypeIn);
  const symbols = required(fields, 'symbols').split(',');
  if (symbols.some((symbol) => symbol === '')) throw fieldError('symbols', required(fields, 'symbols'));
  if (symbols.length > SYMBOLS_PER_LINE_MAX) {
    throw fieldError('symbols', `${symbols.length} symbols`, `at most ${SYMBOLS_PER_LINE_MAX} go on a line`);
  }
  const startText = fields.get('start');
  const start = startText === undefined ? null : parseTime(startText);
  if (start === undefined) throw fieldError('start', startText!);
  const snapshot = flag(fields, 'snapshot', false);
  if (snapshot && start !== null) throw fieldError('snapshot', '1', 'it excludes start');
  const id = fields.get('id');
  if (id !== undefined && (!/^\d{1,10}$/.test(id) || Number(id) > ID_MAX)) throw fieldError('id', id);
  const isLast = flag(fields, 'is_last', true);
  return { schema, stypeIn, symbols, start, snapshot, id: id === undefined ? null : Number(id), isLast };
}

function required(fields: ReadonlyMap<string, string>, key: string): string {
  const value = fields.get(key);
  if (value === undefined || value === '') throw new DatabentoError('protocol', `subscription without ${key}`);
  return value;
}

function flag(fields: ReadonlyMap<string, string>, key: string, unset: boolean): boolean {
  const value = fields.get(key);
  if (value === undefined) return unset;
  if (value !== '0' && value !== '1') throw fieldError(key, value);
  return value === '1';
}

function fieldError(key: string, found: string, why?: string): DatabentoError {
  const shown = JSON.stringify(found.length > 40 ? `${found.slice(0, 40)}...` : found);
  return new DatabentoError('protocol', `subscription with ${key}=${shown}${why === undefined ? '' : `: ${why}`}`);
}
