import { describe, expect, test } from 'vitest';
import type { Order } from '#core/execution/order.ts';
import { newAggregate } from '#core/trading/aggregate.ts';
import { type Attempt, flatLane } from '#core/trading/lane.ts';
import { reportText } from '#local/report.ts';
import { countRun, orderListHash, type RunRecord } from '#local/run-record.ts';

const entry: Order = {
  orderId: 'ibs:ES:1:enter#1',
  intentId: 'ibs:ES:1:enter',
  strategyId: 'ibs',
  root: 'ES',
  contract: 'ESZ2013',
  kind: 'enter',
  side: 'long',
  quantity: 2,
  signalPrice: 1654.25,
  brokerStopPrice: 1600,
  decisionTimeMs: Date.UTC(2013, 9, 9, 12),
  epoch: 1,
  attempt: 1,
};
const exit: Order = { ...entry, orderId: 'x#1', intentId: 'x', kind: 'exit', side: null, quantity: null };

const attempt: Attempt = {
  id: entry.orderId,
  intentId: entry.intentId,
  kind: 'enter',
  epoch: 1,
  op: 'op',
  sentAtMs: 0,
};
const record: RunRecord = {
  decisions: [],
  orders: [entry, exit],
  outcomes: [{ attempt, root: 'ES', outcome: { kind: 'accepted', id: 'a', logId: null }, atMs: 0 }],
  drops: [],
  trades: [],
  aggregates: [
    {
      ...newAggregate('ibs', ['ES', 'NQ']),
      lanes: { ES: { ...flatLane('ES'), state: 'EXITING' }, NQ: flatLane('NQ') },
    },
  ],
};

describe('the hash of an order list', () => {
  test('is that of what was decided, whatever the order of the rows, their ids and their attempts', () => {
    const same = [
      { ...exit, orderId: 'other', attempt: 2 },
      { ...entry, brokerStopPrice: null },
    ];
    expect(orderListHash(same)).toBe(orderListHash([entry, exit]));
  });

  test.each([
    ['strategy', { strategyId: 'other' }],
    ['contract', { contract: 'ESH2014' }],
    ['action', { side: 'short' as const }],
    ['quantity', { quantity: 1 }],
    ['decision time', { decisionTimeMs: 1 }],
    ['signal price', { signalPrice: 1654.5 }],
  ])('changes with the %s', (_name, change) => {
    expect(orderListHash([{ ...entry, ...change }, exit])).not.toBe(orderListHash([entry, exit]));
  });
});

describe('what a run came to', () => {
  test('counts attempts by outcome, orders without one as unsettled, and every lane that is not flat', () => {
    expect(countRun(record)).toMatchObject({
      intents: 2,
      attempts: { accepted: 1, rejected: 0, 'not-sent': 0, unknown: 0, unsettled: 1 },
      trades: 0,
      pnlUsd: 0,
      openLanes: 1,
      pendingFills: 0,
    });
  });

  test('is told with the orders that the ledger holds, in Chicago time', () => {
    const result = { slices: 3, bars: 3, gaps: 0, setAside: 2, ...countRun(record), configHash: 'c'.repeat(64) };
    const lines = reportText(record, result).split('\n');
    expect(lines.filter((line) => line.includes('ESZ2013')).map((line) => line.trim().split(/ {2,}/))).toEqual([
      ['2013-10-09 07:00', 'ibs', 'buy', '2', 'ESZ2013', '1654.25', 'accepted'],
      ['2013-10-09 07:00', 'ibs', 'exit', 'all', 'ESZ2013', '1654.25', 'unsettled'],
    ]);
    expect(lines).toContain('3 slices (0 gaps), 3 minute bars, 2 of them outside their session and set aside');
  });
});
