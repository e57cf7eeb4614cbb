import { contractError, invariant } from '../errors.ts';
import { instrumentOf, instruments } from './instrument.ts';

/** A dated contract: a root and its delivery month. */
export interface Contract {
  readonly root: string;
  /** Four digits, 2000 to 2099. */
  readonly year: number;
  /** 1 January to 12 December. */
  readonly month: number;
}

const MONTH_LETTERS = 'FGHJKMNQUVXZ';
const roots = instruments.map(({ root }) => root).join('|');
const outright = new RegExp(`^(?<root>${roots})(?<letter>[${MONTH_LETTERS}])(?<digits>\\d{4}|\\d{1,2})$`);

/**
 * Reads the symbol of an outright: a known root, a month letter and the year. A year of one or two digits needs
 * `onDateMs`, the UTC time of the record it stands in, and means the first delivery month from the record's month on
 * that fits. Everything else (spreads, options, unknown roots, lower case) is refused with a contract error.
 */
export function parseContract(text: string, { onDateMs }: { readonly onDateMs?: number } = {}): Contract {
  const groups = outright.exec(text)?.groups;
  if (groups === undefined) throw refusal(text, reasonOf(text));
  const { root = '', letter = '', digits = '' } = groups;
  const month = MONTH_LETTERS.indexOf(letter) + 1;
  const year = digits.length === 4 ? Number(digits) : fullYear(text, { month, digits, onDateMs });
  if (year < 2000 || year > 2099) throw refusal(text, `the year would be ${year}, expected 2000 to 2099`);
  return { root, year, month };
}

/** The symbol with a four-digit year, `ESZ2026`. */
export function formatContract({ root, year, month }: Contract): string {
  const letter = MONTH_LETTERS[month - 1];
  invariant(letter !== undefined && year >= 2000 && year <= 2099, `no contract month ${year}-${month} of ${root}`);
  return `${root}${letter}${year}`;
}

/** Orders contracts by delivery month, the nearer one first. */
export function compareContracts(a: Omit<Contract, 'root'>, b: Omit<Contract, 'root'>): number {
  return a.year - b.year || a.month - b.month;
}

/** The first contract of a root in one of its liquid months, later than the month given. */
export function nextLiquidContract(root: string, { year, month }: Omit<Contract, 'root'>): Contract {
  const liquid = [...instrumentOf(root).liquidMonths].map((letter) => MONTH_LETTERS.indexOf(letter) + 1);
  const later = liquid.find((candidate) => candidate > month);
  const first = liquid[0];
  invariant(first !== undefined, `${root} has no liquid months`);
  return later === undefined ? { root, year: year + 1, month: first } : { root, year, month: later };
}

interface ShortYear {
  readonly month: number;
  readonly digits: string;
  readonly onDateMs: number | undefined;
}

function fullYear(text: string, { month, digits, onDateMs }: ShortYear): number {
  if (onDateMs === undefined) {
    throw refusal(text, 'a year of one or two digits is ambiguous without the date of its record; write all four');
  }
  const record = new Date(onDateMs);
  invariant(Number.isFinite(record.getTime()), `expected the UTC time of the record with ${text}, found ${onDateMs}`);
  const firstYear = record.getUTCFullYear() + (month < record.getUTCMonth() + 1 ? 1 : 0);
  const cycle = 10 ** digits.length;
  return firstYear + ((Number(digits) - (firstYear % cycle) + cycle) % cycle);
}

function reasonOf(text: string): string {
  if (/[-: !.@/]/.test(text)) return 'spreads, options, parents and continuous symbols are not outrights';
  if (/[a-z]/.test(text)) return 'symbols are upper case';
  if (new RegExp(`^.+[${MONTH_LETTERS}](\\d{4}|\\d{1,2})$`).test(text)) {
    return `its root is unknown; known roots are ${roots.replaceAll('|', ' ')}`;
  }
  return 'it is not root, month letter and year';
}

function refusal(text: string, reason: string): Error {
  return contractError(`expected the symbol of an outright such as ESZ2026, found ${JSON.stringify(text)}: ${reason}`);
}
