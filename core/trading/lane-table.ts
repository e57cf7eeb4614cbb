import {
  type Attempt,
  COOLDOWN_MS,
  EXIT_TRIES_MAX,
  type Exiting,
  isUnclaimed,
  type Lane,
  type LaneEvent,
  type LaneState,
  nothingHeld,
  type Settled,
  UNKNOWN_WINDOW_MS,
  type WantedExit,
} from './lane.ts';

type Rule<K extends LaneEvent['kind']> = (lane: Lane, event: Extract<LaneEvent, { kind: K }>) => Lane | null;
type Rules = { readonly [K in LaneEvent['kind']]?: Rule<K> };

/**
 * Moves a lane by one event. What the table does not list leaves the lane as it is and is counted in `refused`.
 */
export function transition(lane: Lane, event: LaneEvent): Lane {
  const rule = (table[lane.state][event.kind] ?? anyState[event.kind]) as Rule<LaneEvent['kind']> | undefined;
  return rule?.(lane, event) ?? { ...lane, refused: lane.refused + 1 };
}

const toFlat = (lane: Lane): Lane => ({ ...lane, ...nothingHeld, state: 'FLAT' });

const lock = (lane: Lane, why: string): Lane => ({
  ...lane,
  state: 'LOCKED',
  exiting: null,
  latched: null,
  locked: why,
});

/** Starts getting flat, with all its tries. */
const toExiting = (lane: Lane, wanted: WantedExit, fromUnknown: boolean): Lane => ({
  ...lane,
  state: 'EXITING',
  latched: null,
  exiting: {
    wanted,
    tries: 0,
    intentId: null,
    attempt: null,
    lastTryAtMs: null,
    lastClaimAtMs: null,
    repeatAtMs: null,
    fromUnknown,
  },
});

/** Flat with the trade's prices still to come. */
const toClosing = (
  lane: Lane,
  { atMs, price, reason }: { atMs: number; price: number | null; reason: string },
): Lane => ({
  ...toFlat(lane),
  closing: lane.position && {
    position: lane.position,
    epoch: lane.epoch,
    reason,
    acceptedAtMs: atMs,
    exitPrice: price,
  },
  noEntryBeforeMs: atMs + COOLDOWN_MS,
});

const accepted = (lane: Lane, atMs: number, assumed: boolean): Lane => ({
  ...lane,
  position: lane.position && { ...lane.position, acceptedAtMs: lane.position.acceptedAtMs ?? atMs, assumed },
});

/** ENTERING learns the outcome of its own POST. */
const settleEntry: Rule<'settle'> = (lane, { attempt, settled, atMs }) => {
  if (attempt.id !== lane.entryAttempt?.id) return lateSettle(lane, { attempt, settled });
  if (settled === 'rejected' || settled === 'not-sent') return toFlat(lane);
  return held(accepted(lane, atMs, settled === 'unknown'), settled === 'unknown');
};

/** OPEN or UNKNOWN, or EXITING when an exit was latched meanwhile. */
const held = (lane: Lane, unknown: boolean): Lane =>
  lane.latched ? toExiting(lane, lane.latched, unknown) : { ...lane, state: unknown ? 'UNKNOWN' : 'OPEN' };

/** An older attempt turns out to have been accepted: what the broker holds is no longer what the lane believes. */
const lateSettle = (lane: Lane, { attempt, settled }: { attempt: Attempt; settled: Settled }): Lane | null => {
  if (settled !== 'accepted') return null;
  const holds = lane.state !== 'FLAT' && lane.state !== 'RESERVED';
  const newer = attempt.epoch < lane.epoch && holds;
  if (!newer && (attempt.kind === 'exit' || holds)) return null;
  return lock(lane, `late acceptance of ${attempt.id}: check the broker, then position flat|adopt|exit|unlock`);
};

const settleExit: Rule<'settle'> = (lane, { attempt, settled, atMs }) => {
  const exiting = lane.exiting;
  if (exiting !== null && attempt.id === lane.entryAttempt?.id)
    return settleAssumedEntry(lane, { exiting, settled, atMs });
  if (exiting === null || attempt.kind !== 'exit' || attempt.epoch !== lane.epoch) {
    return lateSettle(lane, { attempt, settled });
  }
  if (settled === 'accepted') return exitAccepted(lane, exiting, atMs);
  return attempt.id === exiting.attempt?.id ? exitFailed(lane, exiting) : null;
};

/** EXITING learns what became of an entry that it only assumed: there is something to leave, or there never was. */
const settleAssumedEntry = (
  lane: Lane,
  { exiting, settled, atMs }: { exiting: Exiting; settled: Settled; atMs: number },
): Lane | null => {
  if (!lane.position?.assumed || settled === 'unknown') return null;
  if (settled === 'accepted') return { ...lane, position: { ...lane.position, assumed: false } };
  return { ...toFlat(lane), noEntryBeforeMs: Math.max(atMs, exiting.lastClaimAtMs ?? 0) + COOLDOWN_MS };
};

const exitAccepted = (lane: Lane, exiting: Exiting, atMs: number): Lane => {
  const entryWindowEndMs = (lane.entryAttempt?.sentAtMs ?? 0) + UNKNOWN_WINDOW_MS;
  if (exiting.fromUnknown && exiting.repeatAtMs === null && atMs < entryWindowEndMs) {
    return { ...lane, exiting: { ...exiting, intentId: null, attempt: null, repeatAtMs: entryWindowEndMs } };
  }
  const flat = toClosing(lane, { atMs, price: lane.position?.brokerExitPrice ?? null, reason: exiting.wanted.reason });
  // Another exit may have been sent after the one that turns out to be accepted.
  return { ...flat, noEntryBeforeMs: Math.max(atMs, exiting.lastClaimAtMs ?? 0) + COOLDOWN_MS };
};

const exitFailed = (lane: Lane, exiting: Exiting): Lane =>
  exiting.tries >= EXIT_TRIES_MAX
    ? lock(lane, `${exiting.tries} exits failed: flatten at the broker, then position flat`)
    : { ...lane, exiting: { ...exiting, intentId: null, attempt: null } };

const wantExit =
  (fromUnknown: boolean): Rule<'want-exit'> =>
  (lane, { wanted }) =>
    toExiting(lane, wanted, fromUnknown);

const brokerFlat: Rule<'broker-flat'> = (lane, { price, atMs }) => toClosing(lane, { atMs, price, reason: 'broker' });

const table: Readonly<Record<LaneState, Rules>> = {
  FLAT: {
    approve: (lane, { intentId, position }) => ({ ...lane, state: 'RESERVED', intentId, position }),
    settle: lateSettle,
  },
  RESERVED: {
    claim: (lane, { attempt }) => ({
      ...lane,
      state: 'ENTERING',
      epoch: lane.epoch + 1,
      exitIds: 0,
      intentId: null,
      entryAttempt: attempt,
    }),
    release: toFlat,
    'want-exit': toFlat,
    settle: lateSettle,
  },
  ENTERING: {
    'want-exit': (lane, { wanted }) => ({ ...lane, latched: lane.latched ?? wanted }),
    settle: settleEntry,
    overdue: (lane, { atMs }) => held(accepted(lane, atMs, true), true),
  },
  OPEN: {
    'want-exit': wantExit(false),
    'adopt-smaller': (lane, { quantity }) =>
      lane.position && quantity >= 1 && quantity < lane.position.quantity
        ? { ...lane, position: { ...lane.position, quantity } }
        : null,
    'broker-flat': brokerFlat,
    settle: lateSettle,
  },
  EXITING: {
    'try-exit': (lane, { intentId, atMs }) =>
      lane.exiting && {
        ...lane,
        exitIds: lane.exitIds + 1,
        exiting: { ...lane.exiting, intentId, attempt: null, tries: lane.exiting.tries + 1, lastTryAtMs: atMs },
      },
    claim: (lane, { attempt }) =>
      lane.exiting?.intentId === attempt.intentId
        ? { ...lane, exiting: { ...lane.exiting, attempt, lastClaimAtMs: attempt.sentAtMs } }
        : null,
    release: (lane) =>
      isUnclaimed(lane.exiting)
        ? { ...lane, exiting: { ...lane.exiting, intentId: null, tries: lane.exiting.tries - 1 } }
        : null,
    settle: settleExit,
    overdue: (lane) => lane.exiting && exitFailed(lane, lane.exiting),
    'broker-flat': brokerFlat,
  },
  UNKNOWN: {
    'want-exit': wantExit(true),
    settle: (lane, { attempt, settled, atMs }) => {
      if (attempt.id !== lane.entryAttempt?.id) return lateSettle(lane, { attempt, settled });
      if (settled === 'unknown') return null;
      return settled === 'accepted' ? { ...accepted(lane, atMs, false), state: 'OPEN' } : toFlat(lane);
    },
    'broker-position': (lane) => ({
      ...lane,
      state: 'OPEN',
      position: lane.position && { ...lane.position, assumed: false },
    }),
    'broker-flat': toFlat,
  },
  LOCKED: {},
};

/** What holds in every state. An operator's word is taken; whoever records it also records the reason. */
const anyState: Rules = {
  drift: (lane, { what }) => lock(lane, `${what} at the broker: position flat|adopt|exit|unlock`),
  'operator-flat': (lane, { atMs }) => {
    const wasHeld = lane.position !== null && lane.position.acceptedAtMs !== null;
    if (wasHeld) return toClosing(lane, { atMs, price: null, reason: 'operator' });
    return { ...toFlat(lane), noEntryBeforeMs: atMs + COOLDOWN_MS };
  },
  'operator-adopt': (lane, { position }) => ({
    ...toFlat(lane),
    state: 'OPEN',
    epoch: lane.epoch + 1,
    exitIds: 0,
    position,
  }),
  'operator-exit': (lane, { wanted }) => {
    if (lane.state === 'RESERVED') return toFlat(lane);
    if (lane.state === 'ENTERING') return { ...lane, latched: lane.latched ?? wanted };
    return lane.position ? toExiting(lane, wanted, lane.position.assumed) : null;
  },
  'operator-unlock': (lane) => (lane.position ? { ...lane, state: 'OPEN', exiting: null, locked: null } : toFlat(lane)),
};
