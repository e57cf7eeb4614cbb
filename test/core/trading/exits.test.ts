import { describe, expect, test } from 'vitest';
import { barStopAtMs, dueExit } from '#core/trading/exits.ts';
import type { Position } from '#core/trading/position.ts';
import { aPosition } from './positions.ts';
import { calendar, chicago } from './slices.ts';

const plan = aPosition().plan;
const noon = chicago('2024-11-12 12:00');
const due = (
  changed: Partial<Position>,
  { nowMs = chicago('2024-11-12 03:00'), signalExit = null as string | null } = {},
) => dueExit(aPosition(changed), { calendar, nowMs, signalExit });

describe('the exit that is due', () => {
  test('is none while the price is between the levels and the time is not over', () => {
    expect(due({ mark: 99.25 })).toBeNull();
    expect(due({ mark: 101.75 })).toBeNull();
  });

  test('is the stop or the target when the last close is at the level', () => {
    expect(due({ mark: 99 })).toBe('stop');
    expect(due({ mark: 102 })).toBe('target');
  });

  test('of a short mirrors', () => {
    expect(due({ side: 'short', mark: 101 })).toBe('stop');
    expect(due({ side: 'short', mark: 100.75 })).toBeNull();
    expect(due({ side: 'short', mark: 98 })).toBe('target');
    expect(due({ side: 'short', mark: 98.25 })).toBeNull();
  });

  test('reads a level in points as well as one in percent', () => {
    const inPoints = {
      plan: { ...plan, stop: { kind: 'distance', value: 3 }, target: { kind: 'distance', value: 5 } },
    } as const;
    expect(due({ ...inPoints, mark: 97.25 })).toBeNull();
    expect(due({ ...inPoints, mark: 97 })).toBe('stop');
    expect(due({ ...inPoints, mark: 105 })).toBe('target');
  });

  test('measures from the model fill, and from the signal price until there is one', () => {
    expect(due({ fillPrice: 104, mark: 102.75 })).toBe('stop');
    expect(due({ fillPrice: null, filledAtMs: null, signalPrice: 104, mark: 102.75 })).toBe('stop');
    expect(due({ fillPrice: 102, signalPrice: 104, mark: 102.75 })).toBeNull();
  });

  test('leaves out the levels that a plan has not', () => {
    expect(due({ plan: { ...plan, stop: null }, mark: 1 })).toBeNull();
    expect(due({ plan: { ...plan, target: null }, mark: 1000 })).toBeNull();
  });

  test('is by order broker stop, stop, target, the definition, bar stop, auto close', () => {
    const over = { nowMs: noon + 12 * 3_600_000, signalExit: 'ibs' as string | null };
    expect(due({ brokerExitPrice: 98, mark: 90 }, over)).toBe('broker-stop');
    expect(due({ mark: 90 }, over)).toBe('stop');
    expect(due({ mark: 110 }, over)).toBe('target');
    expect(due({}, over)).toBe('ibs');
    expect(due({}, { ...over, signalExit: null })).toBe('bar-stop');
    expect(due({ plan: { ...plan, barStopBars: null } }, { ...over, signalExit: null })).toBe('auto-close');
  });

  test('is the auto close from its instant on, however late it is looked at', () => {
    const late = { plan: { ...plan, barStopBars: null } };
    const autoCloseAtMs = chicago('2024-11-12 15:00');
    expect(due(late, { nowMs: autoCloseAtMs - 1 })).toBeNull();
    expect(due(late, { nowMs: autoCloseAtMs })).toBe('auto-close');
    expect(due(late, { nowMs: chicago('2024-11-13 17:01') })).toBe('auto-close');
  });
});

describe('the bar stop', () => {
  const stopAt = (filledAt: string, barStopBars: number, changed: Partial<Position> = {}) =>
    barStopAtMs(calendar, aPosition({ plan: { ...plan, barStopBars }, filledAtMs: chicago(filledAt), ...changed }));

  test('is the close of the N-th bucket after the one of the fill', () => {
    expect(stopAt('2024-11-12 06:00', 1)).toBe(chicago('2024-11-12 08:00'));
    expect(stopAt('2024-11-12 06:59', 1)).toBe(chicago('2024-11-12 08:00'));
    expect(stopAt('2024-11-12 06:00', 8)).toBe(chicago('2024-11-12 15:00'));
  });

  test('steps over the break between two sessions', () => {
    expect(stopAt('2024-11-12 13:30', 2)).toBe(chicago('2024-11-12 16:00'));
    expect(stopAt('2024-11-12 13:30', 3)).toBe(chicago('2024-11-12 18:00'));
    expect(stopAt('2024-11-12 15:59', 1)).toBe(chicago('2024-11-12 18:00'));
  });

  test('steps over the weekend', () => {
    expect(stopAt('2024-11-15 14:00', 1)).toBe(chicago('2024-11-15 16:00'));
    expect(stopAt('2024-11-15 14:00', 2)).toBe(chicago('2024-11-17 18:00'));
  });

  test('counts the quarter of an hour at the end of a session as one bucket', () => {
    expect(stopAt('2013-10-09 13:00', 2)).toBe(chicago('2013-10-09 16:00'));
    expect(stopAt('2013-10-09 13:00', 3)).toBe(chicago('2013-10-09 16:15'));
  });

  test('counts buckets of the timeframe that signalled', () => {
    expect(stopAt('2024-11-12 06:05', 2, { signalTimeframe: '15m' })).toBe(chicago('2024-11-12 06:45'));
  });

  test('counts from the acceptance until there is a fill, and not before it', () => {
    const unfilled = { filledAtMs: null, fillPrice: null };
    const acceptedAtMs = chicago('2024-11-12 06:00');
    expect(stopAt('2024-11-12 00:00', 1, { ...unfilled, acceptedAtMs })).toBe(chicago('2024-11-12 08:00'));
    expect(stopAt('2024-11-12 00:00', 1, { ...unfilled, acceptedAtMs: null })).toBeNull();
  });

  test('is due at that close', () => {
    const nowMs = chicago('2024-11-12 09:00');
    expect(due({}, { nowMs: nowMs - 60_000 })).toBeNull();
    expect(due({}, { nowMs })).toBe('bar-stop');
  });
});
