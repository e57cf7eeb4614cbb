import type { FamilyModel } from './market-model.ts';
import { makeRandom, type Random } from './random.ts';

/** Steps of the price inside a minute, from which its open, high, low and close are taken. */
const STEPS_PER_MINUTE = 4;

const SESSIONS_PER_YEAR = 252;
/** Size of the opening gap, in standard deviations of a session. */
const GAP_SIGMAS = 0.35;
/** A shock moves the price at once by both parts together; the second is given back with the half-life below. */
const LASTING_PART = 0.55;
const PASSING_PART = 0.7;
const HALF_LIFE_MINUTES = 30;
const KEPT_PER_STEP = 0.5 ** (1 / (HALF_LIFE_MINUTES * STEPS_PER_MINUTE));
/** How far trades inside a step reach beyond its ends, in standard deviations of the step. */
const REACH_SIGMAS = 0.3;

/** Independent standard normal shocks that several families feel together, one for each step of a minute. */
export type Shocks = readonly number[];

/** Log prices of one minute relative to the first session's level. */
export interface LogMinute {
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
}

/** The price of one product family: a random walk with common factors, part of which is given back. */
export interface PricePath {
  /** Moves the price between sessions; the shocks are those of the market and of the group for this opening. */
  gap(marketShock: number, groupShock: number): void;
  /** Moves on by a minute that carries `share` of a session's variance. */
  minute(share: number, market: Shocks, group: Shocks): LogMinute;
}

/** Makes the price path of a family from its own stream of random numbers. */
export function makePricePath({
  seed,
  family,
  model,
}: {
  seed: number;
  family: string;
  model: FamilyModel;
}): PricePath {
  const random = makeRandom(seed, `family:${family}`);
  const sigma = model.volatilityFraction / Math.sqrt(SESSIONS_PER_YEAR);
  const ownLoading = Math.sqrt(Math.max(0, 1 - model.marketLoading ** 2 - model.groupLoading ** 2));
  let lasting = 0;
  let passing = 0;

  const mix = (market: number, group: number): number =>
    model.marketLoading * market + model.groupLoading * group + ownLoading * random.normal();

  return {
    gap(marketShock, groupShock) {
      lasting += GAP_SIGMAS * sigma * mix(marketShock, groupShock);
    },
    minute(share, market, group) {
      const stepSigma = sigma * Math.sqrt(share / STEPS_PER_MINUTE);
      let [open, high, low] = [0, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
      for (let step = 0; step < STEPS_PER_MINUTE; step++) {
        const shock = stepSigma * mix(market[step] ?? 0, group[step] ?? 0);
        lasting += LASTING_PART * shock;
        passing = passing * KEPT_PER_STEP + PASSING_PART * shock;
        const price = lasting + passing;
        const reach = REACH_SIGMAS * stepSigma * random.uniform();
        if (step === 0) open = price;
        high = Math.max(high, price + reach);
        low = Math.min(low, price - reach);
      }
      return { open, high, low, close: lasting + passing };
    },
  };
}

/** The shocks of one factor for the steps of a minute. */
export function drawShocks(random: Random): Shocks {
  return Array.from({ length: STEPS_PER_MINUTE }, () => random.normal());
}
