import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CLAIM_AGE_MAX_MS, claimOf } from '#core/execution/claim.ts';
import { cmeCalendar } from '#core/market/cme-hours.ts';
import { newAggregate, withLane } from '#core/trading/aggregate.ts';
import { flatLane, type LaneEvent } from '#core/trading/lane.ts';
import { transition } from '#core/trading/lane-table.ts';
import { anIntent } from '#test/adapters/intent-queue-contract.ts';
import { aPosition } from '#test/core/trading/positions.ts';

const RUNS = 200;
const CLOSE_MS = Date.parse('2024-11-12T22:00Z');
const REOPEN_MS = Date.parse('2024-11-12T23:00Z');

test('an exit is claimed only while the market stays open as long as the claim may be used', () => {
  const exit = anIntent({ id: 'ibs:ES:1:exit:1', kind: 'exit', expiresAtMs: null });
  const attempt = { id: 'e#1', intentId: 'e', kind: 'enter', epoch: 1, op: 'op', sentAtMs: 0 } as const;
  const events: LaneEvent[] = [
    { kind: 'approve', intentId: 'e', position: aPosition() },
    { kind: 'claim', attempt },
    { kind: 'settle', attempt, settled: 'accepted', atMs: 0 },
    { kind: 'want-exit', wanted: { reason: 'stop', atMs: 0, origin: 'slice' } },
    { kind: 'try-exit', intentId: exit.id, atMs: 0 },
  ];
  const held = withLane(newAggregate('ibs', ['ES']), events.reduce(transition, flatLane('ES')));
  const readable = { mode: 'RUN', lastModifiedMs: 0, version: 1, readable: true } as const;
  const waiting = { ...held, modes: { global: readable, own: readable }, outbox: [exit] };
  const calendar = cmeCalendar();
  const instants = fc.integer({ min: CLOSE_MS - 10_000, max: REOPEN_MS + 10_000 });
  const property = fc.property(instants, (nowMs) => {
    const isOpen = nowMs + CLAIM_AGE_MAX_MS < CLOSE_MS || nowMs >= REOPEN_MS;
    expect(claimOf(waiting, exit, { op: 'op', nowMs, calendar }).kind).toBe(isOpen ? 'claim' : 'wait');
  });
  const edges = [CLOSE_MS - CLAIM_AGE_MAX_MS - 1, CLOSE_MS - CLAIM_AGE_MAX_MS, CLOSE_MS, REOPEN_MS - 1, REOPEN_MS];
  fc.assert(property, { numRuns: RUNS, seed: 6, examples: edges.map((edge) => [edge] as [number]) });
});
