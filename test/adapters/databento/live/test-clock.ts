import type { LiveClock } from '../../../../adapters/databento/live/live-clock.ts';

interface Sleeper {
  readonly untilMs: number;
  readonly wake: () => void;
}

/**
 * A clock that a test moves. Sleeps of at most `hurryMs` pass at once, and time moves on by them; longer ones, such as
 * those of watchdogs and time limits, end when the test has moved the clock so far.
 */
export class TestClock implements LiveClock {
  readonly #hurryMs: number;
  #passedMs = 0;
  readonly #startMs: number;
  #sleepers: Sleeper[] = [];
  /** Every sleep asked for, in milliseconds. */
  readonly asked: number[] = [];

  constructor({ hurryMs = 1_000, startMs = Date.UTC(2026, 10, 20, 15, 0) } = {}) {
    this.#hurryMs = hurryMs;
    this.#startMs = startMs;
  }

  now(): number {
    return this.#startMs + this.#passedMs;
  }

  monotonic(): number {
    return this.#passedMs;
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    this.asked.push(ms);
    if (signal.aborted) return Promise.resolve();
    if (ms <= this.#hurryMs) {
      this.#passedMs += ms;
      return new Promise((resolve) => setImmediate(resolve));
    }
    return new Promise((resolve) => {
      const sleeper = { untilMs: this.#passedMs + ms, wake: resolve };
      this.#sleepers.push(sleeper);
      signal.addEventListener('abort', () => {
        this.#sleepers = this.#sleepers.filter((one) => one !== sleeper);
        resolve();
      });
    });
  }

  /** Sleeps that have not ended. */
  get sleeping(): number {
    return this.#sleepers.length;
  }

  /** Moves time on at one go, so that whoever sleeps wakes late. */
  async jump(ms: number): Promise<void> {
    this.#passedMs += ms;
    const due = this.#sleepers.filter(({ untilMs }) => untilMs <= this.#passedMs);
    this.#sleepers = this.#sleepers.filter((one) => !due.includes(one));
    for (const { wake } of due) wake();
    await Promise.resolve();
  }

  /** Moves time on, waking sleepers in their order. */
  async advance(ms: number): Promise<void> {
    const targetMs = this.#passedMs + ms;
    for (;;) {
      const due = this.#sleepers.filter(({ untilMs }) => untilMs <= targetMs).sort((a, b) => a.untilMs - b.untilMs)[0];
      if (due === undefined) break;
      this.#passedMs = Math.max(this.#passedMs, due.untilMs);
      this.#sleepers = this.#sleepers.filter((one) => one !== due);
      due.wake();
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#passedMs = targetMs;
  }
}

/** Resolves as soon as a condition holds, looking after each turn of the event loop; the test's time limit bounds it. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
}
