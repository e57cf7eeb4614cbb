import { describe, expect, test } from 'vitest';
import { signalBarClosed, signalContract, windowsNeeded } from '#core/strategy/step-input.ts';
import { newAggregate, withLane } from '#core/trading/aggregate.ts';
import { flatLane } from '#core/trading/lane.ts';
import { aPosition } from '#test/core/trading/positions.ts';
import { aSlice, chicago, hour, minute } from '#test/core/trading/slices.ts';
import { aLine, aStrategy, saying, stay } from './step-scene.ts';

const nine = chicago('2024-11-12 09:00');
const flat = newAggregate('scripted', ['ES']);
const held = withLane(flat, { ...flatLane('ES'), state: 'OPEN', position: aPosition({ signalContract: 'ESU2024' }) });
const lead = hour(nine);
const old = hour(nine, { contract: 'ESU2024' });
const slice = aSlice(nine, { bars: [minute(nine), lead] });
const none = () => ({});

describe('the contract that signals', () => {
  test('is the lead while flat, and none where the root has no lead', () => {
    expect(signalContract(aLine(), flat, slice)).toBe('ESZ2024');
    expect(signalContract(aLine(), flat, aSlice(nine, { leads: {} }))).toBeNull();
  });

  test('is the one that was entered on, whatever leads now', () => {
    expect(signalContract(aLine(), held, slice)).toBe('ESU2024');
    expect(signalContract(aLine(), held, aSlice(nine, { leads: {} }))).toBe('ESU2024');
  });
});

describe('the signal bar', () => {
  const closed = (bars: (typeof lead)[], contract: string | null = 'ESZ2024') =>
    signalBarClosed(aLine(), contract, aSlice(nine, { bars }));

  test('is the first version of a bar of that root, contract and timeframe', () => {
    expect(closed([lead])).toBe(true);
    expect(closed([])).toBe(false);
    expect(closed([minute(nine)])).toBe(false);
    expect(closed([old])).toBe(false);
    expect(closed([hour(nine, { root: 'NQ', contract: 'NQZ2024' })])).toBe(false);
    expect(closed([hour(nine, { revision: 1 })])).toBe(false);
  });

  test('may be of any contract of the root where none is known', () => {
    expect(closed([old], null)).toBe(true);
    expect(closed([hour(nine, { root: 'NQ', contract: 'NQZ2024' })], null)).toBe(false);
  });
});

describe('the windows of a step', () => {
  const strategy = aStrategy({ lines: [aLine({ definition: saying(stay, 12) })] });
  const request = { root: 'ES', contract: 'ESZ2024', timeframe: '1h', lookback: 12 };

  test('are those of the definition, and none while no signal bar closes', () => {
    expect(windowsNeeded({ strategy, held: flat, slice }, none)).toEqual([request]);
    expect(windowsNeeded({ strategy, held: flat, slice: aSlice(nine, { bars: [minute(nine)] }) }, none)).toEqual([]);
    expect(windowsNeeded({ strategy, held: flat, slice: aSlice(nine, { bars: [lead], leads: {} }) }, none)).toEqual([]);
  });

  test('are long enough for the model too, in every timeframe that it reads', () => {
    const model = () => ({ '1h': 30, session: 5 }) as const;
    expect(windowsNeeded({ strategy, held: flat, slice }, model)).toEqual([
      { ...request, lookback: 30 },
      { ...request, timeframe: 'session', lookback: 5 },
    ]);
    expect(windowsNeeded({ strategy, held: flat, slice }, () => ({ '1h': 3 }))).toEqual([request]);
  });

  test('are of the contract that was entered on', () => {
    expect(windowsNeeded({ strategy, held, slice }, none)).toEqual([]);
    const both = aSlice(nine, { bars: [lead, old] });
    expect(windowsNeeded({ strategy, held, slice: both }, none)).toEqual([{ ...request, contract: 'ESU2024' }]);
  });
});
