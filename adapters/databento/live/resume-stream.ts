import type { Schema } from '../dbn/enums.ts';
import type { RecordView } from '../dbn/record-view.ts';
import type { Delivered } from './delivered.ts';
import { DeliveredIntervals } from './delivered-intervals.ts';
import { DeliveredTicks } from './delivered-ticks.ts';
import { IntervalSet } from './interval-set.ts';
import { type ReplayRules, replayRules } from './schemas.ts';

/** How long after a replay was said to be over a further one of the same record type would have begun. */
const SETTLED_MS = 60_000;

/** A subscription as far as resuming is concerned. */
export interface ResumableSubscription {
  readonly id: number;
  readonly schema: Schema;
  /** As asked for first; null for live records only. */
  readonly start: bigint | null;
  readonly snapshot: boolean;
}

interface Entry {
  readonly subscription: ResumableSubscription;
  /** From when on its records are wanted; null until a session has begun with it. */
  sinceNs: bigint | null;
  /** Whether `sinceNs` is a guess that the gateway's acknowledgement can better. */
  isGuess: boolean;
}

/** All that is known of the records of one schema: what was delivered, and from where a replay has to begin. */
export class ResumeStream {
  readonly rules: ReplayRules;
  readonly entries: Entry[] = [];
  readonly #delivered: Delivered;
  readonly #markers: IntervalSet | null;
  #markerNs: bigint | null = null;
  /** No record before was missed, but for ones that came later than newer ones by more than the overlap. */
  safeNs: bigint | null = null;
  /** The gateway has said that it has nothing from before. */
  notBeforeNs = 0n;
  /** How often it has said so since the last replay. */
  refusals = 0;
  /** Subscriptions whose replay was asked for in this session, and those that were said to be over. */
  #replaying = 0;
  #completed = 0;
  #completedMs: number | null = null;

  constructor(schema: Schema) {
    this.rules = replayRules(schema);
    const { intervalNs, retentionNs } = this.rules;
    this.#markers = intervalNs === null ? null : new IntervalSet(intervalNs, retentionNs);
    this.#delivered =
      intervalNs === null ? new DeliveredTicks(this.rules) : new DeliveredIntervals({ ...this.rules, intervalNs });
  }

  add(subscription: ResumableSubscription): void {
    this.entries.push({ subscription, sinceNs: null, isGuess: false });
    if (subscription.snapshot && this.#delivered instanceof DeliveredTicks) this.#delivered.passesSnapshots = true;
  }

  /** Up to where something was delivered; null when nothing was. */
  get reachedNs(): bigint | null {
    const { untilNs } = this.#delivered;
    return later(untilNs, this.#markerNs);
  }

  accept(view: RecordView): boolean {
    return this.#delivered.accept(view);
  }

  /** Whether the end of an interval is told for the first time. */
  acceptMarker(endNs: bigint): boolean {
    if (this.#markers === null) return true;
    if (!this.#markers.add(endNs)) return false;
    this.#markerNs = later(this.#markerNs, endNs);
    return true;
  }

  /** `starts` are those of the replays that were asked for. */
  beginSession(starts: readonly bigint[]): void {
    this.#replaying = starts.length;
    this.#completed = 0;
    this.#completedMs = null;
    if (starts.length > 0)
      this.#delivered.beginReplay(starts.reduce((least, start) => (start < least ? start : least)));
    else this.#delivered.endReplay();
  }

  replayCompleted(nowMs: number): void {
    this.#completed += 1;
    this.refusals = 0;
    this.#completedMs ??= nowMs;
    if (this.#completed >= this.#replaying) this.#delivered.endReplay();
  }

  /**
   * Moves `safeNs` on by what the session that ends has brought. `provenNs` is the time up to which the gateway has shown
   * to have sent everything, if it was live.
   */
  endSession(provenNs: bigint, nowMs: number): void {
    const isLive =
      this.#completed >= this.#replaying || (this.#completedMs !== null && nowMs - this.#completedMs >= SETTLED_MS);
    // The replay of one subscription may fall behind the records of another, so that these say nothing about it.
    if (isLive || this.entries.length <= 1) this.safeNs = later(this.safeNs, this.reachedNs);
    if (isLive && provenNs > 0n) this.safeNs = later(this.safeNs, provenNs - (this.rules.intervalNs ?? 0n));
  }
}

function later(one: bigint | null, other: bigint | null): bigint | null {
  if (one === null || other === null) return one ?? other;
  return one > other ? one : other;
}
