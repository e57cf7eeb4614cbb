import { contractError } from '#core/errors.ts';

/** How the prices of a product family move. Rough sizes of the middle of the 2020s; nothing depends on them. */
export interface FamilyModel {
  /** Price of the nearby contract on the first session, in the display convention. */
  readonly price: number;
  /** Standard deviation of a year's log return. */
  readonly volatilityFraction: number;
  /** Correlation with the factor that moves all markets, and with the factor of its session group. */
  readonly marketLoading: number;
  readonly groupLoading: number;
  /** Log price difference of contracts one year apart. */
  readonly carryFraction: number;
}

const families: Readonly<Record<string, FamilyModel>> = {
  ES: model(6000, 0.16, [0.75, 0.6], 0.04),
  NQ: model(21_500, 0.21, [0.7, 0.6], 0.04),
  RTY: model(2200, 0.22, [0.65, 0.55], 0.04),
  YM: model(44_000, 0.15, [0.7, 0.6], 0.04),
  GC: model(2700, 0.15, [0, 0.75], 0.045),
  SI: model(32, 0.28, [0.15, 0.7], 0.045),
  HG: model(4.3, 0.22, [0.35, 0.45], 0.03),
  PL: model(980, 0.24, [0.1, 0.6], 0.03),
  CL: model(72, 0.34, [0.25, 0.6], -0.03),
  NG: model(3.2, 0.6, [0.05, 0.25], 0.05),
  '6A': model(0.66, 0.1, [0.35, 0.65], 0.002),
  '6B': model(1.27, 0.08, [0.2, 0.7], 0),
  '6C': model(0.715, 0.065, [0.3, 0.6], 0.01),
  '6E': model(1.08, 0.075, [0.1, 0.75], 0.02),
  '6J': model(0.0066, 0.1, [-0.3, 0.5], 0.04),
  '6M': model(0.05, 0.13, [0.35, 0.35], -0.05),
  '6N': model(0.6, 0.11, [0.35, 0.65], 0),
  '6S': model(1.13, 0.08, [-0.05, 0.7], 0.035),
  ZB: model(118, 0.11, [-0.3, 0.85], -0.01),
  ZC: model(430, 0.25, [0.05, 0.65], 0.04),
  ZS: model(1020, 0.2, [0.05, 0.6], 0.03),
  ZW: model(560, 0.3, [0, 0.6], 0.06),
};

/** Contracts traded in a usual session, all months of the root together. */
const sessionVolumes: Readonly<Record<string, number>> = {
  ...{
    ES: 1_500_000,
    NQ: 600_000,
    RTY: 200_000,
    YM: 150_000,
    MES: 1_200_000,
    MNQ: 1_400_000,
    M2K: 90_000,
    MYM: 110_000,
  },
  ...{
    GC: 200_000,
    SI: 70_000,
    HG: 80_000,
    PL: 22_000,
    MGC: 90_000,
    SIL: 20_000,
    CL: 400_000,
    NG: 220_000,
    MCL: 80_000,
  },
  ...{
    '6A': 90_000,
    '6B': 90_000,
    '6C': 80_000,
    '6E': 200_000,
    '6J': 150_000,
    '6M': 50_000,
    '6N': 30_000,
    '6S': 30_000,
  },
  ...{ M6A: 6_000, M6B: 4_000, M6E: 12_000, ZB: 300_000, ZC: 300_000, ZS: 200_000, ZW: 120_000 },
};

/** The model of a product family; throws a contract error for one that cannot be generated. */
export function familyModel(family: string): FamilyModel {
  return found(families[family], family);
}

/** Contracts of a root traded in a usual session; throws a contract error for one that cannot be generated. */
export function sessionVolume(root: string): number {
  return found(sessionVolumes[root], root);
}

function found<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw contractError(`no generator model for ${name}; leave it out of the universe`);
  return value;
}

function model(
  price: number,
  volatilityFraction: number,
  [marketLoading, groupLoading]: readonly [number, number],
  carryFraction: number,
): FamilyModel {
  return { price, volatilityFraction, marketLoading, groupLoading, carryFraction };
}
