import type { Grade } from '../market/bar.ts';
import type { AnyDefinition } from './definition.ts';
import type { VetoPolicy } from './veto.ts';

/** How many contracts an entry buys: a fixed number, or a dollar risk divided by the stop distance, rounded down. */
export type Size = { readonly contracts: number } | { readonly riskDollars: number };

/** One root of a strategy: whose bars signal, what is traded on it, and by which rules. */
export interface Line {
  /** Root whose bars give the signal; also names the lane. */
  readonly root: string;
  /** Root that is bought; usually the same. */
  readonly tradedRoot: string;
  readonly size: Size;
  readonly definition: AnyDefinition;
  /** Already parsed by the definition's own schema. */
  readonly params: unknown;
}

/** When the data behind an entry is good enough. */
export interface CertificatePolicy {
  /** Grade that the signal's bar and the minute of entry need at least. */
  readonly entryGrade: Exclude<Grade, 'holed'>;
  /** Holes allowed among the last five bars of a window. */
  readonly holesMaxRecent: number;
  /** Share of holes allowed among the bars before those, in [0, 1]. */
  readonly holesMaxFraction: number;
}

/** A configured instance: what one strategy function trades, with its limits. */
export interface Strategy {
  readonly id: string;
  /** A draining strategy only exits. */
  readonly state: 'active' | 'draining';
  readonly lines: readonly Line[];
  readonly veto: VetoPolicy;
  readonly limits: {
    /** Lanes that may be in use at once. */
    readonly positionsMax: number;
    /** Loss of one trade date, realised plus marked, at which everything is closed; dollars, positive. */
    readonly dailyStopUsd: number;
  };
  readonly certificate: CertificatePolicy;
  /** Ticks by which a model fill is worse than the bar's open. */
  readonly slippageTicks: number;
  /** Hash of the configuration that this came from; in every decision. */
  readonly configHash: string;
}
