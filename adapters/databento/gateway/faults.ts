import { DatabentoError } from '../errors.ts';
import { makeRandom, type Random } from './random.ts';

/** Faults that strike a session while it streams, drawn once for each minute of market time that it is sent. */
export const strikes = ['eof', 'reset', 'hang', 'internal-error', 'slow', 'unknown'] as const;
export type Strike = (typeof strikes)[number];

/**
 * Faults by which single records come wrong: a replayed record comes twice, a bar comes after its marker or after later
 * bars, a marker does not come.
 */
export const recordFaults = ['duplicate', 'late', 'missing-marker'] as const;
export type RecordFault = (typeof recordFaults)[number];

/** Probabilities in [0, 1], of a strike in a minute or of a fault in a record; none means 0. */
export type FaultRates = Readonly<Partial<Record<Strike | RecordFault, number>>>;

const kinds: readonly string[] = [...strikes, ...recordFaults];

/** Reads rates such as `eof=0.001,late=0.01`; `none` and the empty text mean none. Throws code `usage`. */
export function parseFaultRates(text: string): FaultRates {
  const rates: Record<string, number> = {};
  for (const part of text.trim() === 'none' ? [] : text.split(',').filter((item) => item.trim() !== '')) {
    const [kind = '', value = ''] = part.split('=').map((word) => word.trim());
    const rate = Number(value);
    if (!kinds.includes(kind)) {
      throw new DatabentoError('usage', `"${kind}" is no fault; the faults with a rate are ${kinds.join(', ')}`);
    }
    if (value === '' || !(rate >= 0 && rate <= 1)) {
      throw new DatabentoError('usage', `the rate of ${kind} must be a probability from 0 to 1, not "${value}"`);
    }
    rates[kind] = rate;
  }
  return rates;
}

const MINUTE_NS = 60_000_000_000n;

/** Draws the faults of one session. The same seed, session and records give the same faults. */
export class FaultDraws {
  readonly #random: Random;
  #minuteEndNs: bigint | null = null;

  constructor(seed: number, sessionNumber: number) {
    this.#random = makeRandom(seed, `faults:${sessionNumber}`);
  }

  /** The strike, if any, of the minute that a record begins; null within a minute. The first minute is spared. */
  strike(timeNs: bigint, rates: FaultRates): Strike | null {
    if (this.#minuteEndNs !== null && timeNs < this.#minuteEndNs) return null;
    const isFirst = this.#minuteEndNs === null;
    this.#minuteEndNs = (timeNs / MINUTE_NS + 1n) * MINUTE_NS;
    if (isFirst) return null;
    return strikes.find((kind) => this.hits(rates[kind])) ?? null;
  }

  /** A replay goes back in time. */
  rewind(): void {
    this.#minuteEndNs = null;
  }

  /** Whether something of that probability happens. */
  hits(rate = 0): boolean {
    return rate > 0 && this.#random.uniform() < rate;
  }

  /** A whole number in [0, below). */
  below(below: number): number {
    return this.#random.below(below);
  }
}
