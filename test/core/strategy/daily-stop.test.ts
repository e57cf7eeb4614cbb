import { describe, expect, test } from 'vitest';
import { HOUR_MS, MINUTE_MS } from '#core/market/timeframe.ts';
import { aSlice, chicago, hour, minute } from '#test/core/trading/slices.ts';
import { anOpenDesk } from './desk.ts';
import { aLine, aStrategy, atHour, atMinute, buy, nine, readingsOf, saying } from './step-scene.ts';

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
    expect(desk.held.lanes.NQ?.state).toBe('FLAT');
    expect(desk.held.outbox).toEqual(intents);
  });
});
