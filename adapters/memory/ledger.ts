import { effectiveMode } from '#core/execution/mode.ts';
import type { CommitRule, Ledger } from '#core/ports.ts';
import type { Aggregate, JournalRow, LedgerRow } from '#core/trading/aggregate.ts';

/** A ledger in memory, with the same write rule as the table. Images are copied in and out, as a table would. */
export function memoryLedger(): Ledger {
  const states = new Map<string, string>();
  const rows = new Map<string, LedgerRow>();
  const journal = new Map<string, JournalRow>();
  const load = (strategyId: string): Aggregate | null => JSON.parse(states.get(strategyId) ?? 'null');
  const keyOf = (strategyId: string, { kind, timeMs, id }: LedgerRow): string =>
    `${strategyId}#${kind}#${timeMs}#${id}`;

  return {
    load: async (strategyId) => load(strategyId),
    async create(aggregate) {
      if (!states.has(aggregate.strategyId)) states.set(aggregate.strategyId, JSON.stringify(aggregate));
    },
    async commit(next, rule) {
      const held = load(next.strategyId);
      if (held === null) return false;
      const first = held.seq === next.seq - 1 && holds(held, rule);
      const again = held.seq === next.seq && held.ops.at(-1) === next.ops.at(-1);
      if (first || again) states.set(next.strategyId, JSON.stringify(next));
      return first || again;
    },
    async writeRows(strategyId, added) {
      for (const row of added) rows.set(keyOf(strategyId, row), structuredClone(row));
    },
    async writeJournal(row) {
      const key = `${row.strategyId}#${row.seq}`;
      if (!journal.has(key)) journal.set(key, structuredClone(row));
    },
    async rows<K extends LedgerRow['kind']>(strategyId: string, kind: K) {
      const stored = [...rows].filter(([key]) => key.startsWith(`${strategyId}#`));
      const carried = (load(strategyId)?.rows ?? []).map((row) => [keyOf(strategyId, row), row] as const);
      return [...new Map([...stored, ...carried]).values()]
        .filter((row): row is Extract<LedgerRow, { kind: K }> => row.kind === kind)
        .sort((a, b) => a.timeMs - b.timeMs || (a.id < b.id ? -1 : 1));
    },
    async journal(strategyId) {
      return [...journal.values()].filter((row) => row.strategyId === strategyId).sort((a, b) => a.seq - b.seq);
    },
  };
}

function holds({ lastSliceMs, modes }: Aggregate, { sliceAfterMs, modesIn }: CommitRule): boolean {
  if (sliceAfterMs !== undefined && (lastSliceMs ?? 0) >= sliceAfterMs) return false;
  if (modesIn === undefined) return true;
  return modesIn.includes(effectiveMode(modes.global)) && modesIn.includes(effectiveMode(modes.own));
}
