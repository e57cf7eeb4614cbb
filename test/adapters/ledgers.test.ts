import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dynamoClient } from '#adapters/dynamodb/client.ts';
import { dynamoLedger } from '#adapters/dynamodb/ledger.ts';
import { memoryLedger } from '#adapters/memory/ledger.ts';
import { change } from '#core/commit.ts';
import type { Ledger } from '#core/ports.ts';
import { newAggregate } from '#core/trading/aggregate.ts';
import { badLine, type EmulatedTables, emulatedTables, type Fate, localSettings } from './dynamodb/emulated-table.ts';
import { ledgerContract, nextOf } from './ledger-contract.ts';

let tables: EmulatedTables;
let count = 0;
beforeAll(async () => {
  tables = await emulatedTables();
});
afterAll(() => tables.stop());

async function makeDynamoLedger(): Promise<Ledger> {
  count += 1;
  return dynamoLedger(await tables.create(`ledger-${count}`));
}

ledgerContract('memory', async () => memoryLedger());
ledgerContract('DynamoDB', makeDynamoLedger);

describe('the DynamoDB ledger over a bad line', () => {
  const created = newAggregate('ibs-es', ['ES']);

  /** Two ledgers over one table with a created aggregate: one over the bad line, one over a good one. */
  async function overBadLine(
    fate: (operation: string) => Fate,
  ): Promise<{ bad: Ledger; good: Ledger; end(): Promise<void> }> {
    count += 1;
    const table = await tables.create(`ledger-${count}`);
    const good = dynamoLedger(table);
    await good.create(created);
    const line = await badLine(tables.endpoint, fate);
    const client = dynamoClient({ endpoint: line.endpoint, ...localSettings });
    return {
      bad: dynamoLedger({ ...table, client }),
      good,
      async end() {
        client.destroy();
        await line.stop();
      },
    };
  }

  test('knows its own write when its reply was lost and the SDK sent it again', async () => {
    let updates = 0;
    const { bad, good, end } = await overBadLine((operation) => {
      updates += operation === 'UpdateItem' ? 1 : 0;
      return operation === 'UpdateItem' && updates === 1 ? 'lose-reply' : 'pass';
    });
    const next = nextOf(created, 'a');
    expect(await bad.commit(next, { sliceAfterMs: 1, modesIn: ['REDUCE_ONLY'] })).toBe(true);
    expect(updates).toBe(2);
    expect(await good.load('ibs-es')).toEqual(next);
    await end();
  });

  test('is not sure when every reply was lost; a writer then finds its op and does not write twice', async () => {
    let isBad = true;
    const { bad, good, end } = await overBadLine((operation) =>
      isBad && operation === 'UpdateItem' ? 'lose-reply' : 'pass',
    );
    await expect(bad.commit(nextOf(created, 'a'), {})).rejects.toMatchObject({ kind: 'transient' });
    let ops = 0;
    let made = 0;
    const nonce = (): string => {
      ops += 1;
      return `op-${ops}`;
    };
    const subject = { strategyId: created.strategyId, initial: created };
    const result = await change({ ledger: bad, nonce }, subject, (held) => {
      made += 1;
      const cause = { kind: 'drop', intentId: 'x', reason: 'test', atMs: 0 } as const;
      const day = { ...held.day, realisedUsd: held.day.realisedUsd + 1 };
      return { changed: { aggregate: { ...held, day }, rows: [], change: cause }, rule: {}, result: `write ${made}` };
    });
    isBad = false;
    expect(result).toBe('write 1');
    expect(await good.load('ibs-es')).toMatchObject({ seq: 2, day: { realisedUsd: 1 }, ops: ['a', 'op-1'] });
    await end();
  });

  test('does not overwrite the writer that came between a lost reply and its repetition', async () => {
    let between: Promise<unknown> | null = null;
    const mine = nextOf(created, 'a');
    const theirs = nextOf(mine, 'b');
    const { bad, good, end } = await overBadLine((operation) => {
      if (operation !== 'UpdateItem' || between !== null) return 'pass';
      between = commitWhenPossible();
      return 'lose-reply';
    });
    async function commitWhenPossible(): Promise<void> {
      while (!(await good.commit(theirs, {})));
    }
    const done = await bad.commit(mine, {});
    await between;
    const held = await good.load('ibs-es');
    expect(held).toEqual(theirs);
    // Refused or recognised, by which of the two came first; never written over the other.
    expect(done || held?.ops.includes('a')).toBe(true);
    await end();
  });
});
