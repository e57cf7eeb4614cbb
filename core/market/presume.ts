import type { MinuteBar } from './bar.ts';
import type { FeedEvent } from './feed.ts';
import { instrumentOf } from './instrument.ts';
import type { SessionCalendar, SessionGroup } from './session-calendar.ts';
import { mergeSpans, minutePlace, sessionSpans, type TimeSpan } from './session-spans.ts';
import { MINUTE_MS } from './timeframe.ts';

/** Without a declaration, so many in-session minutes in a row without a bar of any root are not covered. */
const UNCOVERED_MINUTES_MIN = 30;

/** What a recorded source says about its completeness. */
export interface SourceCoverage {
  /** UTC spans in which a minute without a bar was really empty. */
  readonly declared: readonly TimeSpan[];
  /**
   * Whether part of the source declares nothing. Such a source covers everything from its first bar to its last bar
   * except stretches of `UNCOVERED_MINUTES_MIN` or more in-session minutes in which no root has a bar.
   */
  readonly hasUndeclared: boolean;
}

export interface PresumeOptions {
  readonly calendar: SessionCalendar;
  /** Roots of the bars; their groups say which minutes are in session. */
  readonly universe: readonly string[];
  readonly coverage: SourceCoverage;
  /** The bars are all there are before this instant, so that what follows the last one is told too, up to here. */
  readonly untilMs?: number;
}

/**
 * Tells of recorded bars what a live feed would have told: which minutes are finished, presumed empty where they have no
 * bar, and which stretches of session time are not covered, each as one gap.
 *
 * `bars` come in the order of their open times and belong to roots of the universe. One on a closing minute is passed
 * on before the next minute is closed, and is no evidence of coverage; one further outside is dropped.
 */
export async function* presume(
  bars: AsyncIterable<MinuteBar>,
  options: PresumeOptions,
): AsyncGenerator<FeedEvent, void, undefined> {
  const presumer = new Presumer(options);
  for await (const bar of bars) yield* presumer.take(bar);
  yield* presumer.end();
}

class Presumer {
  readonly #calendar: SessionCalendar;
  readonly #groups: ReadonlySet<SessionGroup>;
  readonly #declared: readonly TimeSpan[];
  readonly #hasUndeclared: boolean;
  readonly #untilMs: number;
  /** Start of the first minute of which nothing has been said yet; null before anything was. */
  #nextMs: number | null = null;
  /** The minute in session whose bars are being passed on. */
  #minuteMs: number | null = null;
  /** Bars on closing minutes, until it is known what became of the minutes before them. */
  #prints: MinuteBar[] = [];
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor({ calendar, universe, coverage, untilMs = Number.NEGATIVE_INFINITY }: PresumeOptions) {
    this.#calendar = calendar;
    this.#groups = new Set(universe.map((root) => instrumentOf(root).group));
    this.#declared = mergeSpans(coverage.declared.map(wholeMinutes));
    this.#hasUndeclared = coverage.hasUndeclared;
    this.#untilMs = untilMs;
  }

  *take(bar: MinuteBar): Generator<FeedEvent, void, undefined> {
    const place = minutePlace(this.#calendar, instrumentOf(bar.root).group, bar.openTimeMs);
    if (place === 'outside') return;
    this.#begin(bar.openTimeMs);
    this.#lastMs = bar.openTimeMs;
    if (bar.openTimeMs !== this.#minuteMs) {
      if (place === 'closing-minute') {
        this.#prints.push(bar);
        return;
      }
      yield* this.#settle(bar.openTimeMs);
      yield* this.#printsBefore(bar.openTimeMs + MINUTE_MS);
      this.#minuteMs = bar.openTimeMs;
    }
    yield { kind: 'bar', bar };
  }

  *end(): Generator<FeedEvent, void, undefined> {
    this.#begin(Number.POSITIVE_INFINITY);
    const declaredEndMs = this.#declared.at(-1)?.toMs ?? Number.NEGATIVE_INFINITY;
    yield* this.#settle(Math.max(declaredEndMs, this.#lastMs, this.#untilMs));
    yield* this.#printsBefore(Number.POSITIVE_INFINITY);
  }

  #begin(firstBarMs: number): void {
    this.#nextMs ??= Math.min(firstBarMs, this.#declared[0]?.fromMs ?? Number.POSITIVE_INFINITY);
  }

  /** Says everything that is left to say about the minutes that start before `toMs`, none of which gets another bar. */
  *#settle(toMs: number): Generator<FeedEvent, void, undefined> {
    if (this.#minuteMs !== null) {
      yield* this.#close({ fromMs: this.#minuteMs, toMs: this.#minuteMs + MINUTE_MS });
      this.#nextMs = this.#minuteMs + MINUTE_MS;
      this.#minuteMs = null;
    }
    const fromMs = this.#nextMs ?? toMs;
    if (fromMs >= toMs) return;
    this.#nextMs = toMs;
    const spans = sessionSpans(this.#calendar, this.#groups, { fromMs, toMs });
    const minutes = spans.reduce((sum, span) => sum + (span.toMs - span.fromMs) / MINUTE_MS, 0);
    const isQuiet = this.#hasUndeclared && minutes < UNCOVERED_MINUTES_MIN;
    let gap = null as TimeSpan | null;
    for (const { span, isCovered } of isQuiet ? spans.map(covered) : spans.flatMap((one) => this.#parts(one))) {
      if (!isCovered) {
        gap = { fromMs: gap?.fromMs ?? span.fromMs, toMs: span.toMs };
        continue;
      }
      if (gap !== null) yield* this.#gap(gap);
      gap = null;
      yield* this.#close(span);
    }
    if (gap !== null) yield* this.#gap(gap);
  }

  /** Cuts a span at the edges of what is declared. */
  #parts(span: TimeSpan): { span: TimeSpan; isCovered: boolean }[] {
    const parts: { span: TimeSpan; isCovered: boolean }[] = [];
    let atMs = span.fromMs;
    for (const declared of this.#declared) {
      const fromMs = Math.max(declared.fromMs, atMs);
      const toMs = Math.min(declared.toMs, span.toMs);
      if (fromMs >= toMs) continue;
      if (fromMs > atMs) parts.push({ span: { fromMs: atMs, toMs: fromMs }, isCovered: false });
      parts.push({ span: { fromMs, toMs }, isCovered: true });
      atMs = toMs;
    }
    if (atMs < span.toMs) parts.push({ span: { fromMs: atMs, toMs: span.toMs }, isCovered: false });
    return parts;
  }

  *#close({ fromMs, toMs }: TimeSpan): Generator<FeedEvent, void, undefined> {
    for (let closeTimeMs = fromMs + MINUTE_MS; closeTimeMs <= toMs; closeTimeMs += MINUTE_MS) {
      yield* this.#printsBefore(closeTimeMs);
      yield { kind: 'closed', closeTimeMs, grade: 'presumed' };
    }
  }

  *#gap({ fromMs, toMs }: TimeSpan): Generator<FeedEvent, void, undefined> {
    yield* this.#printsBefore(toMs);
    yield { kind: 'gap', fromMs, toMs };
  }

  *#printsBefore(timeMs: number): Generator<FeedEvent, void, undefined> {
    while (this.#prints[0] !== undefined && this.#prints[0].openTimeMs < timeMs) {
      yield { kind: 'bar', bar: this.#prints.shift()! };
    }
  }
}

function covered(span: TimeSpan): { span: TimeSpan; isCovered: boolean } {
  return { span, isCovered: true };
}

function wholeMinutes({ fromMs, toMs }: TimeSpan): TimeSpan {
  return { fromMs: Math.ceil(fromMs / MINUTE_MS) * MINUTE_MS, toMs: Math.floor(toMs / MINUTE_MS) * MINUTE_MS };
}
