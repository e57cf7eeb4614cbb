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

/** What a lane without a position holds. */
export const nothingHeld = {
  intentId: null,
  position: null,
  entryAttempt: null,
  latched: null,
  exiting: null,
  locked: null,
} as const;

/** An exit was made and nobody has claimed it. */
export function isUnclaimed(exiting: Exiting | null): exiting is Exiting {
  return exiting !== null && exiting.intentId !== null && exiting.attempt === null;
}

/** The attempt whose outcome a lane waits for, or null. */
export function attemptInFlight({ state, entryAttempt, exiting }: Lane): Attempt | null {
  return state === 'ENTERING' ? entryAttempt : (exiting?.attempt ?? null);
}
