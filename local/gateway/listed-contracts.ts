import type { GatewayInstrument } from '#adapters/databento/gateway/source.ts';
import { invariant } from '#core/errors.ts';
import { type Contract, formatContract, nextLiquidContract } from '#core/market/contract.ts';
import { instrumentOf, instruments } from '#core/market/instrument.ts';

/** Ids of outrights begin at one, those of calendar spreads at the other; both count root, year and month. */
const [OUTRIGHT_ID_FROM, SPREAD_ID_FROM] = [1_000_000, 2_000_000] as const;
const [MONTHS_PER_YEAR, MONTHS_PER_ROOT, FIRST_YEAR] = [12, 1200, 2000] as const;
/** Contracts of a root that are listed at a time, the nearest first. */
const LISTED = 5;
const NS_PER_MS = 1_000_000n;
const [FRIDAY, DAYS_PER_WEEK] = [5, 7] as const;
const rootOrder = new Map(instruments.map(({ root }, index) => [root, index]));

/** A contract as the gateway knows it. Its id follows from the contract alone, so it is the same in every run. */
export function outright(contract: Contract): GatewayInstrument {
  return {
    instrumentId: OUTRIGHT_ID_FROM + numberOf(contract),
    rawSymbol: shortSymbol(contract),
    parents: [`${contract.root}.FUT`],
    isSpread: false,
    listedNs: null,
    expiryNs: BigInt(expiryMs(contract)) * NS_PER_MS,
  };
}

/** The calendar spread of a contract and the next liquid one, as the gateway knows it. */
export function calendarSpread(near: Contract): GatewayInstrument {
  const far = nextLiquidContract(near.root, near);
  const [nearLeg, farLeg] = [outright(near), outright(far)];
  return {
    ...nearLeg,
    instrumentId: SPREAD_ID_FROM + numberOf(near),
    rawSymbol: `${nearLeg.rawSymbol}-${farLeg.rawSymbol}`,
    isSpread: true,
  };
}

/** The instrument that an id means; undefined for an id of no known root. */
export function instrumentOfId(instrumentId: number): GatewayInstrument | undefined {
  const isSpread = instrumentId >= SPREAD_ID_FROM;
  const number = instrumentId - (isSpread ? SPREAD_ID_FROM : OUTRIGHT_ID_FROM);
  const root = instruments[Math.floor(number / MONTHS_PER_ROOT)]?.root;
  if (number < 0 || root === undefined) return undefined;
  const months = number % MONTHS_PER_ROOT;
  const contract = {
    root,
    year: FIRST_YEAR + Math.floor(months / MONTHS_PER_YEAR),
    month: (months % MONTHS_PER_YEAR) + 1,
  };
  return isSpread ? calendarSpread(contract) : outright(contract);
}

/** The liquid contracts of a root that are listed at a time, the nearest first. */
export function listedContracts(root: string, atMs: number): readonly Contract[] {
  const date = new Date(atMs);
  // A contract may be delivered in the month in which it is still traded.
  const monthBefore = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() - 1));
  const listed: Contract[] = [];
  let contract: Omit<Contract, 'root'> = { year: monthBefore.getUTCFullYear(), month: monthBefore.getUTCMonth() + 1 };
  while (listed.length < LISTED) {
    const next = nextLiquidContract(root, contract);
    if (expiryMs(next) > atMs) listed.push(next);
    contract = next;
  }
  return listed;
}

/** The symbol with the last digit of the year, as CME's own feed writes it: `ESZ6`. */
export function shortSymbol(contract: Contract): string {
  const symbol = formatContract(contract);
  return `${symbol.slice(0, -4)}${symbol.slice(-1)}`;
}

function numberOf({ root, year, month }: Contract): number {
  const order = rootOrder.get(root);
  invariant(order !== undefined, `expected a known root, found ${root}`);
  return order * MONTHS_PER_ROOT + (year - FIRST_YEAR) * MONTHS_PER_YEAR + month - 1;
}

/**
 * Roughly when a contract ends: energy on the 20th of the month before delivery, all else on the third Friday of the
 * delivery month. Only the order of contracts and the end of their listing go by it.
 */
function expiryMs({ root, year, month }: Contract): number {
  if (instrumentOf(root).group === 'energy') return Date.UTC(year, month - 2, 20, 18, 30);
  const weekday = new Date(Date.UTC(year, month - 1)).getUTCDay();
  const thirdFriday = 1 + ((FRIDAY - weekday + DAYS_PER_WEEK) % DAYS_PER_WEEK) + 2 * DAYS_PER_WEEK;
  return Date.UTC(year, month - 1, thirdFriday, 13, 30);
}
