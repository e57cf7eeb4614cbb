import { type Contract, formatContract, parseContract } from '#core/market/contract.ts';

/** The contract of a bar, by its root and by its symbol with a four-digit year. */
export interface NamedContract {
  readonly root: Contract['root'];
  /** `ESZ2026`. */
  readonly contract: string;
}

/** Symbols that stand for several contracts, or for another one every quarter. */
const FAMILY = /^[A-Z0-9]+\.([a-z]\.\d+|FUT|OPT)$/;
const OUTRIGHT = /^[A-Z0-9]+[FGHJKMNQUVXZ](\d{4}|\d{1,2})$/;

/** Whether a symbol names no contract by itself: a parent such as `ES.FUT`, or a continuous one such as `ES.v.0`. */
export function isFamilySymbol(symbol: string): boolean {
  return FAMILY.test(symbol);
}

/**
 * The contract that a raw symbol of CME names; null for spreads, options and strategies. `onDateMs` is the time of the
 * record that the symbol stands for, by which a short year is read. Throws a contract error for an unknown root.
 */
export function outrightOf(symbol: string, onDateMs: number): NamedContract | null {
  if (!OUTRIGHT.test(symbol)) return null;
  const contract = parseContract(symbol, { onDateMs });
  return { root: contract.root, contract: formatContract(contract) };
}
