import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HOUR_MS, MINUTE_MS } from '#core/market/timeframe.ts';
import { conclude } from '#core/strategy/conclude.ts';
import { slotsUsed } from '#core/trading/aggregate.ts';
import { aSlice, chicago, hour, minute } from '#test/core/trading/slices.ts';
import { Desk } from './desk.ts';
import {
  aLine,
  aStepInput,
  aStrategy,
  atHour,
  atMinute,
  buy,
  nine,
  passed,
  readingsOf,
  saying,
  sellShort,
  step,
} from './step-scene.ts';

describe('an approved entry', () => {
  test('reserves the slot, and its intent says all that an order needs', () => {
    const { decisions, intents, aggregate } = step(aStepInput({ slice: atHour(nine) }));
    const id = `scripted:ES:${nine}:enter`;
    expect(aggregate.lanes.ES).toMatchObject({
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
    expect(aggregate.lanes.ES?.state).toBe('FLAT');
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
