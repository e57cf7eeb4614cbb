import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HOUR_MS, MINUTE_MS } from '#core/market/timeframe.ts';
import { conclude } from '#core/strategy/conclude.ts';
import { slotsUsed } from '#core/trading/aggregate.ts';
import { EXIT_SPACING_MS, EXIT_TRIES_MAX, UNKNOWN_WINDOW_MS } from '#core/trading/lane.ts';
import { aSlice, chicago, gapSlice, hour, minute } from '#test/core/trading/slices.ts';
import {
  aLine,
  aStepInput,
  aStrategy,
  buy,
  Desk,
  leave,
  passed,
  readingsOf,
  saying,
  sellShort,
  step,
} from './step-scene.ts';

const nine = chicago('2024-11-12 09:00');
const atHour = (closeTimeMs: number, close = 100) =>
  aSlice(closeTimeMs, {
    bars: [minute(closeTimeMs, { close, open: close }), hour(closeTimeMs, { close, open: close })],
  });
const atMinute = (closeTimeMs: number, close = 100) =>
  aSlice(closeTimeMs, { bars: [minute(closeTimeMs, { close, open: close })] });

/** A desk that entered at nine and is filled at 100 a minute later. */
function anOpenDesk(strategy = aStrategy()): Desk {
  const desk = new Desk(strategy);
  desk.step(atHour(nine));
  desk.execute(nine);
  desk.step(atMinute(nine + MINUTE_MS));
  return desk;
}

describe('an approved entry', () => {
  test('reserves the slot, and its intent says all that an order needs', () => {
    const { decisions, intents, aggregate } = step(aStepInput({ slice: atHour(nine) }));
    const id = `scripted:ES:${nine}:enter`;
    expect(aggregate.lanes['ES']).toMatchObject({
      state: 'RESERVED',
      intentId: id,
      position: { contract: 'ESZ2024', mark: 100 },
    });
    expect(aggregate.outbox).toEqual(intents);
    expect(intents).toEqual([
      {
        schemaVersion: 1,
        id,
        strategyId: 'scripted',
        root: 'ES',
        tradedRoot: 'ES',
        contract: 'ESZ2024',
        kind: 'enter',
        side: 'long',
        quantity: 1,
        signalPrice: 100,
        brokerStopPrice: 98.5,
        decisionTimeMs: nine,
        expiresAtMs: nine + 45_000,
        epoch: 1,
        origin: 'slice',
        reason: 'signal',
      },
    ]);
    expect(decisions).toEqual([
      expect.objectContaining({
        id: `scripted:ES:${nine}`,
        action: 'enter',
        intentId: id,
        mode: 'RUN',
        verdict: passed,
      }),
    ]);
  });

  test('rests its stop at the broker on the tick that is further away', () => {
    const stopOf = (signal: typeof buy) => {
      const strategy = aStrategy({ lines: [aLine({ definition: saying(signal) })] });
      return step(aStepInput({ strategy, slice: atHour(nine, 101.25) })).intents[0]?.brokerStopPrice;
    };
    // 1.5 % of 101.25 is 1.51875.
    expect(stopOf(buy)).toBe(99.5);
    expect(stopOf(sellShort)).toBe(103);
  });

  test('is dropped and its slot freed when it was not claimed in time', () => {
    const desk = new Desk();
    const [intent] = desk.step(atHour(nine)).intents;
    const receiptTimeMs = nine + 45_000;
    const { rows } = desk.step(atMinute(nine + MINUTE_MS), { receiptTimeMs });
    expect(desk.lane()).toMatchObject({ state: 'FLAT', position: null, epoch: 0 });
    expect(desk.held.outbox).toEqual([]);
    expect(rows).toEqual([
      expect.objectContaining({ kind: 'DROP', body: { intent, reason: 'expired', atMs: receiptTimeMs } }),
    ]);
  });

  test.each(['REDUCE_ONLY', 'FLATTEN', 'HALT', null] as const)(
    'is withdrawn by mode %s before it is claimed',
    (mode) => {
      const desk = new Desk();
      desk.step(atHour(nine));
      const next = { receiptTimeMs: nine + 20_000, readings: readingsOf(mode, { version: 2 }) };
      desk.step(atMinute(nine + MINUTE_MS), next);
      expect(desk.lane().state).toBe('FLAT');
      expect(desk.held.outbox).toEqual([]);
    },
  );
});

describe('the model', () => {
  const judged = (verdict: typeof passed | null) => {
    const { proposal } = step(aStepInput({ slice: atHour(nine) }));
    return step({ ...proposal.input }, verdict === null ? {} : { ES: verdict });
  };

  test('that vetoes is the decision, with its probability', () => {
    const verdict = { ...passed, vetoed: true, reason: 'model', probability: 0.4, threshold: 0.6, model: 'm' } as const;
    const { decisions, aggregate, intents } = judged(verdict);
    expect(decisions).toEqual([
      expect.objectContaining({ action: 'vetoed', reason: 'probability 0.4 below 0.6', verdict }),
    ]);
    expect(intents).toEqual([]);
    expect(aggregate.lanes['ES']?.state).toBe('FLAT');
  });

  test('that could not be asked names what was missing', () => {
    const verdict = { ...passed, vetoed: true, reason: 'missing-feature', missing: ['rsi-2-1h'] } as const;
    expect(judged(verdict).decisions[0]?.reason).toBe('missing feature rsi-2-1h');
  });

  test('that was not asked about a candidate has vetoed it', () => {
    const { proposal } = step(aStepInput({ slice: atHour(nine) }));
    expect(conclude(proposal, {}).decisions[0]).toMatchObject({
      action: 'vetoed',
      reason: 'no verdict',
      verdict: null,
    });
  });

  test('is kept in the change, so that a replay needs no model', () => {
    expect(judged(passed).change).toEqual({
      kind: 'slice',
      closeTimeMs: nine,
      receiptTimeMs: nine,
      readings: readingsOf('RUN'),
      verdicts: { ES: passed },
    });
  });
});

describe('slots', () => {
  const lineOf = (root: string) => aLine({ root, tradedRoot: root });
  const roots = ['ES', 'NQ', 'YM', 'RTY'];
  const leads = Object.fromEntries(roots.map((root) => [root, `${root}Z2024`]));
  const allHours = (closeTimeMs: number, wanting: readonly string[]) => {
    const bars = wanting.flatMap((root) => {
      const known = { root, contract: `${root}Z2024`, open: 100 };
      return [minute(closeTimeMs, known), hour(closeTimeMs, known)];
    });
    return aSlice(closeTimeMs, { bars, leads });
  };

  test('are given out in the order of the lines, and never more than there are', () => {
    const strategy = aStrategy({ lines: roots.map(lineOf), limits: { positionsMax: 2, dailyStopUsd: 1000 } });
    const { decisions } = step(aStepInput({ strategy, slice: allHours(nine, roots) }));
    expect(decisions.map(({ root, action }) => `${root} ${action}`)).toEqual([
      'ES enter',
      'NQ enter',
      'YM refused',
      'RTY refused',
    ]);
    expect(decisions[3]?.reason).toBe('slots: 2 of 2 in use');
  });

  test('are not used by an entry that the model vetoed', () => {
    const strategy = aStrategy({ lines: ['ES', 'NQ'].map(lineOf) });
    const verdicts = { ES: { ...passed, vetoed: true, reason: 'model' as const } };
    const { decisions } = step(aStepInput({ strategy, slice: allHours(nine, roots) }), verdicts);
    expect(decisions.map(({ action }) => action)).toEqual(['vetoed', 'enter']);
  });

  test('are never overdrawn, whatever is asked for, claimed and answered', () => {
    const outcome = fc.constantFrom('accepted', 'rejected', 'not-sent', 'unknown', null);
    const hours = fc.array(fc.tuple(fc.subarray(roots), outcome, fc.integer({ min: 90, max: 110 })), { maxLength: 12 });
    fc.assert(
      fc.property(hours, fc.integer({ min: 1, max: 4 }), (asked, positionsMax) => {
        const desk = new Desk(aStrategy({ lines: roots.map(lineOf), limits: { positionsMax, dailyStopUsd: 1e6 } }));
        let nowMs = chicago('2024-11-11 18:00');
        for (const [wanting, kind, close] of asked) {
          desk.step(allHours(nowMs, wanting));
          expect(slotsUsed(desk.held)).toBeLessThanOrEqual(positionsMax);
          if (kind !== null) desk.execute(nowMs, kind);
          desk.step(
            aSlice(nowMs + MINUTE_MS, {
              bars: roots.map((root) => minute(nowMs + MINUTE_MS, { root, contract: `${root}Z2024`, close })),
            }),
          );
          desk.execute(nowMs + MINUTE_MS);
          nowMs += HOUR_MS;
        }
        const waiting = Object.values(desk.held.lanes).filter(({ state }) => state === 'RESERVED');
        expect(waiting).toEqual([]);
      }),
    );
  });
});

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
    expect(closed.aggregate.lanes['ES']).toMatchObject({
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

describe('the daily stop', () => {
  // One contract of ES: 15 points are 750 dollars, and 20 are 1000.
  const strategy = aStrategy({
    lines: [aLine({ definition: saying({ ...buy, plan: { ...buy.plan, stop: null, brokerStop: null } }) })],
  });

  test('counts the marked loss, and its flatten leaves on the same slice', () => {
    const desk = anOpenDesk(strategy);
    expect(desk.step(atMinute(nine + 2 * MINUTE_MS, 85)).intents).toEqual([]);
    const { intents } = desk.step(atMinute(nine + 3 * MINUTE_MS, 80));
    expect(intents).toEqual([expect.objectContaining({ kind: 'exit', reason: 'daily-stop', origin: 'slice' })]);
    expect(desk.held.day.stopped).toBe(true);
  });

  test('is breached by a loss that just equals it', () => {
    const exactly = { ...strategy, limits: { positionsMax: 1, dailyStopUsd: 1000 + 2 * 2.69 } };
    expect(anOpenDesk(exactly).step(atMinute(nine + 3 * MINUTE_MS, 80)).intents[0]?.reason).toBe('daily-stop');
  });

  test('holds although the price recovers, refuses entries, and lifts on the next trade date without any trade', () => {
    const desk = anOpenDesk(strategy);
    desk.step(atMinute(nine + 3 * MINUTE_MS, 80));
    desk.execute(nine + 3 * MINUTE_MS);
    desk.step(atMinute(nine + 4 * MINUTE_MS, 100));
    const refused = desk.step(atHour(chicago('2024-11-12 11:00'))).decisions[0];
    expect(refused).toMatchObject({ action: 'refused', reason: 'daily stop: no new risk on this trade date' });
    const evening = desk.step(atHour(chicago('2024-11-12 18:00'))).decisions[0];
    expect(evening?.action).toBe('enter');
    expect(desk.held.day).toEqual({ tradeDate: '2024-11-13', realisedUsd: 0, stopped: false });
  });

  test('counts what was realised before', () => {
    const desk = anOpenDesk(strategy);
    desk.step(atMinute(nine + 2 * MINUTE_MS, 90), { readings: readingsOf('FLATTEN', { version: 2 }) });
    desk.execute(nine + 2 * MINUTE_MS);
    desk.step(atMinute(nine + 3 * MINUTE_MS, 90), { readings: readingsOf('RUN', { version: 3 }) });
    expect(desk.held.day.realisedUsd).toBeCloseTo(-500 - 2 * 2.69, 10);
    const later = { readings: readingsOf('RUN', { version: 3 }) };
    const ten = chicago('2024-11-12 10:00');
    desk.step(atHour(ten, 90), later);
    desk.execute(ten);
    desk.step(atMinute(ten + MINUTE_MS, 90), later);
    expect(desk.step(atMinute(ten + 2 * MINUTE_MS, 80), later).intents[0]?.reason).toBe('daily-stop');
  });

  test('withdraws an entry that is not claimed yet', () => {
    const lines = ['ES', 'NQ'].map((root) => aLine({ root, tradedRoot: root, definition: saying(buy) }));
    const desk = anOpenDesk(aStrategy({ lines, limits: { positionsMax: 2, dailyStopUsd: 40 } }));
    const known = { root: 'NQ', contract: 'NQZ2024' };
    const bars = [minute(nine + HOUR_MS), minute(nine + HOUR_MS, known), hour(nine + HOUR_MS, known)];
    const entered = desk.step(aSlice(nine + HOUR_MS, { bars, leads: { ES: 'ESZ2024', NQ: 'NQZ2024' } }));
    expect(entered.intents).toEqual([expect.objectContaining({ root: 'NQ', kind: 'enter' })]);
    const falling = { receiptTimeMs: nine + HOUR_MS + 30_000 };
    const { intents } = desk.step(atMinute(nine + HOUR_MS + MINUTE_MS, 99.25), falling);
    expect(intents).toEqual([expect.objectContaining({ root: 'ES', reason: 'daily-stop' })]);
    expect(desk.held.lanes['NQ']?.state).toBe('FLAT');
    expect(desk.held.outbox).toEqual(intents);
  });
});

test('an entry without an outcome for a minute is unknown and keeps its slot', () => {
  const desk = new Desk();
  const [intent] = desk.step(atHour(nine)).intents;
  if (intent === undefined) throw new Error('no entry');
  desk.claim(intent, nine);
  desk.step(atMinute(nine + MINUTE_MS));
  expect(desk.lane()).toMatchObject({ state: 'UNKNOWN', position: { assumed: true, acceptedAtMs: nine + MINUTE_MS } });
  expect(slotsUsed(desk.held)).toBe(1);
});

test('the same input gives the same conclusion', () => {
  const input = aStepInput({ slice: atHour(nine) });
  const before = structuredClone({ ...input, strategy: null, calendar: null });
  expect(step(input)).toEqual(step(input));
  expect({ ...input, strategy: null, calendar: null }).toEqual(before);
});
