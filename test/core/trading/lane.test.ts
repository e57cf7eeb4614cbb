import { describe, expect, test } from 'vitest';
import {
  type Attempt,
  COOLDOWN_MS,
  EXIT_TRIES_MAX,
  flatLane,
  type Lane,
  type LaneEvent,
  type LaneState,
  laneStates,
  UNKNOWN_WINDOW_MS,
} from '#core/trading/lane.ts';
import { transition } from '#core/trading/lane-table.ts';
import { aPosition } from './positions.ts';

const position = aPosition();
const wanted = { reason: 'stop', atMs: 5_000, origin: 'slice' } as const;
const entry: Attempt = { id: 'e#1', intentId: 'e', kind: 'enter', epoch: 1, op: 'op', sentAtMs: 1_000 };
const exit: Attempt = { id: 'x1#1', intentId: 'x1', kind: 'exit', epoch: 1, op: 'op', sentAtMs: 9_000 };

const approve: Extract<LaneEvent, { kind: 'approve' }> = { kind: 'approve', intentId: 'e', position };
const claim: LaneEvent = { kind: 'claim', attempt: entry };
const release: LaneEvent = { kind: 'release' };
const wantExit: LaneEvent = { kind: 'want-exit', wanted };
const overdue: LaneEvent = { kind: 'overdue', atMs: 61_000 };
const tryExit: LaneEvent = { kind: 'try-exit', intentId: 'x1', atMs: 9_000 };
const claimExit: LaneEvent = { kind: 'claim', attempt: exit };
const settle = (
  attempt: Attempt,
  settled: 'accepted' | 'rejected' | 'not-sent' | 'unknown',
  atMs = 2_000,
): LaneEvent => ({
  kind: 'settle',
  attempt,
  settled,
  atMs,
});
const brokerFlat: LaneEvent = { kind: 'broker-flat', price: 101, atMs: 7_000 };

const laneAfter = (...events: LaneEvent[]): Lane => events.reduce(transition, flatLane('ES'));
const lanes = {
  FLAT: laneAfter(),
  RESERVED: laneAfter(approve),
  ENTERING: laneAfter(approve, claim),
  'ENTERING latched': laneAfter(approve, claim, wantExit),
  OPEN: laneAfter(approve, claim, settle(entry, 'accepted')),
  UNKNOWN: laneAfter(approve, claim, settle(entry, 'unknown')),
  EXITING: laneAfter(approve, claim, settle(entry, 'accepted'), wantExit, tryExit, claimExit),
  'EXITING from UNKNOWN': laneAfter(approve, claim, settle(entry, 'unknown'), wantExit, tryExit, claimExit),
  LOCKED: laneAfter({ kind: 'drift', what: 'foreign' }),
} as const satisfies Record<string, Lane>;

/** The table of the design, row by row: from, event, to. */
const table: [keyof typeof lanes, string, LaneEvent, LaneState][] = [
  ['FLAT', 'entry approved', approve, 'RESERVED'],
  ['RESERVED', 'claim', claim, 'ENTERING'],
  ['RESERVED', 'exit wanted', wantExit, 'FLAT'],
  ['RESERVED', 'mode, expiry or refusal at claim', release, 'FLAT'],
  ['ENTERING', 'exit wanted', wantExit, 'ENTERING'],
  ['ENTERING', 'accepted', settle(entry, 'accepted'), 'OPEN'],
  ['ENTERING latched', 'accepted', settle(entry, 'accepted'), 'EXITING'],
  ['ENTERING', 'rejected', settle(entry, 'rejected'), 'FLAT'],
  ['ENTERING', 'provably not sent', settle(entry, 'not-sent'), 'FLAT'],
  ['ENTERING', 'outcome unknown', settle(entry, 'unknown'), 'UNKNOWN'],
  ['ENTERING latched', 'outcome unknown', settle(entry, 'unknown'), 'EXITING'],
  ['ENTERING', 'SENDING for too long', overdue, 'UNKNOWN'],
  ['ENTERING latched', 'SENDING for too long', overdue, 'EXITING'],
  ['OPEN', 'exit wanted', wantExit, 'EXITING'],
  ['UNKNOWN', 'exit wanted', wantExit, 'EXITING'],
  ['OPEN', 'smaller quantity adopted', { kind: 'adopt-smaller', quantity: 1 }, 'OPEN'],
  ['OPEN', 'broker exit', brokerFlat, 'FLAT'],
  ['EXITING', 'broker exit', brokerFlat, 'FLAT'],
  ['EXITING', 'accepted', settle(exit, 'accepted'), 'FLAT'],
  ['EXITING from UNKNOWN', 'accepted too early', settle(exit, 'accepted', 100_000), 'EXITING'],
  ['EXITING', 'failed', settle(exit, 'rejected'), 'EXITING'],
  ['EXITING', 'overdue', overdue, 'EXITING'],
  ['UNKNOWN', 'late settle: accepted', settle(entry, 'accepted'), 'OPEN'],
  ['UNKNOWN', 'late settle: rejected', settle(entry, 'rejected'), 'FLAT'],
  ['UNKNOWN', 'broker shows the position', { kind: 'broker-position' }, 'OPEN'],
  ['UNKNOWN', 'broker shows flat', brokerFlat, 'FLAT'],
  ['FLAT', 'late acceptance of an older entry', settle(entry, 'accepted'), 'LOCKED'],
  ['RESERVED', 'late acceptance of an older entry', settle(entry, 'accepted'), 'LOCKED'],
  ['LOCKED', 'operator: flat', { kind: 'operator-flat', atMs: 1 }, 'FLAT'],
  ['LOCKED', 'operator: adopt', { kind: 'operator-adopt', position }, 'OPEN'],
  ['EXITING', 'operator: unlock', { kind: 'operator-unlock' }, 'OPEN'],
  ['OPEN', 'operator: exit', { kind: 'operator-exit', wanted }, 'EXITING'],
  ['RESERVED', 'operator: exit', { kind: 'operator-exit', wanted }, 'FLAT'],
  ['ENTERING', 'operator: exit', { kind: 'operator-exit', wanted }, 'ENTERING'],
  ['EXITING from UNKNOWN', 'late settle of its entry: rejected', settle(entry, 'rejected'), 'FLAT'],
  ['EXITING from UNKNOWN', 'late settle of its entry: not sent', settle(entry, 'not-sent'), 'FLAT'],
  ['EXITING from UNKNOWN', 'late settle of its entry: accepted', settle(entry, 'accepted'), 'EXITING'],
];

describe('a lane', () => {
  test.each(table)('%s, %s', (from, _name, event, to) => {
    const lane = transition(lanes[from], event);
    expect(lane.state).toBe(to);
    expect(lane.refused).toBe(0);
  });

  test.each(laneStates)('%s is locked by drift at the broker', (state) => {
    for (const what of ['side-flip', 'oversize', 'foreign'] as const) {
      expect(transition(lanes[state], { kind: 'drift', what }).state).toBe('LOCKED');
    }
  });

  test('stays as it is and counts what the table does not list', () => {
    const listed = new Set(table.map(([from, , event]) => `${from} ${event.kind}`));
    const states = laneStates.filter((state) => state !== 'ENTERING' && state !== 'EXITING');
    for (const state of states) {
      for (const event of [approve, claim, release, wantExit, overdue, tryExit, brokerFlat]) {
        if (listed.has(`${state} ${event.kind}`)) continue;
        expect(transition(lanes[state], event), `${state} ${event.kind}`).toEqual({ ...lanes[state], refused: 1 });
      }
    }
  });

  test('a claimed entry raises the epoch, and only a claimed entry', () => {
    expect(lanes.RESERVED.epoch).toBe(0);
    expect(lanes.ENTERING.epoch).toBe(1);
    expect(lanes.EXITING.epoch).toBe(1);
    expect(transition(lanes.EXITING, settle(exit, 'accepted')).epoch).toBe(1);
  });

  test('an accepted exit leaves a trade to be priced and a cool-down', () => {
    const lane = transition(lanes.EXITING, settle(exit, 'accepted', 10_000));
    expect(lane.closing).toMatchObject({ reason: 'stop', acceptedAtMs: 10_000, exitPrice: null, epoch: 1 });
    expect(lane.noEntryBeforeMs).toBe(10_000 + COOLDOWN_MS);
    expect(lane.position).toBeNull();
  });

  test('a flat that the broker reports carries the broker price', () => {
    expect(transition(lanes.OPEN, brokerFlat).closing?.exitPrice).toBe(101);
  });

  test('an exit of an unknown entry is repeated once when the entry can no longer appear', () => {
    const waiting = transition(lanes['EXITING from UNKNOWN'], settle(exit, 'accepted', 100_000));
    expect(waiting.exiting).toMatchObject({ intentId: null, repeatAtMs: entry.sentAtMs + UNKNOWN_WINDOW_MS });
    const repeat = { ...exit, id: 'x2#1', intentId: 'x2', sentAtMs: 160_000 };
    const repeated = [
      { kind: 'try-exit', intentId: 'x2', atMs: 160_000 },
      { kind: 'claim', attempt: repeat },
      settle(repeat, 'accepted', 160_000),
    ] satisfies LaneEvent[];
    expect(repeated.reduce(transition, waiting).state).toBe('FLAT');
  });

  test('an exit of an unknown entry that is already old needs no repeat', () => {
    const late = transition(
      lanes['EXITING from UNKNOWN'],
      settle(exit, 'accepted', entry.sentAtMs + UNKNOWN_WINDOW_MS),
    );
    expect(late.state).toBe('FLAT');
  });

  test('locks after the last failed exit, and says which verb clears it', () => {
    let lane: Lane = lanes.OPEN;
    lane = transition(lane, wantExit);
    for (let n = 1; n <= EXIT_TRIES_MAX; n++) {
      const attempt = { ...exit, id: `x${n}#1`, intentId: `x${n}` };
      expect(lane.state).toBe('EXITING');
      lane = transition(lane, { kind: 'try-exit', intentId: attempt.intentId, atMs: n * 60_000 });
      lane = transition(lane, { kind: 'claim', attempt });
      lane = transition(lane, settle(attempt, 'unknown'));
    }
    expect(lane.state).toBe('LOCKED');
    expect(lane.locked).toContain('position flat');
  });

  test('an older exit of the same epoch that turns out accepted makes it flat', () => {
    const second = [overdue, { kind: 'try-exit', intentId: 'x2', atMs: 70_000 }] satisfies LaneEvent[];
    const trying = second.reduce(transition, lanes.EXITING);
    expect(trying.exiting?.tries).toBe(2);
    expect(transition(trying, settle(exit, 'accepted', 71_000)).state).toBe('FLAT');
  });

  test('an older exit that turns out accepted after a newer entry locks it', () => {
    const newer = laneAfter(approve, { kind: 'claim', attempt: { ...entry, epoch: 1 } });
    const reopened = { ...newer, epoch: 2 };
    expect(transition(reopened, settle(exit, 'accepted')).state).toBe('LOCKED');
  });

  test('an exit that turns out accepted when it is already flat changes nothing', () => {
    const flat = transition(lanes.EXITING, settle(exit, 'accepted'));
    expect(transition(flat, settle(exit, 'accepted'))).toEqual({ ...flat, refused: 1 });
  });

  test('a claim for another exit than the one under way is refused', () => {
    const stale = { ...exit, id: 'x9#1', intentId: 'x9' };
    expect(transition(lanes.EXITING, { kind: 'claim', attempt: stale }).refused).toBe(1);
  });

  test('an entry that turns out never to have been leaves no trade, and a cool-down for the exit that was sent', () => {
    const lane = transition(lanes['EXITING from UNKNOWN'], settle(entry, 'rejected', 2_000));
    expect(lane).toMatchObject({ closing: null, position: null, noEntryBeforeMs: exit.sentAtMs + COOLDOWN_MS });
  });

  test('an entry that turns out accepted while it is left is no longer only assumed', () => {
    const lane = transition(lanes['EXITING from UNKNOWN'], settle(entry, 'accepted'));
    expect(lane.position?.assumed).toBe(false);
    expect(transition(lane, settle(entry, 'rejected')).refused).toBe(1);
  });

  test("an operator's exit of an entry under way is latched, and his flat of an open position is a trade", () => {
    expect(transition(lanes.ENTERING, { kind: 'operator-exit', wanted }).latched).toEqual(wanted);
    const flat = transition(lanes.OPEN, { kind: 'operator-flat', atMs: 8_000 });
    expect(flat).toMatchObject({ state: 'FLAT', noEntryBeforeMs: 8_000 + COOLDOWN_MS });
    expect(flat.closing).toMatchObject({ reason: 'operator', acceptedAtMs: 8_000, exitPrice: null });
    const reserved = laneAfter({ ...approve, position: aPosition({ acceptedAtMs: null }) });
    expect(transition(reserved, { kind: 'operator-flat', atMs: 8_000 }).closing).toBeNull();
  });

  test('a larger or equal quantity is never adopted as smaller', () => {
    expect(transition(lanes.OPEN, { kind: 'adopt-smaller', quantity: position.quantity }).refused).toBe(1);
    expect(transition(lanes.OPEN, { kind: 'adopt-smaller', quantity: 1 }).position?.quantity).toBe(1);
  });
});
