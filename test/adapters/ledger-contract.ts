import { describe, expect, test } from 'vitest';
import { change } from '#core/commit.ts';
import { kindOf } from '#core/errors.ts';
import type { CommittedModes, Mode } from '#core/execution/mode.ts';
import type { Ledger } from '#core/ports.ts';
import { type Aggregate, type LedgerRow, newAggregate, OPS_MAX, sealed } from '#core/trading/aggregate.ts';
import { anIntent } from './intent-queue-contract.ts';

const ID = 'ibs-es';
const created = newAggregate(ID, ['ES', 'NQ']);

/** The image that a writer with this op would commit next. */
export function nextOf(held: Aggregate, op: string, changed: Partial<Aggregate> = {}): Aggregate {
  const { rows = [], ...rest } = changed;
  const cause = { kind: 'drop', intentId: op, reason: 'test', atMs: 0 } as const;
  return sealed(held, { aggregate: { ...held, ...rest }, rows, change: cause }, op);
}

/** A row of an intent that was dropped. */
function dropRow(id: string, timeMs: number): LedgerRow {
  const intent = anIntent({ id, decisionTimeMs: timeMs });
  return { kind: 'DROP', id, timeMs, body: { intent, reason: 'expired', atMs: timeMs } };
}

function modesOf(global: Mode, own: Mode, readable = true): CommittedModes {
  const committed = (mode: Mode) => ({ mode, lastModifiedMs: 1, version: 1, readable });
  return { global: committed(global), own: committed(own) };
}

/** Does it again while too many others were first, as an invocation that is tried again would. */
async function patiently(act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (kindOf(error) !== 'transient') throw error;
    await patiently(act);
  }
}

/** What every ledger keeps. `make` gives an empty one. */
export function ledgerContract(name: string, make: () => Promise<Ledger>): void {
  async function withAggregate(changed: Partial<Aggregate> = {}): Promise<{ ledger: Ledger; held: Aggregate }> {
    const ledger = await make();
    await ledger.create({ ...created, ...changed });
    return { ledger, held: { ...created, ...changed } };
  }

  describe(`the ${name} ledger: creating`, () => {
    test('knows nothing of a strategy that was never created, and commits nothing to it', async () => {
      const ledger = await make();
      expect(await ledger.load(ID)).toBeNull();
      expect(await ledger.commit(nextOf(created, 'a'), {})).toBe(false);
      expect(await ledger.load(ID)).toBeNull();
      expect(await ledger.rows(ID, 'DROP')).toEqual([]);
      expect(await ledger.journal(ID)).toEqual([]);
    });

    test('creates once: a second create changes nothing', async () => {
      const { ledger } = await withAggregate();
      await ledger.commit(nextOf(created, 'a'), {});
      await ledger.create(created);
      expect((await ledger.load(ID))?.seq).toBe(1);
    });

    test('keeps strategies apart, also those whose ids begin alike', async () => {
      const { ledger } = await withAggregate();
      await ledger.create(newAggregate(`${ID}-2`, ['ES']));
      await ledger.writeRows(`${ID}-2`, [dropRow('other', 1)]);
      await ledger.commit(nextOf(created, 'a'), {});
      expect((await ledger.load(`${ID}-2`))?.seq).toBe(0);
      expect(await ledger.rows(ID, 'DROP')).toEqual([]);
    });
  });

  describe(`the ${name} ledger: committing`, () => {
    test('takes the image after the stored one, and brings it back bit for bit', async () => {
      const { ledger, held } = await withAggregate();
      const day = { tradeDate: '2024-11-12', realisedUsd: 0.1 + 0.2 - 5e-324 - 1e21 / 3, stopped: true };
      const next = nextOf(held, 'a', { day, lastSliceMs: 1_731_430_800_000, outbox: [anIntent()] });
      expect(await ledger.commit(next, {})).toBe(true);
      expect(JSON.stringify(await ledger.load(ID))).toBe(JSON.stringify(next));
    });

    test('of two writers of one number the first wins, and the other is told', async () => {
      const { ledger, held } = await withAggregate();
      expect(await ledger.commit(nextOf(held, 'a'), {})).toBe(true);
      expect(await ledger.commit(nextOf(held, 'b'), {})).toBe(false);
      expect((await ledger.load(ID))?.ops).toEqual(['a']);
    });

    test('takes its own write again, whatever the rule says by now: its reply was lost', async () => {
      const { ledger, held } = await withAggregate({ modes: modesOf('RUN', 'RUN') });
      const next = nextOf(held, 'a', { lastSliceMs: 60_000, modes: modesOf('HALT', 'HALT') });
      const rule = { sliceAfterMs: 60_000, modesIn: ['RUN'] } as const;
      expect(await ledger.commit(next, rule)).toBe(true);
      expect(await ledger.commit(next, rule)).toBe(true);
      expect(await ledger.load(ID)).toEqual(next);
    });

    test('refuses its own write again when somebody moved on from it; the ring of ops still tells', async () => {
      const { ledger, held } = await withAggregate();
      const mine = nextOf(held, 'a');
      await ledger.commit(mine, {});
      const theirs = nextOf(mine, 'b');
      await ledger.commit(theirs, {});
      expect(await ledger.commit(mine, {})).toBe(false);
      expect(await ledger.load(ID)).toEqual(theirs);
      expect((await ledger.load(ID))?.ops).toEqual(['a', 'b']);
    });

    test('refuses an image that skips a number or lies behind', async () => {
      const { ledger, held } = await withAggregate();
      const first = nextOf(held, 'a');
      const second = nextOf(first, 'b');
      expect(await ledger.commit(second, {})).toBe(false);
      await ledger.commit(first, {});
      await ledger.commit(second, {});
      expect(await ledger.commit(nextOf(held, 'c'), {})).toBe(false);
      expect(await ledger.load(ID)).toEqual(second);
    });

    test.each([
      [null, 60_000, true],
      [59_999, 60_000, true],
      [60_000, 60_000, false],
      [60_001, 60_000, false],
    ])('last slice %s, rule after %s: %s', async (lastSliceMs, sliceAfterMs, done) => {
      const { ledger, held } = await withAggregate({ lastSliceMs });
      expect(await ledger.commit(nextOf(held, 'a', { lastSliceMs: sliceAfterMs }), { sliceAfterMs })).toBe(done);
    });

    test.each([
      ['RUN', 'RUN', true, ['RUN'], true],
      ['RUN', 'REDUCE_ONLY', true, ['RUN'], false],
      ['HALT', 'RUN', true, ['RUN'], false],
      ['RUN', 'RUN', false, ['RUN'], false],
      ['RUN', 'RUN', false, ['RUN', 'REDUCE_ONLY'], true],
      ['FLATTEN', 'RUN', true, ['RUN', 'REDUCE_ONLY', 'FLATTEN'], true],
      ['HALT', 'RUN', false, ['RUN', 'REDUCE_ONLY', 'FLATTEN'], false],
    ] as const)('modes %s and %s, readable %s, rule in %s: %s', async (global, own, readable, modesIn, done) => {
      const { ledger, held } = await withAggregate({ modes: modesOf(global, own, readable) });
      expect(await ledger.commit(nextOf(held, 'a', { modes: modesOf('RUN', 'RUN') }), { modesIn })).toBe(done);
    });

    test('keeps every write of many writers at once, each journalled once, and remembers the last 32 ops', async () => {
      const ledger = await make();
      let ops = 0;
      const nonce = (): string => {
        ops += 1;
        return `op-${ops}`;
      };
      const writeOnce = async (id: string): Promise<void> => {
        await change({ ledger, nonce }, { strategyId: created.strategyId, initial: created }, (held) => ({
          changed: {
            aggregate: { ...held, day: { ...held.day, realisedUsd: held.day.realisedUsd + 1 } },
            rows: [dropRow(id, 1_000)],
            change: { kind: 'drop', intentId: id, reason: 'test', atMs: 0 },
          },
          rule: {},
          result: null,
        }));
      };
      const write = async (writer: string): Promise<void> => {
        for (let count = 1; count <= 10; count++) await patiently(() => writeOnce(`${writer}-${count}`));
      };
      await Promise.all(['a', 'b', 'c', 'd'].map(write));
      const held = await ledger.load(ID);
      expect(held).toMatchObject({ seq: 40, day: { realisedUsd: 40 } });
      expect(new Set(held?.ops).size).toBe(OPS_MAX);
      const journal = [...(await ledger.journal(ID)), held?.journal];
      expect(journal.map((row) => row?.seq)).toEqual(Array.from({ length: 40 }, (_, index) => index + 1));
      expect(new Set(journal.map((row) => row?.change.kind === 'drop' && row.change.intentId)).size).toBe(40);
      expect(await ledger.rows(ID, 'DROP')).toHaveLength(40);
    });
  });

  describe(`the ${name} ledger: rows and journal`, () => {
    test('writes a row again without a second one, and lists rows of a kind by time and id', async () => {
      const { ledger } = await withAggregate();
      const rows = [dropRow('b', 2_000), dropRow('a', 2_000), dropRow('c', 10_000), dropRow('d', 9_000)];
      await ledger.writeRows(ID, rows);
      await ledger.writeRows(ID, rows.slice(0, 2));
      expect((await ledger.rows(ID, 'DROP')).map(({ id }) => id)).toEqual(['a', 'b', 'd', 'c']);
      expect(await ledger.rows(ID, 'TRADE')).toEqual([]);
    });

    test('tells rows of one id apart by their times', async () => {
      const { ledger } = await withAggregate();
      await ledger.writeRows(ID, [dropRow('a', 1_000), dropRow('a', 2_000)]);
      expect((await ledger.rows(ID, 'DROP')).map(({ timeMs }) => timeMs)).toEqual([1_000, 2_000]);
    });

    test('writes many rows, and none', async () => {
      const { ledger } = await withAggregate();
      await ledger.writeRows(ID, []);
      await ledger.writeRows(
        ID,
        Array.from({ length: 60 }, (_, index) => dropRow(`row-${index}`, 1_000 + index)),
      );
      expect(await ledger.rows(ID, 'DROP')).toHaveLength(60);
    });

    test('lists the rows that the newest image still carries, once, whether stored already or not', async () => {
      const { ledger, held } = await withAggregate();
      const rows = [dropRow('carried', 1_000), dropRow('both', 2_000)];
      await ledger.commit(nextOf(held, 'a', { rows }), {});
      await ledger.writeRows(ID, [dropRow('both', 2_000), dropRow('stored', 1_500)]);
      expect((await ledger.rows(ID, 'DROP')).map(({ id }) => id)).toEqual(['carried', 'stored', 'both']);
    });

    test('never lists what a refused writer would have recorded', async () => {
      const { ledger, held } = await withAggregate();
      await ledger.commit(nextOf(held, 'a'), {});
      await ledger.commit(nextOf(held, 'b', { rows: [dropRow('refused', 1_000)] }), {});
      expect(await ledger.rows(ID, 'DROP')).toEqual([]);
    });

    test('keeps the first journal row of a number, and lists them by number', async () => {
      const { ledger } = await withAggregate();
      const cause = { kind: 'drop', intentId: 'a', reason: 'test', atMs: 0 } as const;
      for (const seq of [10, 9, 100]) await ledger.writeJournal({ strategyId: ID, seq, op: 'first', change: cause });
      await ledger.writeJournal({ strategyId: ID, seq: 9, op: 'second', change: cause });
      const journal = await ledger.journal(ID);
      expect(journal.map(({ seq, op }) => `${seq} ${op}`)).toEqual(['9 first', '10 first', '100 first']);
    });

    test('hands out copies: what a reader does to them changes nothing', async () => {
      const { ledger, held } = await withAggregate();
      const next = nextOf(held, 'a', { outbox: [anIntent()] });
      await ledger.commit(next, {});
      (next.outbox as unknown[]).length = 0;
      const read = await ledger.load(ID);
      expect(read?.outbox).toHaveLength(1);
      (read?.outbox as unknown[]).length = 0;
      expect((await ledger.load(ID))?.outbox).toHaveLength(1);
    });
  });
}
