import { describe, expect, test } from 'vitest';
import { MINUTE_MS } from '#core/market/timeframe.ts';
import { propose } from '#core/strategy/propose.ts';
import type { StepInput } from '#core/strategy/step-input.ts';
import { aSlice, chicago, gapSlice, hour, minute } from '#test/core/trading/slices.ts';
import {
  aLine,
  anAggregate,
  aStepInput,
  aStrategy,
  atHour,
  atMinute,
  buy,
  leave,
  nine,
  readingsOf,
  saying,
} from './step-scene.ts';

const proposed = (known: Pick<StepInput, 'slice'> & Partial<StepInput>) => propose(aStepInput(known));
const found = (known: Pick<StepInput, 'slice'> & Partial<StepInput>) => proposed(known).findings.get('ES');

const wanted = (known: Pick<StepInput, 'slice'> & Partial<StepInput>) => {
  const lane = proposed(known).aggregate.lanes.ES;
  return lane?.latched ?? lane?.exiting?.wanted ?? null;
};

describe('an exit', () => {
  test('is asked for on every slice, and of nobody', () => {
    const bad = {
      strategy: aStrategy({ state: 'draining' }),
      readings: readingsOf(null),
      receiptTimeMs: nine + 900_000,
    };
    expect(wanted({ slice: atMinute(nine, 98.75), held: anAggregate(), ...bad })).toMatchObject({
      reason: 'stop',
      origin: 'slice',
    });
    expect(wanted({ slice: atMinute(nine, 99.25), held: anAggregate() })).toBeNull();
  });

  test('by the definition is asked for when its bar closes', () => {
    const strategy = aStrategy({ lines: [aLine({ definition: saying(leave) })] });
    expect(wanted({ strategy, slice: atHour(), held: anAggregate() })?.reason).toBe('ibs');
    expect(wanted({ strategy, slice: atMinute(nine), held: anAggregate() })).toBeNull();
  });

  test('at 15:00 happens on the next slice when that minute is missing', () => {
    const held = anAggregate();
    expect(wanted({ slice: atMinute(chicago('2024-11-12 14:59')), held })).toBeNull();
    expect(wanted({ slice: atMinute(chicago('2024-11-12 15:01')), held })?.reason).toBe('auto-close');
  });

  test('that fell into a gap happens on the gap slice', () => {
    const slice = gapSlice(chicago('2024-11-12 14:20'), chicago('2024-11-12 15:20'));
    expect(wanted({ slice, held: anAggregate() })?.reason).toBe('auto-close');
  });

  test('reads the contract that is held, not the lead', () => {
    const roll = (close: number) => minute(nine, { contract: 'ESU2024', close });
    const held = anAggregate({ contract: 'ESU2024', signalContract: 'ESU2024' });
    const crashed = aSlice(nine, { bars: [minute(nine, { close: 50 }), roll(100)] });
    expect(wanted({ slice: crashed, held })).toBeNull();
    const stopped = aSlice(nine, { bars: [minute(nine), roll(99)] });
    expect(wanted({ slice: stopped, held })?.reason).toBe('stop');
    const leaving = aStrategy({ lines: [aLine({ definition: saying(leave) })] });
    expect(wanted({ strategy: leaving, slice: aSlice(nine, { bars: [roll(100), hour(nine)] }), held })).toBeNull();
    const itsHour = aSlice(nine, { bars: [roll(100), hour(nine, { contract: 'ESU2024' })] });
    expect(wanted({ strategy: leaving, slice: itsHour, held })?.reason).toBe('ibs');
  });

  test('of an entry under way is latched and asked for once', () => {
    const entering = anAggregate({ acceptedAtMs: null, fillPrice: null, filledAtMs: null }, { state: 'ENTERING' });
    const { aggregate } = proposed({ slice: atMinute(nine, 98), held: entering });
    expect(aggregate.lanes.ES).toMatchObject({ state: 'ENTERING', latched: { reason: 'stop', atMs: nine } });
    const again = proposed({ slice: atMinute(nine + MINUTE_MS, 97), held: aggregate }).aggregate.lanes.ES;
    expect(again).toMatchObject({ latched: { atMs: nine }, refused: 0 });
  });

  test('of an entry whose outcome is unknown is asked for like any other', () => {
    const unknown = anAggregate({}, { state: 'UNKNOWN' });
    const lane = proposed({ slice: atMinute(nine, 98), held: unknown }).aggregate.lanes.ES;
    expect(lane).toMatchObject({ state: 'EXITING', exiting: { fromUnknown: true } });
  });

  test('never comes together with an entry of the same root', () => {
    const strategy = aStrategy({ lines: [aLine({ definition: saying(buy) })] });
    const { candidates, findings } = proposed({
      strategy,
      slice: atHour(),
      held: anAggregate({ mark: 90, fillPrice: 104 }),
    });
    expect(candidates).toEqual([]);
    expect(findings.get('ES')).toMatchObject({ action: 'hold', reason: 'exit wanted' });
  });
});

describe('a mode', () => {
  test.each([
    ['REDUCE_ONLY', null],
    ['FLATTEN', 'flatten'],
    ['HALT', null],
    [null, null],
  ] as const)('%s: entries are refused, an open position is asked to leave for %s', (mode, reason) => {
    const shown = mode ?? 'REDUCE_ONLY';
    const readings = readingsOf(mode);
    expect(found({ slice: atHour(), readings })).toMatchObject({
      action: 'refused',
      reason: expect.stringContaining(`mode ${shown}`),
    });
    expect(wanted({ slice: atMinute(nine), held: anAggregate(), readings })?.reason ?? null).toBe(reason);
  });

  test('of the whole system binds as well as the own one', () => {
    expect(found({ slice: atHour(), readings: readingsOf('RUN', { global: 'REDUCE_ONLY' }) })?.reason).toMatch(
      /^mode REDUCE_ONLY/,
    );
  });

  test('that flattens is named as the reason whatever else is due', () => {
    const known = { slice: atMinute(nine, 90), held: anAggregate(), readings: readingsOf('FLATTEN') };
    expect(wanted(known)).toEqual({ reason: 'flatten', atMs: nine, origin: 'kill' });
  });
});
