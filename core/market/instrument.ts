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
  /** Smallest price step of an outright, in the display convention. */
  readonly tickSize: number;
  /** Letters of the months that carry the volume, e.g. `HMUZ`. */
  readonly liquidMonths: string;
  /** Dollars per contract and side, exchange and broker together. */
  readonly commissionPerSideUsd: number;
}
