import { describe, expect, test } from 'vitest';
import { claimOf, orderOf } from '#core/execution/claim.ts';
import { commitReadings, type modes } from '#core/execution/mode.ts';
import { MINUTE_MS } from '#core/market/timeframe.ts';
import type { Intent } from '#core/trading/intent.ts';
import { Desk } from '#test/core/strategy/desk.ts';
import { nine, readingsOf } from '#test/core/strategy/step-scene.ts';
import { aSlice, calendar, chicago, hour, minute } from '#test/core/trading/slices.ts';

/** A desk with an entry in its outbox. */
function reserved(): { desk: Desk; intent: Intent } {
  const desk = new Desk();
  const [intent] = desk.step(aSlice(nine, { bars: [minute(nine), hour(nine)] })).intents;
  if (intent === undefined) throw new Error('no entry');
  return { desk, intent };
}

/** A desk with an exit in its outbox. */
function exiting(): { desk: Desk; intent: Intent } {
  const { desk } = reserved();
  desk.execute(nine);
  desk.step(aSlice(nine + MINUTE_MS, { bars: [minute(nine + MINUTE_MS)] }));
  const atMs = nine + 2 * MINUTE_MS;
  const [intent] = desk.step(aSlice(atMs, { bars: [minute(atMs, { open: 98.75 })] })).intents;
  if (intent === undefined) throw new Error('no exit');
  return { desk, intent };
}

/** Makes a mode the committed one without a slice, as another writer would. */
function commitMode(desk: Desk, mode: (typeof modes)[number]): void {
  desk.held = { ...desk.held, modes: commitReadings(desk.held.modes, readingsOf(mode, { version: 2 })) };
}

describe('the claim of an entry', () => {
  test('moves the lane to sending and takes the intent out of the outbox in one change', () => {
    const { desk, intent } = reserved();
    const claim = desk.claim(intent, nine + 500);
    const attempt = {
      id: `${intent.id}#1`,
      intentId: intent.id,
      kind: 'enter',
      epoch: 1,
      op: 'op-1',
      sentAtMs: nine + 500,
    };
    expect(claim).toMatchObject({ kind: 'claim', attempt, intent, modes: ['RUN'] });
    expect(desk.held.outbox).toEqual([]);
    expect(desk.lane()).toMatchObject({ state: 'ENTERING', epoch: 1, entryAttempt: attempt });
    expect(claim).toMatchObject({ changed: { change: { kind: 'claim', intentId: intent.id, attempt } } });
  });

  test('records the order with it', () => {
    const { desk, intent } = reserved();
    const claim = desk.claim(intent, nine);
    if (claim.kind !== 'claim') throw new Error(claim.kind);
    const body = orderOf(intent, claim.attempt);
    expect(claim.changed.rows).toEqual([{ kind: 'ORDER', id: claim.attempt.id, timeMs: nine, body }]);
    expect(body).toMatchObject({
      orderId: `${intent.id}#1`,
      kind: 'enter',
      side: 'long',
      quantity: 1,
      epoch: 1,
      attempt: 1,
    });
  });

  test.each(['REDUCE_ONLY', 'FLATTEN', 'HALT'] as const)(
    'is refused in mode %s, and the slot is free again',
    (mode) => {
      const { desk, intent } = reserved();
      commitMode(desk, mode);
      expect(desk.claim(intent, nine)).toMatchObject({
        kind: 'drop',
        reason: `mode ${mode}`,
        changed: { rows: [{ kind: 'DROP', id: intent.id, body: { intent, reason: `mode ${mode}`, atMs: nine } }] },
      });
      expect(desk.lane()).toMatchObject({ state: 'FLAT', epoch: 0 });
      expect(desk.held.outbox).toEqual([]);
    },
  );

  test('is refused from the instant on at which it expires', () => {
    const { desk, intent } = reserved();
    const early = claimOf(desk.held, intent, { op: 'op', nowMs: nine + 44_999, calendar });
    expect(early.kind).toBe('claim');
    expect(desk.claim(intent, nine + 45_000)).toMatchObject({ kind: 'drop', reason: 'expired' });
    expect(desk.lane().state).toBe('FLAT');
  });

  test('is made on the committed intent, whatever the message says', () => {
    const { desk, intent } = reserved();
    const forged = { ...intent, quantity: 99, contract: 'ESH2025' };
    expect(desk.claim(forged, nine)).toMatchObject({ kind: 'claim', intent: { quantity: 1, contract: 'ESZ2024' } });
  });

  test('is refused for an intent that is not the one the lane is reserved for, or not of its next epoch', () => {
    const { desk, intent } = reserved();
    const older = { ...intent, id: 'older' };
    desk.held = { ...desk.held, outbox: [older, { ...intent, epoch: 7 }] };
    expect(desk.claim(older, nine)).toMatchObject({ kind: 'drop', reason: 'lane RESERVED' });
    expect(desk.lane()).toMatchObject({ state: 'RESERVED', intentId: intent.id });
    expect(desk.claim(intent, nine)).toMatchObject({ kind: 'drop', reason: 'lane RESERVED' });
  });

  test('is refused when the lane has moved on', () => {
    const { desk, intent } = reserved();
    desk.operate({ kind: 'drift', what: 'foreign' });
    expect(desk.claim(intent, nine)).toMatchObject({ kind: 'drop', reason: 'lane LOCKED' });
    expect(desk.lane().state).toBe('LOCKED');
  });
});

describe('the claim of an exit', () => {
  test.each(['RUN', 'REDUCE_ONLY', 'FLATTEN'] as const)(
    'is made in mode %s, on the condition that HALT does not come between',
    (mode) => {
      const { desk, intent } = exiting();
      commitMode(desk, mode);
      expect(desk.claim(intent, nine + 2 * MINUTE_MS)).toMatchObject({
        kind: 'claim',
        modes: ['RUN', 'REDUCE_ONLY', 'FLATTEN'],
      });
      expect(desk.lane()).toMatchObject({
        state: 'EXITING',
        epoch: 1,
        exiting: { attempt: { intentId: intent.id, kind: 'exit' } },
      });
    },
  );

  test('never expires', () => {
    const { desk, intent } = exiting();
    expect(desk.claim(intent, nine + 90 * MINUTE_MS).kind).toBe('claim');
  });

  test('waits in mode HALT and while the market is closed, and stays in the outbox', () => {
    const { desk, intent } = exiting();
    const atClose = desk.claim(intent, chicago('2024-11-12 16:00'));
    expect(atClose).toEqual({ kind: 'wait', reason: 'the market is closed' });
    commitMode(desk, 'HALT');
    expect(desk.claim(intent, nine + 3 * MINUTE_MS)).toEqual({ kind: 'wait', reason: 'mode HALT: nothing is posted' });
    expect(desk.held.outbox).toEqual([intent]);
  });

  test('becomes an order without side and quantity, which closes whatever there is', () => {
    const { desk, intent } = exiting();
    const claim = desk.claim(intent, nine + 2 * MINUTE_MS);
    if (claim.kind !== 'claim') throw new Error(claim.kind);
    const order = orderOf(claim.intent, claim.attempt);
    expect(order).toMatchObject({
      kind: 'exit',
      side: null,
      quantity: null,
      brokerStopPrice: null,
      contract: 'ESZ2024',
      epoch: 1,
    });
  });
});

describe('a message that comes again', () => {
  test('while its POST has no outcome is abandoned by whoever claimed it', () => {
    const entry = reserved();
    const entered = entry.desk.claim(entry.intent, nine);
    expect(entry.desk.claim({ ...entry.intent, id: 'another' }, nine + 1)).toEqual({ kind: 'gone' });
    expect(entry.desk.claim(entry.intent, nine + 1)).toEqual({
      kind: 'abandoned',
      attempt: entry.desk.lane().entryAttempt,
    });
    expect(entered.kind).toBe('claim');
    const exit = exiting();
    exit.desk.claim(exit.intent, nine + 2 * MINUTE_MS);
    const attempt = exit.desk.lane().exiting?.attempt;
    expect(exit.desk.claim(exit.intent, nine + 3 * MINUTE_MS)).toEqual({ kind: 'abandoned', attempt });
  });

  test.each(['accepted', 'rejected', 'not-sent', 'unknown'] as const)(
    'after its entry was settled as %s is gone',
    (kind) => {
      const { desk, intent } = reserved();
      desk.execute(nine, kind);
      expect(desk.claim(intent, nine + 1)).toEqual({ kind: 'gone' });
    },
  );

  test.each(['accepted', 'rejected', 'not-sent', 'unknown'] as const)(
    'after its exit was settled as %s is gone',
    (kind) => {
      const { desk, intent } = exiting();
      desk.execute(nine + 2 * MINUTE_MS, kind);
      expect(desk.claim(intent, nine + 2 * MINUTE_MS + 1)).toEqual({ kind: 'gone' });
    },
  );

  test('for a root or an intent that nobody knows is gone', () => {
    const { desk, intent } = reserved();
    expect(desk.claim({ ...intent, root: 'CL' }, nine)).toEqual({ kind: 'gone' });
    expect(desk.claim({ ...intent, id: 'another' }, nine)).toEqual({ kind: 'gone' });
  });
});

test('an entry of unknown outcome that turns out accepted is held since it became unknown', () => {
  const { desk, intent } = reserved();
  const claim = desk.claim(intent, nine);
  if (claim.kind !== 'claim') throw new Error(claim.kind);
  desk.settle(claim.attempt, 'unknown', nine + 1);
  expect(desk.lane()).toMatchObject({ state: 'UNKNOWN', position: { assumed: true, acceptedAtMs: nine + 1 } });
  desk.settle(claim.attempt, 'accepted', nine + 9);
  expect(desk.lane()).toMatchObject({ state: 'OPEN', position: { assumed: false, acceptedAtMs: nine + 1 } });
});
