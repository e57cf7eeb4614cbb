import { contractError, invariant } from '../errors.ts';
import type { SessionBars } from '../ports.ts';
import type { Bar, Grade, MinuteBar } from './bar.ts';
import { type Coverage, makeCoverage } from './coverage.ts';
import type { FeedEvent } from './feed.ts';
import { type FeedOrder, makeFeedOrder } from './feed-order.ts';
import { instrumentOf } from './instrument.ts';
import { compareBars, makeRootBars, type RootBars } from './root-bars.ts';
import type { Session, SessionCalendar, SessionGroup } from './session-calendar.ts';
import { minutePlace, sessionSpans, type TimeSpan } from './session-spans.ts';
import type { Gap, Slice } from './slice.ts';
import { MINUTE_MS } from './timeframe.ts';

export interface SlicerOptions {
  /** Roots in the order in which slices list them. */
  readonly universe: readonly string[];
  readonly calendar: SessionCalendar;
  /** What the slices are labelled with. */
  readonly source: string;
  /**
   * Whether what closes at an instant is history, which makes no slices. Asked from the first minute on until it first
   * says no; without it everything is announced.
   */
  readonly isHistory?: (closeTimeMs: number) => boolean;
  /** `closeTimeMs` of the slice that was announced last before this slicer was made; null, the default, for none. */
  readonly previousCloseTimeMs?: number | null;
}

/** What one feed event leads to. To be stored in this order: gap, sessions, slice. */
export interface Sliced {
  /** A gap inside history, which no slice will tell of. */
  readonly gap: Gap | null;
  /** Sessions of which nothing more can become known, and at the first slice what history knows of those in progress. */
  readonly sessions: readonly SessionBars[];
  readonly slice: Slice | null;
}

/**
 * Turns the events of one feed into slices. Holds state; does no I/O.
 *
 * Every bar is known from the `closeTimeMs` of the slice that brings it on; in history, of the slice that would have
 * brought it. A session is handed out when the root's next one opens, with every revision in it.
 */
export interface Slicer {
  /** Throws a contract error when the feed goes back in time, skips session time, or repeats a bar. */
  take(event: FeedEvent): Sliced;
  /** The sessions that are over by the last event and were not handed out, because no later one has opened. */
  end(): readonly SessionBars[];
  /**
   * Minute bars taken, and those of them set aside: outside the session by more than its closing minute, or on the
   * closing minute of a session of which nothing else is known.
   */
  counts(): { readonly bars: number; readonly setAside: number };
}

interface GroupTrack {
  readonly coverage: Coverage;
  readonly roots: readonly RootBars[];
}

/** What happened up to the close of one minute: its bars, or the gap that ends with it. */
interface Moment {
  readonly closeTimeMs: number;
  readonly grade: Grade;
  readonly minute: readonly MinuteBar[];
  readonly gap: Gap | null;
}

const NOTHING: Sliced = { gap: null, sessions: [], slice: null };

/** Makes a slicer, before the first event of its feed. */
export function makeSlicer(options: SlicerOptions): Slicer {
  return new FeedSlicer(options);
}

class FeedSlicer implements Slicer {
  readonly #options: SlicerOptions;
  readonly #order: FeedOrder;
  readonly #roots: ReadonlyMap<string, RootBars>;
  readonly #tracks: ReadonlyMap<SessionGroup, GroupTrack>;
  #prints: MinuteBar[] = [];
  #closedUpToMs = Number.NEGATIVE_INFINITY;
  #previousCloseTimeMs: number | null;
  #isInHistory: boolean;
  #bars = 0;
  #setAside = 0;

  constructor(options: SlicerOptions) {
    const { universe, calendar, source, isHistory, previousCloseTimeMs = null } = options;
    invariant(new Set(universe).size === universe.length, `expected each root once, found ${universe.join(' ')}`);
    this.#options = options;
    this.#isInHistory = isHistory !== undefined;
    this.#previousCloseTimeMs = previousCloseTimeMs;
    this.#roots = new Map(universe.map((root) => [root, makeRootBars(root)]));
    const byGroup = Map.groupBy(this.#roots.values(), ({ root }) => instrumentOf(root).group);
    this.#tracks = new Map(
      [...byGroup].map(([group, roots]) => [group, { coverage: makeCoverage(calendar, group), roots }]),
    );
    this.#order = makeFeedOrder({ source, calendar, groups: [...byGroup.keys()] });
  }

  take(event: FeedEvent): Sliced {
    if (event.kind === 'bar') return this.#takeBar(event.bar);
    if (event.kind === 'closed') {
      const { closeTimeMs, grade } = event;
      const minute = this.#order.closeMinute(closeTimeMs);
      const isScheduled = this.#inSession(closeTimeMs - MINUTE_MS).size > 0;
      return isScheduled ? this.#conclude({ closeTimeMs, grade, minute, gap: null }) : NOTHING;
    }
    this.#order.passGap(event);
    const gap = this.#gap(event);
    return gap === null ? NOTHING : this.#conclude({ closeTimeMs: gap.toMs, grade: 'holed', minute: [], gap });
  }

  end(): readonly SessionBars[] {
    const reachedMs = this.#order.reachedMs() ?? Number.NEGATIVE_INFINITY;
    return this.#sessionBars(({ closeMs }) => closeMs <= reachedMs);
  }

  counts(): { readonly bars: number; readonly setAside: number } {
    return { bars: this.#bars, setAside: this.#setAside };
  }

  #takeBar(bar: MinuteBar): Sliced {
    const { universe, calendar, source } = this.#options;
    if (!this.#roots.has(bar.root)) {
      throw contractError(`${source}: bar of ${bar.contract}, whose root is not in the universe ${universe.join(' ')}`);
    }
    this.#order.check(bar);
    this.#bars += 1;
    const place = minutePlace(calendar, instrumentOf(bar.root).group, bar.openTimeMs);
    if (place === 'in-session') this.#order.keep(bar);
    else if (place === 'closing-minute') this.#prints.push(bar);
    else this.#setAside += 1;
    return NOTHING;
  }

  #gap(span: TimeSpan): Gap | null {
    const missing = sessionSpans(this.#options.calendar, this.#tracks.keys(), span);
    const [first, last] = [missing[0], missing.at(-1)];
    if (first === undefined || last === undefined) return null;
    const totalMs = missing.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
    return { fromMs: first.fromMs, toMs: last.toMs, minutes: totalMs / MINUTE_MS };
  }

  #inSession(minuteOpenMs: number): Map<GroupTrack, Session> {
    const open = new Map<GroupTrack, Session>();
    for (const [group, track] of this.#tracks) {
      const session = this.#options.calendar.sessionAt(group, minuteOpenMs);
      if (session !== null) open.set(track, session);
    }
    return open;
  }

  /** Ends what ends at the moment, opens the sessions of its minute, and puts together what became known at it. */
  #conclude(moment: Moment): Sliced {
    const { closeTimeMs, minute, grade, gap } = moment;
    const openMs = closeTimeMs - MINUTE_MS;
    const inSession = this.#inSession(openMs);
    const bars: Bar[] = [];
    const sessions: SessionBars[] = [];
    // What ended inside a gap belongs to the sessions before the ones that the gap may have run into.
    if (gap !== null) bars.push(...this.#close(closeTimeMs));
    this.#foldPrints();
    for (const [track, session] of inSession) {
      for (const root of track.roots) bars.push(...root.release(closeTimeMs));
      sessions.push(...enterSession(track, session));
      if (grade !== 'holed') track.coverage.cover(openMs, grade);
    }
    for (const bar of minute) this.#roots.get(bar.root)?.add(bar);
    if (gap === null) bars.push(...this.#close(closeTimeMs));
    if (this.#isInHistory) {
      if (this.#options.isHistory?.(closeTimeMs)) return { gap, sessions, slice: null };
      this.#isInHistory = false;
      // What is known of a session in progress must be readable from the first slice on; that slice brings its own bars.
      sessions.push(
        ...knownBefore(
          closeTimeMs,
          this.#sessionBars(() => true),
        ),
      );
    }
    return { gap: null, sessions, slice: this.#slice(moment, bars, inSession) };
  }

  /** What is known of the sessions entered last, where they meet a condition. */
  #sessionBars(include: (session: Session) => boolean): SessionBars[] {
    return [...this.#tracks.values()].flatMap(({ coverage, roots }) => {
      const session = coverage.session();
      return session !== null && include(session) ? roots.flatMap((root) => root.sessionBars(session.tradeDate)) : [];
    });
  }

  /** Folds the prints on closing minutes into the session in progress; what they revise is held back. */
  #foldPrints(): void {
    for (const print of this.#prints) {
      const { group } = instrumentOf(print.root);
      const coverage = this.#tracks.get(group)?.coverage;
      const ending = this.#options.calendar.sessionAt(group, print.openTimeMs - MINUTE_MS);
      if (coverage === undefined || coverage.session()?.tradeDate !== ending?.tradeDate) this.#setAside += 1;
      else this.#roots.get(print.root)?.fold(print, coverage.foldTargets(print.openTimeMs, this.#closedUpToMs));
    }
    this.#prints = [];
  }

  #close(upToMs: number): Bar[] {
    this.#closedUpToMs = upToMs;
    return [...this.#tracks.values()].flatMap(({ coverage, roots }) => {
      const ended = coverage.close(upToMs);
      return ended.length === 0 ? [] : roots.flatMap((root) => root.close(ended, upToMs));
    });
  }

  #slice({ closeTimeMs, grade, gap }: Moment, bars: readonly Bar[], inSession: Map<GroupTrack, Session>): Slice {
    const { universe, source } = this.#options;
    const byRoot = Map.groupBy(bars, ({ root }) => root);
    const open = new Set([...inSession.keys()].flatMap(({ roots }) => roots));
    const leads: Record<string, string> = {};
    for (const root of this.#roots.values()) {
      const lead = open.has(root) ? root.lead() : null;
      if (lead !== null) leads[root.root] = lead;
    }
    const slice: Slice = {
      schemaVersion: 1,
      closeTimeMs,
      previousCloseTimeMs: this.#previousCloseTimeMs,
      gap,
      grade,
      bars: universe.flatMap((root) => byRoot.get(root)?.sort(compareBars) ?? []),
      leads,
      source,
    };
    this.#previousCloseTimeMs = closeTimeMs;
    return slice;
  }
}

/** What of some sessions was known before an instant. */
function knownBefore(timeMs: number, sessions: readonly SessionBars[]): SessionBars[] {
  return sessions.flatMap((session) => {
    const bars = session.bars.filter(({ knownAtMs }) => knownAtMs < timeMs);
    return bars.length === 0 ? [] : [{ ...session, bars }];
  });
}

/** Opens a session of a group unless it is the one in progress, and returns everything known of the one before. */
function enterSession({ coverage, roots }: GroupTrack, session: Session): SessionBars[] {
  const tradeDate = coverage.session()?.tradeDate ?? null;
  if (tradeDate === session.tradeDate) return [];
  const coveredFraction = coverage.enter(session);
  return roots.flatMap((root) => root.enter({ tradeDate, coveredFraction }));
}
