import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MINUTE_MS } from '#core/market/timeframe.ts';
import type { View } from '#core/strategy/definition.ts';
import { propose } from '#core/strategy/propose.ts';
import type { StepInput } from '#core/strategy/step-input.ts';
import { newAggregate } from '#core/trading/aggregate.ts';
import { aSlice, chicago, gapSlice, hour, minute } from '#test/core/trading/slices.ts';
import {
  aLine,
  anAggregate,
  aStepInput,
  aStrategy,
  atHour,
  atMinute,
  buy,
  nine,
  saying,
  stay,
  windowAt,
} from './step-scene.ts';

const proposed = (known: Pick<StepInput, 'slice'> & Partial<StepInput>) => propose(aStepInput(known));
const found = (known: Pick<StepInput, 'slice'> & Partial<StepInput>) => proposed(known).findings.get('ES');

describe('an entry', () => {
  test('is proposed where signal and risk rules agree, with everything it needs', () => {
    expect(proposed({ slice: atHour() }).candidates).toEqual([
      expect.objectContaining({
        contract: 'ESZ2024',
        tradedContract: 'ESZ2024',
        quantity: 1,
        signalPrice: 100,
        autoCloseAtMs: chicago('2024-11-12 15:00'),
        expiresAtMs: nine + 45_000,
      }),
    ]);
  });

  test('is looked for only when the signal bar closes', () => {
    const { candidates, findings } = proposed({ slice: atMinute(nine) });
    expect(candidates).toEqual([]);
    expect(findings.size).toBe(0);
  });

  test('waits for a lead and for a whole window, and says so', () => {
    expect(found({ slice: { ...atHour(), leads: {} } })).toMatchObject({
      action: 'hold',
      reason: expect.stringMatching(/^no lead/),
    });
    const strategy = aStrategy({ lines: [aLine({ definition: saying(buy, 5) })] });
    const four = windowAt({ root: 'ES', contract: 'ESZ2024', timeframe: '1h', lookback: 4 }, atHour());
    expect(found({ strategy, slice: atHour(), windows: { ES: { '1h': four } } })?.reason).toBe(
      'warming up: 4 of 5 bars',
    );
  });

  test('is not proposed while the lane is in use', () => {
    for (const state of ['EXITING', 'LOCKED'] as const) {
      const strategy = aStrategy({ lines: [aLine({ definition: saying(buy) })] });
      const held = anAggregate({}, { state, exiting: null });
      expect(found({ strategy, slice: atHour(), held })).toMatchObject({ action: 'hold', reason: `lane ${state}` });
    }
  });

  test.each([
    ['09:00 on a normal day', '2024-11-12 09:00', null],
    ['14:00, a bar before the limit', '2024-11-12 14:00', null],
    ['15:00, because the automatic close is due', '2024-11-12 15:00', 'too close to the automatic close'],
    ['16:00, because the market closes', '2024-11-12 16:00', 'closed: the next minute is not in session'],
    ['18:00, in the next session', '2024-11-12 18:00', null],
  ])('at %s', (_, time, refusal) => {
    const { candidates, findings } = proposed({ slice: atHour(chicago(time)) });
    expect(findings.get('ES')?.reason ?? null).toBe(refusal);
    expect(candidates).toHaveLength(refusal === null ? 1 : 0);
  });

  test('stays away from the automatic close until the session ends', () => {
    const strategy = aStrategy({ lines: [aLine({ definition: { ...saying(buy), timeframe: '15m' } })] });
    const refusal = (time: string) => {
      const closeTimeMs = chicago(time);
      const bar = hour(closeTimeMs, { timeframe: '15m', openTimeMs: closeTimeMs - 15 * MINUTE_MS });
      return found({ strategy, slice: aSlice(closeTimeMs, { bars: [minute(closeTimeMs), bar] }) })?.reason ?? null;
    };
    expect(refusal('2024-11-12 14:15')).toBeNull();
    expect(refusal('2024-11-12 14:30')).toBe('too close to the automatic close');
    expect(refusal('2024-11-12 15:45')).toBe('too close to the automatic close');
    expect(refusal('2024-11-12 17:15')).toBeNull();
  });

  test('is not proposed into a halt of the session', () => {
    const quarterPast = chicago('2019-03-05 15:15');
    const bar = hour(quarterPast, { timeframe: '15m', openTimeMs: quarterPast - 15 * MINUTE_MS });
    const strategy = aStrategy({ lines: [aLine({ definition: { ...saying(buy), timeframe: '15m' } })] });
    const slice = aSlice(quarterPast, { bars: [minute(quarterPast), bar] });
    expect(found({ strategy, slice })?.reason).toBe('closed: the next minute is not in session');
  });

  test('is judged by when the slice was received, not by when it closed', () => {
    expect(proposed({ slice: atHour(), receiptTimeMs: nine + 45_000 }).candidates).toHaveLength(1);
    const late = found({ slice: atHour(), receiptTimeMs: nine + 45_001 });
    expect(late).toMatchObject({ action: 'refused', reason: 'stale: received 45001 ms after the close' });
  });

  test('needs a whole window: the hour that ended inside a gap is not one to enter on', () => {
    const slice = gapSlice(nine - 20 * MINUTE_MS, nine + 10 * MINUTE_MS, { bars: [hour(nine, { grade: 'holed' })] });
    expect(found({ slice })).toMatchObject({ action: 'refused', reason: 'certificate: signal bar is holed' });
    const blindMinute = { ...atHour(), grade: 'holed' } as const;
    expect(found({ slice: blindMinute })?.reason).toBe('certificate: minute of entry is holed');
  });

  test('carries its certificate', () => {
    const [candidate] = proposed({ slice: atHour() }).candidates;
    expect(candidate?.certificate).toMatchObject({
      contract: 'ESZ2024',
      timeframe: '1h',
      source: 'file',
      recent: { presumed: 1 },
    });
  });

  test('reads exactly the last bars it asked for, labelled by the Chicago time of the last one', () => {
    const seen: View<unknown>[] = [];
    const watching = saying((view) => {
      seen.push(view);
      return stay;
    }, 3);
    const strategy = aStrategy({ lines: [aLine({ definition: watching })] });
    const seven = windowAt({ root: 'ES', contract: 'ESZ2024', timeframe: '1h', lookback: 7 }, atHour());
    propose(aStepInput({ strategy, slice: atHour(), windows: { ES: { '1h': seven } } }));
    expect(seen[0]).toMatchObject({ held: null, label: { date: '2024-11-12', minuteOfDay: 8 * 60 } });
    expect(seen[0]?.window.length).toBe(3);
    expect([...(seen[0]?.window.closeTimeMs ?? [])]).toEqual([...seven.closeTimeMs.slice(-3)]);
    propose(aStepInput({ strategy, slice: atHour(), held: anAggregate({ side: 'short' }) }));
    expect(seen[1]?.held).toBe('short');
  });
});

describe('an entry on another root than the one that signals', () => {
  const micro = (riskDollars: number) => aStrategy({ lines: [aLine({ tradedRoot: 'MES', size: { riskDollars } })] });
  const slice = aSlice(nine, {
    bars: [minute(nine), hour(nine), minute(nine, { root: 'MES', contract: 'MESZ2024', close: 5000 })],
    leads: { ES: 'ESZ2024', MES: 'MESZ2024' },
  });

  test('buys the lead of that root at its own price', () => {
    expect(proposed({ strategy: micro(1000), slice }).candidates[0]).toMatchObject({
      contract: 'ESZ2024',
      tradedContract: 'MESZ2024',
      signalPrice: 5000,
      quantity: 4,
    });
  });

  test('is refused when one contract already risks too much', () => {
    const refusal = found({ strategy: micro(249), slice });
    expect(refusal).toMatchObject({ action: 'refused', reason: expect.stringMatching(/^size/) });
  });

  test('is refused without a lead or without a price of it', () => {
    const noLead = { ...slice, leads: { ES: 'ESZ2024' } };
    const hourOfMicro = hour(nine, { root: 'MES', contract: 'MESZ2024', close: 5000 });
    const noPrice = { ...slice, bars: [...slice.bars.filter(({ root }) => root === 'ES'), hourOfMicro] };
    for (const blind of [noLead, noPrice]) {
      expect(found({ strategy: micro(1000), slice: blind })).toMatchObject({
        action: 'refused',
        reason: 'no price of MES',
      });
    }
  });
});

test('what is proposed depends on the declared bars only, however many more are shown', () => {
  const strategy = aStrategy({ lines: [aLine({ definition: saying(buy, 8) })] });
  const request = { root: 'ES', contract: 'ESZ2024', timeframe: '1h' } as const;
  const withBars = (lookback: number) =>
    propose(
      aStepInput({
        strategy,
        slice: atHour(),
        windows: { ES: { '1h': windowAt({ ...request, lookback }, atHour()) } },
      }),
    );
  const exactly = withBars(8).candidates;
  fc.assert(
    fc.property(fc.integer({ min: 8, max: 60 }), (lookback) => {
      expect(withBars(lookback).candidates).toEqual(exactly);
    }),
  );
});

test('a root that was added to the strategy starts flat and trades', () => {
  const older = newAggregate('scripted', []);
  expect(proposed({ slice: atHour(), held: older }).candidates).toHaveLength(1);
});
