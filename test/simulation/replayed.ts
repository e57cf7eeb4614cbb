import { cmeCalendar } from '#core/market/cme-hours.ts';
import type { Slice } from '#core/market/slice.ts';
import type { BarHistory, Ledger } from '#core/ports.ts';
import { replay } from '#core/replay.ts';
import type { Strategy } from '#core/strategy/strategy.ts';
import type { Aggregate, JournalRow } from '#core/trading/aggregate.ts';

/** The whole journal of a strategy: the stored rows, and the one that its aggregate still carries. */
export async function wholeJournal(ledger: Ledger, strategyId: string): Promise<JournalRow[]> {
  const held = await ledger.load(strategyId);
  return [...(await ledger.journal(strategyId)), ...(held?.journal ? [held.journal] : [])];
}

/** Every image of a strategy as its recorded inputs make it again. */
export async function replayed(recorded: {
  readonly strategy: Strategy;
  readonly slices: readonly Slice[];
  readonly history: BarHistory;
  readonly ledger: Ledger;
}): Promise<Aggregate[]> {
  const { strategy, slices, history, ledger } = recorded;
  const byTime = new Map(slices.map((slice) => [slice.closeTimeMs, slice]));
  const slice = async (closeTimeMs: number): Promise<Slice | null> => byTime.get(closeTimeMs) ?? null;
  const journal = await wholeJournal(ledger, strategy.id);
  const images: Aggregate[] = [];
  for await (const image of replay({ strategy, history, slice, calendar: cmeCalendar() }, journal)) images.push(image);
  return images;
}

/** The first image that is not made again bit for bit, both ways; null when all are. */
export function firstDifference(
  live: readonly Aggregate[],
  again: readonly Aggregate[],
): { seq: number; live: string; again: string } | null {
  for (let index = 0; index < Math.max(live.length, again.length); index++) {
    const both = { live: JSON.stringify(live[index]), again: JSON.stringify(again[index]) };
    if (both.live !== both.again) return { seq: index + 1, ...both };
  }
  return null;
}
