import { describe, expect, test } from 'vitest';
import {
  type Aggregate,
  type Changed,
  newAggregate,
  OPS_MAX,
  sealed,
  slotsUsed,
  withLane,
} from '#core/trading/aggregate.ts';
import { flatLane, laneStates } from '#core/trading/lane.ts';

const fresh = newAggregate('ibs-es', ['ES', 'NQ']);
const drop: Changed['change'] = { kind: 'drop', intentId: 'i', reason: 'expired', atMs: 1 };
const write = (held: Aggregate, op: string): Aggregate => sealed(held, { aggregate: held, rows: [], change: drop }, op);

describe('an aggregate', () => {
  test('is created whole: every lane flat, both modes unread, nothing to send', () => {
    expect(fresh).toMatchObject({ seq: 0, ops: [], lastSliceMs: null, outbox: [], journal: null });
    expect(fresh.lanes).toEqual({ ES: flatLane('ES'), NQ: flatLane('NQ') });
    expect(fresh.modes.global).toMatchObject({ mode: 'REDUCE_ONLY', readable: false });
    expect(fresh.modes.own).toEqual(fresh.modes.global);
  });

  test('numbers every write, carries its op and its journal row', () => {
    const second = write(write(fresh, 'op-a'), 'op-b');
    expect(second).toMatchObject({ seq: 2, ops: ['op-a', 'op-b'] });
    expect(second.journal).toEqual({ strategyId: 'ibs-es', seq: 2, op: 'op-b', change: drop });
  });

  test('remembers the last 32 ops, the newest last', () => {
    let held = fresh;
    for (let n = 1; n <= 40; n++) held = write(held, `op-${n}`);
    expect(held.ops).toHaveLength(OPS_MAX);
    expect(held.ops[0]).toBe('op-9');
    expect(held.ops.at(-1)).toBe('op-40');
  });

  test('is numbered from the image it was made of, not from the change', () => {
    const held = write(fresh, 'op-a');
    const stale = { aggregate: { ...held, seq: 99, ops: ['made up'] }, rows: [], change: drop };
    expect(sealed(held, stale, 'op-b')).toMatchObject({ seq: 2, ops: ['op-a', 'op-b'] });
  });

  test.each(laneStates)('counts a slot for a lane that is %s, unless it is flat', (state) => {
    expect(slotsUsed(withLane(fresh, { ...flatLane('NQ'), state }))).toBe(state === 'FLAT' ? 0 : 1);
  });

  test('counts the slots of all lanes', () => {
    const both = ['ES', 'NQ'].reduce((held, root) => withLane(held, { ...flatLane(root), state: 'OPEN' }), fresh);
    expect(slotsUsed(both)).toBe(2);
  });
});
