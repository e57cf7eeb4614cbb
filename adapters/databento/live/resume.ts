import { rtypeOfSchema, type Schema } from '../dbn/enums.ts';
import type { RecordView } from '../dbn/record-view.ts';
import { type ResumableSubscription, ResumeStream } from './resume-stream.ts';
import { replayWindowNs } from './schemas.ts';

/** Records of a schema that may be missing for good: those with index times in [fromNs, toNs). */
export interface Gap {
  readonly schema: Schema;
  readonly fromNs: bigint;
  readonly toNs: bigint;
}

/** With what a session begins. */
export interface SessionPlan {
  /** By subscription id: from when on to replay, null for live records only. */
  readonly starts: ReadonlyMap<number, bigint | null>;
  readonly gaps: readonly Gap[];
}

const RTYPES = 256;
/** How much of a replay is given up when it is refused, and twice as much each time that it is again: 15 minutes. */
const GIVEN_UP_NS = 900_000_000_000n;

/**
 * Carries subscriptions over from one session to the next: from where each replay has to begin so that nothing is
 * missing, and which of the records that it brings were delivered before.
 *
 * Exact as long as the gateway's replay keeps the order in which it sent the records of one instrument and time, and no
 * record comes later than newer ones of its schema by more than the overlap of `replayRules`. Within that, bars and
 * quotes at intervals may come in any order and any number of times; a session that repeats other records, which may
 * well be equal, is taken at its word.
 */
export class Resume {
  readonly #dataset: string;
  /** By record type, of which no two schemas may be subscribed to. */
  readonly #streams: (ResumeStream | null)[] = Array.from({ length: RTYPES }, () => null);
  /** The newest time that the gateway has told in messages. */
  #gatewayNs = 0n;
  /** The newest time at which it had nothing left to send. */
  #quietNs = 0n;

  constructor(dataset: string) {
    this.#dataset = dataset;
  }

  /** Adds a subscription; with a time, to the session that is running, as live records from then on. */
  add(subscription: ResumableSubscription, liveSinceNs: bigint | null = null): void {
    const rtype = rtypeOfSchema(subscription.schema);
    this.#streams[rtype] ??= new ResumeStream(subscription.schema);
    const stream = this.#streams[rtype];
    stream.add(subscription);
    if (liveSinceNs !== null) beginLive(stream, subscription.id, liveSinceNs);
  }

  /** Forgets a subscription. */
  remove(id: number): void {
    for (const stream of this.#all()) {
      const index = stream.entries.findIndex(({ subscription }) => subscription.id === id);
      if (index !== -1) stream.entries.splice(index, 1);
    }
  }

  /**
   * How to begin a session at `nowNs`. Records that the gateway can no longer replay are given up as a gap, and are not
   * in a later plan's gaps again.
   */
  plan(nowNs: bigint): SessionPlan {
    const starts = new Map<number, bigint | null>();
    const gaps: Gap[] = [];
    for (const stream of this.#all()) {
      gaps.push(...this.#giveUpUntil(stream, this.#oldestNs(stream, nowNs)));
      for (const { subscription, sinceNs } of stream.entries) {
        const { id, snapshot, start } = subscription;
        starts.set(id, sinceNs === null || snapshot ? start : this.#startOf(stream, sinceNs, nowNs));
      }
      gaps.push(...giveUpSnapshots(stream, nowNs));
    }
    return { starts, gaps };
  }

  /** The session of a plan streams; `sinceNs` is from when on live records come. */
  begin({ starts }: SessionPlan, sinceNs: bigint): void {
    for (const stream of this.#all()) {
      const replays: bigint[] = [];
      for (const entry of stream.entries) {
        const start = starts.get(entry.subscription.id) ?? null;
        if (start !== null) replays.push(start);
        if (entry.sinceNs !== null) continue;
        if (start === null) beginLive(stream, entry.subscription.id, sinceNs);
        else entry.sinceNs = start;
      }
      stream.beginSession(replays);
    }
  }

  /** Whether a record is to be delivered: false when it was before. It counts as delivered from then on. */
  accept(view: RecordView): boolean {
    const stream = this.#streams[view.window.bytes.getUint8(view.window.at + 1)];
    return stream === null || stream === undefined || stream.accept(view);
  }

  /** Whether the end of an interval is to be told: false when it was before. */
  acceptMarker(schema: Schema, endNs: bigint): boolean {
    return this.#streams[rtypeOfSchema(schema)]?.acceptMarker(endNs) ?? true;
  }

  /**
   * The gateway has sent a message stamped with this time. Only one that it sends when there is nothing else, a heartbeat,
   * says that every record from before has come: a warning or an error may overtake records that come late.
   */
  heard(gatewayNs: bigint, isQuiet: boolean): void {
    if (gatewayNs > this.#gatewayNs) this.#gatewayNs = gatewayNs;
    if (isQuiet && gatewayNs > this.#quietNs) this.#quietNs = gatewayNs;
  }

  /** The gateway has acknowledged a subscription: its live records come from then on. */
  acknowledged(id: number, gatewayNs: bigint): void {
    for (const stream of this.#all()) {
      const entry = stream.entries.find(({ subscription }) => subscription.id === id);
      if (entry?.isGuess === true) beginLive(stream, id, gatewayNs);
      if (entry !== undefined) entry.isGuess = false;
    }
  }

  /** The gateway has said that the replay of a schema is over; `nowMs` is of the monotonic clock. */
  replayCompleted(schema: Schema, nowMs: number): void {
    this.#streams[rtypeOfSchema(schema)]?.replayCompleted(nowMs);
  }

  /** The session has ended after it had begun. */
  end(nowMs: number): void {
    const provenNs = greatest(this.#quietNs, ...this.#all().map(({ reachedNs }) => reachedNs ?? 0n));
    for (const stream of this.#all()) stream.endSession(provenNs, nowMs);
  }

  /** The newest time of the gateway, by its messages and records; null when it told none. */
  get reachedNs(): bigint | null {
    let newestNs = this.#gatewayNs;
    for (const { reachedNs } of this.#all()) if (reachedNs !== null && reachedNs > newestNs) newestNs = reachedNs;
    return newestNs === 0n ? null : newestNs;
  }

  /**
   * The gateway refused a plan because it no longer has what was asked for, of one schema or, with null, of any that
   * was replayed. The next plan begins later, by more each time.
   */
  giveUp({ starts }: SessionPlan, schema: Schema | null, nowNs: bigint): readonly Gap[] {
    const gaps: Gap[] = [];
    // A gateway that is ahead of our clock must not be asked for the same again.
    const untilNs = greatest(nowNs, this.reachedNs ?? nowNs);
    for (const stream of this.#all()) {
      const asked = stream.entries
        .filter(({ subscription }) => schema === null || subscription.schema === schema)
        .map(({ subscription }) => starts.get(subscription.id) ?? null)
        .filter((start) => start !== null);
      if (asked.length === 0) continue;
      const startNs = asked.reduce((least, start) => (start < least ? start : least));
      const laterNs = greatest(startNs + (GIVEN_UP_NS << BigInt(stream.refusals)), this.#oldestNs(stream, untilNs));
      stream.notBeforeNs = laterNs < untilNs ? laterNs : untilNs;
      stream.refusals += 1;
      gaps.push(...this.#giveUpUntil(stream, stream.notBeforeNs));
    }
    return gaps;
  }

  #startOf(stream: ResumeStream, sinceNs: bigint, nowNs: bigint): bigint {
    const { safeNs, notBeforeNs, rules } = stream;
    // A start of 0 asks for all there is, and nobody knows how much that is.
    if (safeNs === null && sinceNs === 0n) return notBeforeNs;
    return greatest((safeNs ?? sinceNs) - rules.overlapNs, sinceNs, this.#oldestNs(stream, nowNs));
  }

  /** The earliest time from which a stream can be replayed. */
  #oldestNs(stream: ResumeStream, nowNs: bigint): bigint {
    const windowNs = stream.entries
      .map(({ subscription }) => replayWindowNs(subscription.schema, this.#dataset))
      .reduce((least, ns) => (ns < least ? ns : least), nowNs);
    return greatest(nowNs - windowNs, stream.notBeforeNs);
  }

  /** Gives up what was not delivered before a time. */
  #giveUpUntil(stream: ResumeStream, untilNs: bigint): readonly Gap[] {
    const begun = stream.entries.filter(({ sinceNs, subscription }) => sinceNs !== null && !subscription.snapshot);
    const sinceNs = begun.reduce<bigint | null>((least, entry) => {
      return least === null || entry.sinceNs! < least ? entry.sinceNs : least;
    }, null);
    if (sinceNs === null) return [];
    const fromNs = stream.safeNs === null ? sinceNs : greatest(stream.safeNs, sinceNs);
    if (fromNs >= untilNs || fromNs === 0n) return [];
    stream.safeNs = untilNs;
    return [{ schema: begun[0]!.subscription.schema, fromNs, toNs: untilNs }];
  }

  #all(): ResumeStream[] {
    return this.#streams.filter((stream) => stream !== null);
  }
}

/** Live records come from a time on; of bars, also the one of the interval in which it lies. */
function beginLive(stream: ResumeStream, id: number, sinceNs: bigint): void {
  const entry = stream.entries.find(({ subscription }) => subscription.id === id)!;
  const { intervalNs } = stream.rules;
  entry.sinceNs = intervalNs === null ? sinceNs : sinceNs - (sinceNs % intervalNs);
  entry.isGuess = true;
}

/** What subscriptions with a snapshot miss between sessions: it says how things stand, not what happened meanwhile. */
function giveUpSnapshots(stream: ResumeStream, nowNs: bigint): readonly Gap[] {
  const gaps: Gap[] = [];
  for (const entry of stream.entries) {
    if (!entry.subscription.snapshot || entry.sinceNs === null) continue;
    const fromNs = greatest(stream.safeNs ?? entry.sinceNs, entry.sinceNs);
    if (fromNs < nowNs) gaps.push({ schema: entry.subscription.schema, fromNs, toNs: nowNs });
    entry.sinceNs = nowNs;
  }
  return gaps;
}

function greatest(...times: readonly bigint[]): bigint {
  return times.reduce((most, time) => (time > most ? time : most));
}
