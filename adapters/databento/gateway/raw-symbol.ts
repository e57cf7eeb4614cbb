const MONTH_LETTERS = 'FGHJKMNQUVXZ';
const MONTH = `[${MONTH_LETTERS}](?:\\d{4}|\\d{1,2})`;
const future = new RegExp(
  `^(?<root>[A-Z0-9]{1,4}?)(?<letter>[${MONTH_LETTERS}])(?<digits>\\d{4}|\\d{1,2})(?<rest>.*)$`,
);
const option = new RegExp(`^[A-Z0-9]{1,4}?${MONTH} [CP]-?\\d`);
const continuous = /^(?<root>[A-Z0-9]+)\.[cnv]\.\d+$/;

const NS_PER_MS = 1_000_000n;
const FRIDAY = 5;
const DAYS_PER_WEEK = 7;

/** What the symbol of an instrument says of it. */
export interface SymbolFacts {
  /** Parents it comes under, `ES.FUT`; none when the symbol is of another kind than those of CME. */
  readonly parents: readonly string[];
  readonly isSpread: boolean;
  /** The third Friday of the delivery month at 13:30 UTC, for want of a definition; null when there is no such month. */
  readonly expiryNs: bigint | null;
}

/** Reads a symbol such as `ESZ6`, `ESZ6-ESH7`, `ESZ6 C5000` or `ES.c.0`; a short year means the next one that fits. */
export function readRawSymbol(rawSymbol: string, onDateNs: bigint): SymbolFacts {
  const continuousRoot = continuous.exec(rawSymbol)?.groups?.root;
  if (continuousRoot !== undefined) return { parents: [`${continuousRoot}.FUT`], isSpread: false, expiryNs: null };
  const groups = future.exec(rawSymbol)?.groups;
  if (groups === undefined) return { parents: [], isSpread: /[-: ]/.test(rawSymbol), expiryNs: null };
  const { root = '', letter = '', digits = '', rest = '' } = groups;
  if (option.test(rawSymbol)) return { parents: [`${root}.OPT`], isSpread: false, expiryNs: null };
  const month = MONTH_LETTERS.indexOf(letter) + 1;
  const expiryNs = thirdFridayNs(fullYear(digits, month, onDateNs), month);
  return { parents: [`${root}.FUT`], isSpread: rest !== '', expiryNs };
}

function fullYear(digits: string, month: number, onDateNs: bigint): number {
  if (digits.length === 4) return Number(digits);
  const date = new Date(Number(onDateNs / NS_PER_MS));
  const firstYear = date.getUTCFullYear() + (month < date.getUTCMonth() + 1 ? 1 : 0);
  const cycle = 10 ** digits.length;
  return firstYear + ((Number(digits) - (firstYear % cycle) + cycle) % cycle);
}

function thirdFridayNs(year: number, month: number): bigint {
  const weekday = new Date(Date.UTC(year, month - 1, 1)).getUTCDay();
  const day = 1 + ((FRIDAY - weekday + DAYS_PER_WEEK) % DAYS_PER_WEEK) + 2 * DAYS_PER_WEEK;
  return BigInt(Date.UTC(year, month - 1, day, 13, 30)) * NS_PER_MS;
}
