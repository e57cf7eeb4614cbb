import type { MinuteBar } from '#core/market/bar.ts';
import { type Contract, compareContracts, nextLiquidContract, parseContract } from '#core/market/contract.ts';

/** The share of the nearer leg's volume that trades as a spread. */
const VOLUME_SHARE = 0.02;

/** A bar of the calendar spread of a contract and the next liquid one: near less far, so often below zero. */
export interface SpreadBar {
  readonly near: Contract;
  readonly bar: Omit<MinuteBar, 'root' | 'contract'>;
}

/** The spreads of the bars of one minute: one for each pair of neighbouring contracts of a root that both traded. */
export function spreadBars(minute: readonly MinuteBar[]): readonly SpreadBar[] {
  const legs = minute.map((bar) => ({ bar, contract: parseContract(bar.contract) }));
  return legs.flatMap(({ bar: near, contract }) => {
    const far = nextLiquidContract(contract.root, contract);
    const other = legs.find((leg) => leg.contract.root === far.root && compareContracts(leg.contract, far) === 0);
    return other === undefined ? [] : [{ near: contract, bar: between(near, other.bar) }];
  });
}

function between(near: MinuteBar, far: MinuteBar): SpreadBar['bar'] {
  const [open, close] = [near.open - far.open, near.close - far.close];
  return {
    openTimeMs: near.openTimeMs,
    open,
    high: Math.max(open, close),
    low: Math.min(open, close),
    close,
    volume: Math.max(1, Math.round(VOLUME_SHARE * Math.min(near.volume, far.volume))),
  };
}
