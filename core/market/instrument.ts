import { contractError, invariant } from '../errors.ts';
import type { SessionGroup } from './session-calendar.ts';

/** What is true of every contract of a root. */
export interface Instrument {
  readonly root: string;
  readonly exchange: 'CME' | 'CBOT' | 'NYMEX' | 'COMEX';
  readonly group: SessionGroup;
  /** Roots that a broker or a risk view treats as one product: ES and MES are `ES`. */
  readonly family: string;
  /** Dollars per contract for a price move of 1.0 in the display convention. The primary constant of P&L. */
  readonly multiplierUsd: number;
  /** Smallest price step of an outright today, in the display convention; always one over a whole number. */
  readonly tickSize: number;
  /** Letters of the months that carry the volume, in calendar order, e.g. `HMUZ`. */
  readonly liquidMonths: string;
  /**
   * Dollars per contract and side, exchange and broker together: half of the exchange's, clearing house's and NFA's round
   * turn for non-members, plus the broker's side on the plan without a monthly fee.
   */
  readonly commissionPerSideUsd: number;
}

const QUARTERLY = 'HMUZ';
const MONTHLY = 'FGHJKMNQUVXZ';

type Product = Pick<Instrument, 'exchange' | 'group' | 'liquidMonths'>;

const cmeIndex: Product = { exchange: 'CME', group: 'equity-index', liquidMonths: QUARTERLY };
const dowIndex: Product = { exchange: 'CBOT', group: 'equity-index', liquidMonths: QUARTERLY };
const currency: Product = { exchange: 'CME', group: 'fx', liquidMonths: QUARTERLY };
const energy: Product = { exchange: 'NYMEX', group: 'energy', liquidMonths: MONTHLY };
const gold: Product = { exchange: 'COMEX', group: 'metals', liquidMonths: 'GJMQZ' };
const silver: Product = { exchange: 'COMEX', group: 'metals', liquidMonths: 'HKNUZ' };
const platinum: Product = { exchange: 'NYMEX', group: 'metals', liquidMonths: 'FJNV' };
const bond: Product = { exchange: 'CBOT', group: 'rates', liquidMonths: QUARTERLY };
const corn: Product = { exchange: 'CBOT', group: 'grains', liquidMonths: 'HKNUZ' };
const soybeans: Product = { exchange: 'CBOT', group: 'grains', liquidMonths: 'FHKNX' };

/** Every instrument that can be read or traded. Grains quote in cents, so their multiplier is dollars per cent. */
export const instruments: readonly Instrument[] = [
  { root: 'ES', family: 'ES', ...cmeIndex, multiplierUsd: 50, tickSize: 0.25, commissionPerSideUsd: 2.69 },
  { root: 'MES', family: 'ES', ...cmeIndex, multiplierUsd: 5, tickSize: 0.25, commissionPerSideUsd: 0.72 },
  { root: 'NQ', family: 'NQ', ...cmeIndex, multiplierUsd: 20, tickSize: 0.25, commissionPerSideUsd: 2.69 },
  { root: 'MNQ', family: 'NQ', ...cmeIndex, multiplierUsd: 2, tickSize: 0.25, commissionPerSideUsd: 0.72 },
  { root: 'RTY', family: 'RTY', ...cmeIndex, multiplierUsd: 50, tickSize: 0.1, commissionPerSideUsd: 2.69 },
  { root: 'M2K', family: 'RTY', ...cmeIndex, multiplierUsd: 5, tickSize: 0.1, commissionPerSideUsd: 0.72 },
  { root: 'YM', family: 'YM', ...dowIndex, multiplierUsd: 5, tickSize: 1, commissionPerSideUsd: 2.69 },
  { root: 'MYM', family: 'YM', ...dowIndex, multiplierUsd: 0.5, tickSize: 1, commissionPerSideUsd: 0.72 },
  { root: 'GC', family: 'GC', ...gold, multiplierUsd: 100, tickSize: 0.1, commissionPerSideUsd: 2.91 },
  { root: 'MGC', family: 'GC', ...gold, multiplierUsd: 10, tickSize: 0.1, commissionPerSideUsd: 0.97 },
  { root: 'SI', family: 'SI', ...silver, multiplierUsd: 5000, tickSize: 0.005, commissionPerSideUsd: 2.91 },
  { root: 'SIL', family: 'SI', ...silver, multiplierUsd: 1000, tickSize: 0.005, commissionPerSideUsd: 1.37 },
  { root: 'HG', family: 'HG', ...silver, multiplierUsd: 25000, tickSize: 0.0005, commissionPerSideUsd: 2.91 },
  { root: 'PL', family: 'PL', ...platinum, multiplierUsd: 50, tickSize: 0.1, commissionPerSideUsd: 2.91 },
  { root: 'CL', family: 'CL', ...energy, multiplierUsd: 1000, tickSize: 0.01, commissionPerSideUsd: 2.81 },
  { root: 'MCL', family: 'CL', ...energy, multiplierUsd: 100, tickSize: 0.01, commissionPerSideUsd: 0.87 },
  { root: 'NG', family: 'NG', ...energy, multiplierUsd: 10000, tickSize: 0.001, commissionPerSideUsd: 2.91 },
  { root: '6A', family: '6A', ...currency, multiplierUsd: 100000, tickSize: 0.00005, commissionPerSideUsd: 2.91 },
  { root: 'M6A', family: '6A', ...currency, multiplierUsd: 10000, tickSize: 0.0001, commissionPerSideUsd: 0.61 },
  { root: '6B', family: '6B', ...currency, multiplierUsd: 62500, tickSize: 0.0001, commissionPerSideUsd: 2.91 },
  { root: 'M6B', family: '6B', ...currency, multiplierUsd: 6250, tickSize: 0.0001, commissionPerSideUsd: 0.61 },
  { root: '6C', family: '6C', ...currency, multiplierUsd: 100000, tickSize: 0.00005, commissionPerSideUsd: 2.91 },
  { root: '6E', family: '6E', ...currency, multiplierUsd: 125000, tickSize: 0.00005, commissionPerSideUsd: 2.91 },
  { root: 'M6E', family: '6E', ...currency, multiplierUsd: 12500, tickSize: 0.0001, commissionPerSideUsd: 0.61 },
  { root: '6J', family: '6J', ...currency, multiplierUsd: 12500000, tickSize: 0.0000005, commissionPerSideUsd: 2.91 },
  { root: '6M', family: '6M', ...currency, multiplierUsd: 500000, tickSize: 0.00001, commissionPerSideUsd: 2.91 },
  { root: '6N', family: '6N', ...currency, multiplierUsd: 100000, tickSize: 0.00005, commissionPerSideUsd: 2.91 },
  { root: '6S', family: '6S', ...currency, multiplierUsd: 125000, tickSize: 0.00005, commissionPerSideUsd: 2.91 },
  { root: 'ZB', family: 'ZB', ...bond, multiplierUsd: 1000, tickSize: 0.03125, commissionPerSideUsd: 2.18 },
  { root: 'ZC', family: 'ZC', ...corn, multiplierUsd: 50, tickSize: 0.25, commissionPerSideUsd: 3.44 },
  { root: 'ZS', family: 'ZS', ...soybeans, multiplierUsd: 50, tickSize: 0.25, commissionPerSideUsd: 3.44 },
  { root: 'ZW', family: 'ZW', ...corn, multiplierUsd: 50, tickSize: 0.25, commissionPerSideUsd: 3.44 },
];

const byRoot: ReadonlyMap<string, Instrument> = new Map(instruments.map((instrument) => [instrument.root, instrument]));

/** Whether the text is a known root, exactly as written. */
export function isRoot(text: string): boolean {
  return byRoot.has(text);
}

/** The instrument of a root; throws a contract error that lists the known roots. */
export function instrumentOf(root: string): Instrument {
  const instrument = byRoot.get(root);
  if (instrument === undefined) {
    throw contractError(`unknown root ${JSON.stringify(root)}; known roots are ${[...byRoot.keys()].join(' ')}`);
  }
  return instrument;
}

/** Dollars per contract for a price move of one tick. */
export function tickValueUsd(instrument: Instrument): number {
  return instrument.multiplierUsd / ticksPerUnit(instrument);
}

// A price this close to a tick, in ticks, is that tick: arithmetic on prices leaves errors below 1e-9 ticks.
const DIRT_TICKS = 1e-6;

/**
 * A price on the tick grid: the double nearest to the exact multiple of the tick, so equal prices are equal numbers.
 * `nearest` sends a half tick up; `down` and `up` mean toward minus and plus infinity, and leave alone what is on the
 * grid but for the last bits. Prices may be negative; a price that is not finite breaks an invariant.
 */
export function roundToTick(instrument: Instrument, price: number, direction: 'nearest' | 'down' | 'up'): number {
  invariant(Number.isFinite(price), `expected a finite price of ${instrument.root}, found ${price}`);
  const ticks = price * ticksPerUnit(instrument);
  const nearest = Math.round(ticks);
  const isOnGrid = direction === 'nearest' || Math.abs(ticks - nearest) <= DIRT_TICKS;
  const count = isOnGrid ? nearest : direction === 'down' ? Math.floor(ticks) : Math.ceil(ticks);
  // A whole number over a whole number is rounded once; adding zero turns a negative zero into zero.
  return count / ticksPerUnit(instrument) + 0;
}

/** Ticks in a price move of 1.0, a whole number. */
function ticksPerUnit(instrument: Instrument): number {
  return Math.round(1 / instrument.tickSize);
}
