import type { Origin } from './intent.ts';
import type { Position } from './position.ts';

/** Execution state of one (strategy, root). Every state but FLAT uses a slot. */
export const laneStates = ['FLAT', 'RESERVED', 'ENTERING', 'OPEN', 'EXITING', 'UNKNOWN', 'LOCKED'] as const;
export type LaneState = (typeof laneStates)[number];

/** What became of one POST, as far as a lane cares; vendor detail stays in the order row. */
export type Settled = 'accepted' | 'rejected' | 'not-sent' | 'unknown';

/** A POST that a claim allowed. Only the invocation that owns `op` may send it. */
export interface Attempt {
  /** `intentId#n`; also the order's id. */
  readonly id: string;
  readonly intentId: string;
  readonly kind: 'enter' | 'exit';
  readonly epoch: number;
  /** Nonce of the invocation that claimed it. */
  readonly op: string;
  readonly sentAtMs: number;
}

/** An exit that was asked for. */
export interface WantedExit {
  readonly reason: string;
  readonly atMs: number;
  readonly origin: Origin;
}

/** Progress of getting flat. */
export interface Exiting {
  readonly wanted: WantedExit;
  /** Exits made so far that count against the limit. */
  readonly tries: number;
  /** Exit that waits for its claim or its outcome; null between tries. */
  readonly intentId: string | null;
  readonly attempt: Attempt | null;
  /** When the last exit id was made; null before the first. */
  readonly lastTryAtMs: number | null;
  /** When the last exit was claimed; null before the first. */
  readonly lastClaimAtMs: number | null;
  /** Set when the entry's outcome was unknown and the accepted exit must be repeated once, from this instant. */
  readonly repeatAtMs: number | null;
  readonly fromUnknown: boolean;
}

/** A position whose exit was accepted and whose model prices are not both known yet. */
export interface Closing {
  readonly position: Position;
  readonly epoch: number;
  readonly reason: string;
  readonly acceptedAtMs: number;
  /** Exit price when it is known at once: a touch of the broker's stop, or what the broker said. */
  readonly exitPrice: number | null;
}

export interface Lane {
  readonly root: string;
  readonly state: LaneState;
  /** Raised by every claimed entry. */
  readonly epoch: number;
  /** Exit ids made in this epoch, whatever became of them; no id is made twice. */
  readonly exitIds: number;
  /** Entry intent of a RESERVED lane. */
  readonly intentId: string | null;
  readonly position: Position | null;
  /** The entry's POST, kept until flat. */
  readonly entryAttempt: Attempt | null;
  /** Exit asked for while the entry was on its way. */
  readonly latched: WantedExit | null;
  readonly exiting: Exiting | null;
  readonly closing: Closing | null;
  /** No entry before this instant of data time. */
  readonly noEntryBeforeMs: number;
  /** Why the lane is LOCKED, with the verb that clears it. */
  readonly locked: string | null;
  /** Events that the table did not allow. */
  readonly refused: number;
}

export type LaneEvent =
  | { readonly kind: 'approve'; readonly intentId: string; readonly position: Position }
  | { readonly kind: 'claim'; readonly attempt: Attempt }
  | { readonly kind: 'release' }
  | { readonly kind: 'want-exit'; readonly wanted: WantedExit }
  | { readonly kind: 'try-exit'; readonly intentId: string; readonly atMs: number }
  | { readonly kind: 'settle'; readonly attempt: Attempt; readonly settled: Settled; readonly atMs: number }
  | { readonly kind: 'overdue'; readonly atMs: number }
  | { readonly kind: 'adopt-smaller'; readonly quantity: number }
  | { readonly kind: 'broker-flat'; readonly price: number | null; readonly atMs: number }
  | { readonly kind: 'broker-position' }
  | { readonly kind: 'drift'; readonly what: 'side-flip' | 'oversize' | 'foreign' }
  | { readonly kind: 'operator-flat'; readonly atMs: number }
  | { readonly kind: 'operator-adopt'; readonly position: Position }
  | { readonly kind: 'operator-exit'; readonly wanted: WantedExit }
  | { readonly kind: 'operator-unlock' };

/** Exits tried before the lane locks and a person or the second flatten path must act. */
export const EXIT_TRIES_MAX = 5;
/** An entry whose POST has no outcome after this long is unknown. */
export const SENDING_MAX_MS = 60_000;
/** Exit ids are at least this far apart. */
export const EXIT_SPACING_MS = 60_000;
/**
 * After the claim of an exit no other is made for this long: a POST may follow its claim by 5 s, and the route may plan
 * the next one from a position that is up to 15 s old. Two exits that overlap would sell twice.
 */
export const EXIT_OVERLAP_MS = 20_000;
/** Until an entry of unknown outcome is this old it may still appear at the broker. */
export const UNKNOWN_WINDOW_MS = 150_000;
/** No entry for this long after an accepted exit: the broker needs time to show flat. */
export const COOLDOWN_MS = 180_000;

/** A lane that never traded. */
export function flatLane(root: string): Lane {
  return { root, state: 'FLAT', epoch: 0, exitIds: 0, ...nothingHeld, closing: null, noEntryBeforeMs: 0, refused: 0 };
}

const nothingHeld = {
  intentId: null,
  position: null,
  entryAttempt: null,
  latched: null,
  exiting: null,
  locked: null,
} as const;

type Rule<K extends LaneEvent['kind']> = (lane: Lane, event: Extract<LaneEvent, { kind: K }>) => Lane | null;
type Rules = { readonly [K in LaneEvent['kind']]?: Rule<K> };

/**
 * Moves a lane by one event. What the table does not list leaves the lane as it is and is counted in `refused`.
 */
export function transition(lane: Lane, event: LaneEvent): Lane {
  const rule = (table[lane.state][event.kind] ?? anyState[event.kind]) as Rule<LaneEvent['kind']> | undefined;
  return rule?.(lane, event) ?? { ...lane, refused: lane.refused + 1 };
}

/** An exit was made and nobody has claimed it. */
export function isUnclaimed(exiting: Exiting | null): exiting is Exiting {
  return exiting !== null && exiting.intentId !== null && exiting.attempt === null;
}

/** The attempt whose outcome a lane waits for, or null. */
export function attemptInFlight({ state, entryAttempt, exiting }: Lane): Attempt | null {
  return state === 'ENTERING' ? entryAttempt : (exiting?.attempt ?? null);
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
  if (exiting === null || attempt.kind !== 'exit' || attempt.epoch !== lane.epoch) {
    return lateSettle(lane, { attempt, settled });
  }
  if (settled === 'accepted') return exitAccepted(lane, exiting, atMs);
  return attempt.id === exiting.attempt?.id ? exitFailed(lane, exiting) : null;
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
  'operator-flat': (lane, { atMs }) => ({ ...toFlat(lane), noEntryBeforeMs: atMs + COOLDOWN_MS }),
  'operator-adopt': (lane, { position }) => ({
    ...toFlat(lane),
    state: 'OPEN',
    epoch: lane.epoch + 1,
    exitIds: 0,
    position,
  }),
  'operator-exit': (lane, { wanted }) => (lane.position ? toExiting(lane, wanted, false) : null),
  'operator-unlock': (lane) => (lane.position ? { ...lane, state: 'OPEN', exiting: null, locked: null } : toFlat(lane)),
};
