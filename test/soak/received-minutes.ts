import type { LiveEvent } from '#adapters/databento/live/live-event.ts';
import { LiveMinutes, type LiveSign } from '#adapters/databento/live-minutes.ts';
import { LiveSigns } from '#adapters/databento/live-signs.ts';
import type { MinuteBar } from '#core/market/bar.ts';
import { cmeCalendar } from '#core/market/cme-hours.ts';
import type { FeedEvent } from '#core/market/feed.ts';
import type { MadeWeek } from './made-week.ts';

const NS_PER_MS = 1_000_000n;
const FAILURES_MAX = 5;

/** Turns what a client delivers into the events of our feed and holds them to those that the week was made from. */
export class ReceivedMinutes {
  readonly failures: string[] = [];
  /** Bars that came after their minute was told. */
  setAside = 0;
  readonly #week: MadeWeek;
  readonly #isExact: boolean;
  readonly #signs: LiveSigns;
  readonly #minutes: LiveMinutes;
  readonly #told: FeedEvent[] = [];
  readonly #bars = new Map<string, MinuteBar>();

  /**
   * With `isExact` every event must be the source's, each minute proved. Otherwise bars may be late and markers missing:
   * then each bar is told once or set aside, and minutes go forward.
   */
  constructor(week: MadeWeek, isExact: boolean) {
    this.#week = week;
    this.#isExact = isExact;
    this.#signs = new LiveSigns(week.universe, (reason) => this.#fail(reason));
    const fromMs = Math.floor(Number(week.source.startNs / NS_PER_MS) / 60_000 - 1) * 60_000;
    this.#minutes = new LiveMinutes({ calendar: cmeCalendar(), universe: week.universe, fromMs });
  }

  take(event: LiveEvent): void {
    for (const sign of this.#signs.take(event)) this.#takeSign(sign);
  }

  /** Everything has come. */
  end(): void {
    const { events } = this.#week;
    const last = events.findLast((event) => event.kind === 'closed');
    this.#takeSign({ kind: 'end', closeTimeMs: last?.closeTimeMs ?? 0 });
    const wanted = events.filter((event) => event.kind === 'bar');
    if (this.#bars.size !== wanted.length) this.#fail(`${this.#bars.size} bars were told instead of ${wanted.length}`);
    if (this.#isExact) this.#compare(events);
  }

  #compare(events: readonly FeedEvent[]): void {
    const proved = events.map((event) => (event.kind === 'closed' ? { ...event, grade: 'proved' } : event));
    const at = proved.findIndex((event, index) => JSON.stringify(event) !== JSON.stringify(this.#told[index]));
    if (at !== -1) {
      this.#fail(`event ${at} is ${JSON.stringify(this.#told[at])} instead of ${JSON.stringify(proved[at])}`);
    }
    if (this.#told.length > proved.length) this.#fail(`${this.#told.length} events instead of ${proved.length}`);
  }

  #takeSign(sign: LiveSign): void {
    for (const told of this.#minutes.take(sign)) {
      if (told.kind === 'set-aside') {
        this.setAside += 1;
        if (this.#isExact) this.#fail(`the bar of ${told.bar.contract} at ${told.bar.openTimeMs} is set aside`);
        this.#takeBar(told.bar);
        continue;
      }
      if (told.kind === 'bar') this.#takeBar(told.bar);
      else this.#checkTime(told);
      if (this.#isExact) this.#told.push(told);
    }
  }

  #takeBar(bar: MinuteBar): void {
    const key = `${bar.contract} ${bar.openTimeMs}`;
    if (this.#bars.has(key)) this.#fail(`the bar of ${key} is told twice`);
    this.#bars.set(key, bar);
  }

  #reachedMs = 0;

  #checkTime(told: Exclude<FeedEvent, { kind: 'bar' }>): void {
    const [fromMs, toMs] =
      told.kind === 'gap' ? [told.fromMs, told.toMs] : [told.closeTimeMs - 60_000, told.closeTimeMs];
    if (fromMs < this.#reachedMs) this.#fail(`the minute from ${fromMs} is told after ${this.#reachedMs}`);
    this.#reachedMs = toMs;
  }

  #fail(what: string): void {
    if (this.failures.length < FAILURES_MAX) this.failures.push(what);
  }
}
