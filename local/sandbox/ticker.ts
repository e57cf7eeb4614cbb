import type { MessageCode } from '#adapters/traderspost/message-codes.ts';
import { parseContract } from '#core/market/contract.ts';
import { isRoot } from '#core/market/instrument.ts';

// A short year is read only to recognise it, so any date will do.
const SOME_DATE_MS = Date.UTC(2020, 0);

/**
 * What is wrong with a ticker; null when it is a dated contract with a four-digit year, `ESZ2026`.
 *
 * Stricter than the vendor: roots, `ES1!`, an exchange prefix and years of one or two digits, which it would map to a
 * month of its own choice or not route at all, are refused here as `unsupported-ticker`.
 */
export function tickerFault(ticker: string): MessageCode | null {
  if (ticker === '') return 'empty-ticker-name';
  if (isContract(ticker)) return null;
  const name = ticker.slice(ticker.indexOf(':') + 1).replace(/\d!$/, '');
  return isRoot(name) || isContract(name) || isContract(name, SOME_DATE_MS)
    ? 'unsupported-ticker'
    : 'ticker-does-not-exist';
}

function isContract(text: string, onDateMs?: number): boolean {
  try {
    parseContract(text, onDateMs === undefined ? {} : { onDateMs });
    return true;
  } catch {
    return false;
  }
}
