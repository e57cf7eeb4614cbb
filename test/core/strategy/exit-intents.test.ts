import { describe, expect, test } from 'vitest';
import { MINUTE_MS } from '#core/market/timeframe.ts';
import { EXIT_SPACING_MS, EXIT_TRIES_MAX, UNKNOWN_WINDOW_MS } from '#core/trading/lane.ts';
import { aSlice, chicago, gapSlice, hour, minute } from '#test/core/trading/slices.ts';
import { anOpenDesk, Desk } from './desk.ts';
import {
  aLine,
  aStepInput,
  aStrategy,
  atHour,
  atMinute,
  buy,
  leave,
  nine,
  readingsOf,
  saying,
  step,
} from './step-scene.ts';

describe('an exit', () => {
  test('leaves on the slice that wants it, for the contract that is held', () => {
    const desk = anOpenDesk();
    const { intents, decisions } = desk.step(atMinute(nine + 2 * MINUTE_MS, 99));
    expect(intents).toEqual([
      expect.objectContaining({
        id: 'scripted:ES:1:exit:1',
        kind: 'exit',
        contract: 'ESZ2024',
        quantity: 1,
        signalPrice: 99,
        expiresAtMs: null,
        epoch: 1,
      }),
    ]);
    expect(decisions).toEqual([
      expect.objectContaining({
        action: 'exit',
        reason: 'stop',
        intentId: 'scripted:ES:1:exit:1',
        evidence: { mark: 99, try: 1 },
      }),
    ]);
  });

  test('goes out for a root that the configuration no longer has', () => {
    const desk = anOpenDesk();
    const other = aStrategy({ lines: [aLine({ root: 'GC', tradedRoot: 'GC' })] });
    const { intents } = desk.step(atMinute(nine + 2 * MINUTE_MS, 99), { strategy: other });
    expect(intents).toEqual([expect.objectContaining({ kind: 'exit', root: 'ES', reason: 'stop' })]);
  });

  test('makes the lane flat with a cool-down in which no entry is looked at', () => {
    const desk = anOpenDesk(aStrategy({ lines: [aLine({ definition: saying(buy) })] }));
    const atMs = chicago('2024-11-12 09:58');
    desk.step(atMinute(atMs, 99));
    desk.execute(atMs);
    const { decisions, rows } = desk.step(atHour(chicago('2024-11-12 10:00'), 99));
    expect(rows).toContainEqual(expect.objectContaining({ kind: 'TRADE', id: 'scripted:ES:1' }));
    expect(decisions[0]).toMatchObject({ action: 'refused', reason: 'cool-down after the last exit' });
    const eleven = chicago('2024-11-12 11:00');
    expect(desk.step(atHour(eleven, 99)).decisions[0]?.action).toBe('enter');
    desk.execute(eleven);
    expect(desk.step(atMinute(eleven + MINUTE_MS, 97)).intents[0]?.id).toBe('scripted:ES:2:exit:1');
  });

  test('is tried once a minute under a new id while it fails, then the lane locks', () => {
    const desk = anOpenDesk();
    const ids: string[] = [];
    for (let n = 2; n <= 9; n++) {
      const atMs = nine + n * MINUTE_MS;
      ids.push(...desk.step(atMinute(atMs, 98.75)).intents.map(({ id }) => id));
      desk.execute(atMs, 'unknown');
    }
    expect(ids).toEqual([1, 2, 3, 4, 5].map((n) => `scripted:ES:1:exit:${n}`));
    expect(desk.lane().state).toBe('LOCKED');
  });

  test('is not tried twice within a minute of real time, although slices are caught up with faster', () => {
    const desk = anOpenDesk();
    const receiptTimeMs = nine + 10 * MINUTE_MS;
    const tries = [2, 3, 4, 5].flatMap((n) => {
      const { intents } = desk.step(atMinute(nine + n * MINUTE_MS, 99), { receiptTimeMs: receiptTimeMs + n });
      desk.execute(receiptTimeMs + n, 'rejected');
      return intents;
    });
    expect(tries).toHaveLength(1);
  });

  test('never gets an id that was made before, even when an operator unlocks the lane', () => {
    const desk = anOpenDesk();
    const ids: string[] = [];
    for (let n = 2; n <= 12; n++) {
      const atMs = nine + n * MINUTE_MS;
      ids.push(...desk.step(atMinute(atMs, 98.75)).intents.map(({ id }) => id));
      desk.execute(atMs, 'unknown');
      if (desk.lane().state === 'LOCKED') desk.operate({ kind: 'operator-unlock' });
    }
    expect(ids.length).toBeGreaterThan(EXIT_TRIES_MAX);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('under way is given a minute from its claim', () => {
    const desk = anOpenDesk();
    const madeMs = nine + 2 * MINUTE_MS;
    const [exit] = desk.step(atMinute(madeMs, 98.75)).intents;
    desk.claim({ id: exit?.id ?? '', root: 'ES' }, madeMs + 50_000);
    const madeAfter = (ms: number, n: number) =>
      desk.step(atMinute(nine + n * MINUTE_MS, 98.75), { receiptTimeMs: madeMs + ms }).intents.map(({ id }) => id);
    expect(madeAfter(60_000, 3)).toEqual([]);
    expect(madeAfter(109_999, 4)).toEqual([]);
    expect(madeAfter(110_000, 5)).toEqual(['scripted:ES:1:exit:2']);
  });

  test('of another root than the one that signals is for the contract that is held', () => {
    const micro = { root: 'MES', contract: 'MESZ2024' };
    const desk = new Desk(aStrategy({ lines: [aLine({ tradedRoot: 'MES' })] }));
    const bars = [minute(nine), hour(nine), minute(nine, micro)];
    desk.step(aSlice(nine, { bars, leads: { ES: 'ESZ2024', MES: 'MESZ2024' } }));
    desk.execute(nine);
    const atMs = nine + MINUTE_MS;
    const stopped = aSlice(atMs, { bars: [minute(atMs), minute(atMs, { ...micro, open: 100, close: 98.75 })] });
    expect(desk.step(stopped).intents).toEqual([
      expect.objectContaining({ id: 'scripted:ES:1:exit:1', root: 'ES', tradedRoot: 'MES', contract: 'MESZ2024' }),
    ]);
  });

  test('that nobody claimed is replaced after a minute', () => {
    const desk = anOpenDesk();
    desk.step(atMinute(nine + 2 * MINUTE_MS, 99));
    const { intents, rows } = desk.step(atMinute(nine + 3 * MINUTE_MS, 99));
    expect(intents.map(({ id }) => id)).toEqual(['scripted:ES:1:exit:2']);
    expect(desk.held.outbox).toEqual(intents);
    expect(rows).toContainEqual(expect.objectContaining({ kind: 'DROP', id: 'scripted:ES:1:exit:1' }));
  });

  test('of an entry of unknown outcome is repeated once the entry can no longer appear', () => {
    const desk = new Desk();
    desk.step(atHour(nine));
    desk.execute(nine, 'unknown');
    const ids = [1, 2, 3, 4].map((n) => {
      const { intents } = desk.step(atMinute(nine + n * MINUTE_MS, 98));
      desk.execute(nine + n * MINUTE_MS);
      return intents.map(({ id }) => id);
    });
    expect(ids).toEqual([['scripted:ES:1:exit:1'], [], ['scripted:ES:1:exit:2'], []]);
    expect(desk.lane().state).toBe('FLAT');
  });

  test('of an entry of unknown outcome is repeated once, and never sooner than a minute after the first', () => {
    const desk = new Desk();
    desk.step(atHour(nine));
    desk.execute(nine, 'unknown');
    // Slices are processed late and fast: the second exit becomes due while the first is seconds old.
    const receiptTimeMs = nine + UNKNOWN_WINDOW_MS - 1_000;
    const [first] = desk.step(atMinute(nine + MINUTE_MS, 98), { receiptTimeMs }).intents;
    desk.execute(receiptTimeMs);
    expect(desk.lane()).toMatchObject({ state: 'EXITING', exiting: { intentId: null } });
    expect(first?.id).toBe('scripted:ES:1:exit:1');
    const soon = desk.step(atMinute(nine + 2 * MINUTE_MS, 98), { receiptTimeMs: nine + UNKNOWN_WINDOW_MS }).intents;
    expect(soon).toEqual([]);
    const laterMs = receiptTimeMs + EXIT_SPACING_MS;
    const [repeat] = desk.step(atMinute(nine + 3 * MINUTE_MS, 98), { receiptTimeMs: laterMs }).intents;
    expect(repeat?.id).toBe('scripted:ES:1:exit:2');
    desk.execute(laterMs);
    expect(desk.lane().state).toBe('FLAT');
  });

  test('that becomes due while the market is closed waits for the first minute of the next session', () => {
    const strategy = aStrategy({ lines: [aLine({ definition: saying(leave) })] });
    const desk = anOpenDesk();
    const last = chicago('2024-11-12 16:00');
    const quiet = aStepInput({ strategy, held: desk.held, slice: atHour(last, 100) });
    const closed = step(quiet);
    expect(closed.intents).toEqual([]);
    expect(closed.aggregate.lanes.ES).toMatchObject({
      state: 'EXITING',
      exiting: { wanted: { reason: 'ibs' }, tries: 0 },
    });
    const opened = step(
      aStepInput({ strategy, held: closed.aggregate, slice: atMinute(chicago('2024-11-12 17:01'), 105) }),
    );
    expect(opened.intents).toEqual([expect.objectContaining({ id: 'scripted:ES:1:exit:1', reason: 'ibs' })]);
  });

  test('that is overdue after a gap leaves on the gap slice', () => {
    const desk = anOpenDesk();
    const slice = gapSlice(chicago('2024-11-12 14:00'), chicago('2024-11-12 15:10'));
    expect(desk.step(slice).intents).toEqual([
      expect.objectContaining({ reason: 'auto-close', decisionTimeMs: slice.closeTimeMs }),
    ]);
  });

  test('is not made into a gap that ends with the session', () => {
    const desk = anOpenDesk();
    expect(desk.step(gapSlice(chicago('2024-11-12 14:00'), chicago('2024-11-12 16:00'))).intents).toEqual([]);
    expect(desk.step(atMinute(chicago('2024-11-12 17:01'))).intents).toHaveLength(1);
  });
});

describe('mode HALT', () => {
  const halted = { readings: readingsOf('HALT', { version: 2 }) };

  test('latches exits, posts nothing and counts no attempt, however long it lasts', () => {
    const desk = anOpenDesk();
    for (let n = 2; n <= 30; n++) {
      expect(desk.step(atMinute(nine + n * MINUTE_MS, 98.75), halted).intents).toEqual([]);
    }
    expect(desk.lane()).toMatchObject({ state: 'EXITING', exiting: { tries: 0, wanted: { reason: 'stop' } } });
    const running = { readings: readingsOf('RUN', { version: 3 }) };
    expect(desk.step(atMinute(nine + 31 * MINUTE_MS, 101), running).intents).toHaveLength(1);
  });

  test('takes back an exit that nobody has claimed, and does not count it', () => {
    const desk = anOpenDesk();
    for (let n = 2; n <= 5; n++) {
      desk.step(atMinute(nine + n * MINUTE_MS, 98.75));
      desk.execute(nine + n * MINUTE_MS, 'rejected');
    }
    const [fifth] = desk.step(atMinute(nine + 6 * MINUTE_MS, 98.75)).intents;
    for (let n = 7; n <= 9; n++) desk.step(atMinute(nine + n * MINUTE_MS, 98.75), halted);
    expect(desk.lane()).toMatchObject({ state: 'EXITING', exiting: { tries: 4, intentId: null } });
    const running = { readings: readingsOf('RUN', { version: 3 }) };
    const [next] = desk.step(atMinute(nine + 10 * MINUTE_MS, 98.75), running).intents;
    expect([fifth?.id, next?.id]).toEqual(['scripted:ES:1:exit:5', 'scripted:ES:1:exit:6']);
  });
});

describe('mode FLATTEN', () => {
  test('sends every open position home on the slice that reads it', () => {
    const { intents } = anOpenDesk().step(atMinute(nine + 2 * MINUTE_MS), {
      readings: readingsOf('FLATTEN', { version: 2 }),
    });
    expect(intents).toEqual([expect.objectContaining({ kind: 'exit', reason: 'flatten', origin: 'kill' })]);
  });
});
