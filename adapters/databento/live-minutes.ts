import type { MinuteBar } from '#core/market/bar.ts';
import type { FeedEvent } from '#core/market/feed.ts';
import type { SessionCalendar, SessionGroup } from '#core/market/session-calendar.ts';
import { mergeSpans, sessionSpans, type TimeSpan } from '#core/market/session-spans.ts';
import { MINUTE_MS } from '#core/market/timeframe.ts';
import { groupsOf } from '#core/market/trade-date.ts';

/** A minute that has bars but no marker is taken as finished when the gateway's own clock is so far beyond its end. */
const GRACE_MS = 3_000;

/** What a live session says of bars, in the order in which it says it. Times are UTC milliseconds. */
export type LiveSign =
  /** A finished bar, in or out of session. */
  | { readonly kind: 'bar'; readonly bar: MinuteBar }
  /** A bar of that minute came and cannot be used, so that the minute is not proved. */
  | { readonly kind: 'unusable'; readonly openTimeMs: number }
  /** The gateway has sent every bar of the minute that ends at `closeTimeMs`. */
  | { readonly kind: 'marker'; readonly closeTimeMs: number }
  /** The gateway's clock. */
  | { readonly kind: 'clock'; readonly timeMs: number }
  /** Bars that begin in [fromMs, toMs), not always whole minutes, may be lost for good. */
  | { readonly kind: 'lost'; readonly fromMs: number; readonly toMs: number }
  /** The source has ended: nothing else will be said of the time up to `closeTimeMs`. */
  | { readonly kind: 'end'; readonly closeTimeMs: number };

/** A bar that came when nothing could be done with it any more. */
export interface SetAsideBar {
  readonly kind: 'set-aside';
  readonly bar: MinuteBar;
  /** `late`: its minute was already told as closed. `lost`: its minute is a hole, because others of it are lost. */
  readonly reason: 'late' | 'lost';
}

export interface LiveMinutesOptions {
  readonly calendar: SessionCalendar;
  /** Roots of the bars; their groups say which minutes are in session. */
  readonly universe: readonly string[];
  /** Everything before has been told. */
  readonly fromMs: number;
}

/**
 * Turns what a live session says into the events of a feed: every minute in session once, in time order.
 *
 * A marker proves its minute, and that nothing else will come of the minutes before. A minute before it that has bars is
 * presumed; one without any sign of itself is a hole, because a gateway that sends markers sends one for every minute.
 * From a gateway that has shown that it sends none, an empty minute is presumed too.
 *
 * Without a marker a minute is told when the gateway's own clock is three seconds beyond its end: the clock of a later
 * bar, marker or heartbeat, never a timer of ours, so that the same signs always give the same events.
 */
export class LiveMinutes {
  readonly #calendar: SessionCalendar;
  readonly #groups: readonly SessionGroup[];
  /** Bars whose minutes have not been told, by the start of the minute and the contract. */
  readonly #pending = new Map<number, Map<string, MinuteBar>>();
  readonly #unusable = new Set<number>();
  /** Minutes in which a loss ended: their bars come, all or none. */
  readonly #doubtful = new Set<number>();
  #lost: readonly TimeSpan[] = [];
  #reachedMs: number;
  /** Whether the gateway sends markers; null until it has shown it. */
  #hasMarkers: boolean | null = null;

  constructor({ calendar, universe, fromMs }: LiveMinutesOptions) {
    this.#calendar = calendar;
    this.#groups = groupsOf(universe);
    this.#reachedMs = fromMs;
  }

  /** UTC end of what has been told. */
  get reachedMs(): number {
    return this.#reachedMs;
  }

  /** Takes a sign and gives what is now known, in order. */
  take(sign: LiveSign): (FeedEvent | SetAsideBar)[] {
    switch (sign.kind) {
      case 'bar':
        return this.#takeBar(sign.bar);
      case 'unusable':
        if (sign.openTimeMs >= this.#reachedMs) this.#unusable.add(sign.openTimeMs);
        return this.#takeClock(sign.openTimeMs + MINUTE_MS);
      case 'marker':
        return this.#takeMarker(sign.closeTimeMs);
      case 'clock':
        return this.#takeClock(sign.timeMs);
      case 'lost':
        return this.#takeLoss(sign);
      case 'end':
        return this.#tell(sign.closeTimeMs, null);
    }
  }

  #takeBar(bar: MinuteBar): (FeedEvent | SetAsideBar)[] {
    const { openTimeMs, contract } = bar;
    if (openTimeMs < this.#reachedMs) return [{ kind: 'set-aside', bar, reason: 'late' }];
    if (this.#isLost(openTimeMs)) return [{ kind: 'set-aside', bar, reason: 'lost' }];
    const minute = this.#pending.get(openTimeMs);
    if (minute === undefined) this.#pending.set(openTimeMs, new Map([[contract, bar]]));
    // A bar is never revised, so what comes twice is the same.
    else if (!minute.has(contract)) minute.set(contract, bar);
    // A bar is sent when its minute is over.
    return this.#takeClock(openTimeMs + MINUTE_MS);
  }

  /** Bars of a minute of which others are lost are no whole minute. */
  #takeLoss(loss: TimeSpan): SetAsideBar[] {
    const fromMs = Math.floor(loss.fromMs / MINUTE_MS) * MINUTE_MS;
    const toMs = Math.floor(loss.toMs / MINUTE_MS) * MINUTE_MS;
    if (toMs < loss.toMs) this.#doubtful.add(toMs);
    this.#lost = mergeSpans([...this.#lost, { fromMs, toMs }]);
    const inside = [...this.#pending.keys()].filter((openMs) => openMs >= fromMs && openMs < toMs);
    return this.#takeOut(inside).map((bar) => ({ kind: 'set-aside', bar, reason: 'lost' }));
  }

  #isLost(openMs: number): boolean {
    return this.#lost.some(({ fromMs, toMs }) => openMs >= fromMs && openMs < toMs);
  }

  #takeMarker(closeTimeMs: number): FeedEvent[] {
    this.#hasMarkers = true;
    if (closeTimeMs <= this.#reachedMs) return [];
    const openMs = closeTimeMs - MINUTE_MS;
    // A hole is told in one piece, when it is over.
    if (this.#isLost(openMs)) return [];
    // Closed time has no minutes to prove, but what lies before it has ended.
    return this.#isInSession(openMs) ? this.#tell(closeTimeMs, closeTimeMs) : this.#takeClock(closeTimeMs);
  }

  #takeClock(timeMs: number): FeedEvent[] {
    const dueMs = timeMs - GRACE_MS;
    const withBars = [...this.#pending.keys()].filter(
      (openMs) => openMs + MINUTE_MS <= dueMs && this.#isInSession(openMs),
    );
    if (this.#hasMarkers === false) return this.#tell(Math.floor(dueMs / MINUTE_MS) * MINUTE_MS, null);
    if (withBars.length === 0) return [];
    const told = this.#tell(Math.max(...withBars) + MINUTE_MS, null);
    // Nothing was proved so far and a marker is overdue: the gateway sends none.
    this.#hasMarkers ??= false;
    return told;
  }

  #isInSession(openMs: number): boolean {
    return this.#groups.some((group) => this.#calendar.sessionAt(group, openMs) !== null);
  }

  /** Tells of every minute that ends by `untilMs`; the one that ends at `provedMs` is proved. */
  #tell(untilMs: number, provedMs: number | null): FeedEvent[] {
    if (untilMs <= this.#reachedMs) return [];
    const told: FeedEvent[] = [];
    let gap = null as TimeSpan | null;
    const spans = sessionSpans(this.#calendar, this.#groups, { fromMs: this.#reachedMs, toMs: untilMs });
    for (const { fromMs, toMs } of spans) {
      for (let openMs = fromMs; openMs < toMs; openMs += MINUTE_MS) {
        const closeTimeMs = openMs + MINUTE_MS;
        const grade = this.#gradeOf(openMs, closeTimeMs === provedMs);
        if (grade === null) {
          gap = { fromMs: gap?.fromMs ?? openMs, toMs: closeTimeMs };
          continue;
        }
        if (gap !== null) told.push(...this.#barsBefore(gap.toMs), { kind: 'gap', ...gap });
        gap = null;
        told.push(...this.#barsBefore(closeTimeMs), { kind: 'closed', closeTimeMs, grade });
      }
    }
    if (gap !== null) told.push(...this.#barsBefore(gap.toMs), { kind: 'gap', ...gap });
    this.#forgetBefore(untilMs);
    return told;
  }

  /** What is known of a minute; null for a hole. */
  #gradeOf(openMs: number, isProved: boolean): 'proved' | 'presumed' | null {
    if (this.#isLost(openMs) || (this.#doubtful.has(openMs) && !this.#pending.has(openMs))) return null;
    if (isProved && !this.#unusable.has(openMs)) return 'proved';
    return isProved || this.#pending.has(openMs) || this.#hasMarkers === false ? 'presumed' : null;
  }

  /** Takes out the bars of the minutes that start before an instant, in order. */
  #barsBefore(timeMs: number): FeedEvent[] {
    const before = [...this.#pending.keys()].filter((openMs) => openMs < timeMs);
    return this.#takeOut(before).map((bar) => ({ kind: 'bar', bar }));
  }

  #takeOut(minutes: readonly number[]): MinuteBar[] {
    return minutes
      .toSorted((a, b) => a - b)
      .flatMap((openMs) => {
        const bars = [...(this.#pending.get(openMs)?.values() ?? [])];
        this.#pending.delete(openMs);
        return bars;
      });
  }

  #forgetBefore(timeMs: number): void {
    this.#reachedMs = timeMs;
    this.#lost = this.#lost.filter(({ toMs }) => toMs > timeMs);
    for (const minutes of [this.#unusable, this.#doubtful]) {
      for (const openMs of minutes) if (openMs < timeMs) minutes.delete(openMs);
    }
  }
}
