import { compareContracts, parseContract } from './contract.ts';

/** A session counts as covered from this fraction of its scheduled minutes on. */
const LEAD_COVERED_FRACTION_MIN = 0.9;

/** What is known of a root's session directly before the one that opens. */
export interface PriorSession {
  /** Contracts traded over the whole session, by dated contract. */
  readonly volumeByContract: ReadonlyMap<string, number>;
  /** Covered minutes over scheduled minutes, in [0, 1]; 0 when nothing is known. */
  readonly coveredFraction: number;
}

/**
 * The contract that leads a root for one whole session: the most traded one of the session before, the earlier expiry
 * on a tie. null without a covered prior session: such a session only warms up.
 */
export function leadOf({ volumeByContract, coveredFraction }: PriorSession): string | null {
  if (coveredFraction < LEAD_COVERED_FRACTION_MIN) return null;
  let lead: string | null = null;
  for (const [contract, volume] of volumeByContract) {
    if (lead === null || volume > (volumeByContract.get(lead) ?? 0)) lead = contract;
    else if (volume === volumeByContract.get(lead) && isEarlier(contract, lead)) lead = contract;
  }
  return lead;
}

function isEarlier(contract: string, other: string): boolean {
  return compareContracts(parseContract(contract), parseContract(other)) < 0;
}
