import { parseContract } from '#core/market/contract.ts';
import { instrumentOf, roundToTick } from '#core/market/instrument.ts';
import type { Signal } from './signal.ts';

/** An order that rides on an entry and closes it later. */
export interface BracketLeg {
  readonly type: string;
  /** Null for a trailing stop, whose price moves. */
  readonly price: number | null;
  /** Why the broker refuses the leg, which leaves the entry without it; null when it rests. */
  readonly refusal: string | null;
}

/** Price that relative legs are measured from; the vendor has no quotes from this broker. */
export function referencePrice({ signalPrice, price, orderType, limitPrice }: Signal): number | null {
  return (orderType === 'limit' ? limitPrice : undefined) ?? signalPrice ?? price ?? null;
}

/** Whether a leg is given as a distance, which cannot be worked out without a reference price. */
export function needsReferencePrice({ stopLoss, takeProfit }: Signal): boolean {
  const relatives = [stopLoss, takeProfit].flatMap((leg) => [leg?.amount, leg?.percent, leg?.pnlAmount]);
  return relatives.some((value) => value !== undefined);
}

/**
 * The stop and the target of an entry of `opened` contracts (signed). A broker refuses a stop on the wrong side of the
 * market or a price off the tick grid; the entry fills all the same.
 */
export function bracketLegs(signal: Signal, opened: number): readonly BracketLeg[] {
  const { stopLoss, takeProfit } = signal;
  const legs: BracketLeg[] = [];
  if (stopLoss !== undefined) {
    const type = stopLoss.type ?? 'stop';
    const price =
      type === 'trailing_stop' ? null : legPrice(signal, stopLoss.stopPrice, { leg: stopLoss, away: -opened });
    legs.push({ type, price, refusal: refusalOf(signal, price, -opened) });
  }
  if (takeProfit !== undefined) {
    const price = legPrice(signal, takeProfit.limitPrice, { leg: takeProfit, away: opened });
    legs.push({ type: 'limit', price, refusal: refusalOf(signal, price, opened) });
  }
  return legs;
}

interface Distance {
  readonly leg: { readonly amount?: number; readonly percent?: number; readonly pnlAmount?: number };
  /** Signed contracts whose sign says where from the reference price the leg lies. */
  readonly away: number;
}

/** The absolute price, or the reference price moved by the distance and rounded to a tick. */
function legPrice(signal: Signal, absolute: number | undefined, { leg, away }: Distance): number | null {
  const reference = referencePrice(signal);
  if (absolute !== undefined || reference === null) return absolute ?? null;
  const instrument = instrumentOf(parseContract(signal.ticker).root);
  const { amount, percent, pnlAmount } = leg;
  const distance =
    amount ??
    (percent === undefined
      ? (pnlAmount ?? 0) / (instrument.multiplierUsd * Math.abs(away))
      : (reference * percent) / 100);
  return roundToTick(instrument, reference + Math.sign(away) * distance, 'nearest');
}

function refusalOf(signal: Signal, price: number | null, away: number): string | null {
  if (price === null) return null;
  const instrument = instrumentOf(parseContract(signal.ticker).root);
  if (roundToTick(instrument, price, 'nearest') !== price) return `${price} is not on a tick of ${instrument.tickSize}`;
  const reference = referencePrice(signal);
  if (reference === null || Math.sign(price - reference) === Math.sign(away)) return null;
  return `${price} is on the wrong side of ${reference}`;
}
