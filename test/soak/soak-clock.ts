import type { LiveClock } from '#adapters/databento/live/live-clock.ts';

interface Sleeper {
  readonly untilMs: number;
  readonly wake: () => void;
}

/**
 * A client's clock that nobody waits for: time is the market's, which passes as fast as records come. Delays between
 * connections pass at once; the sleeps of watchdogs and time limits end when `skip` says that nothing else will happen.
 */
export class SoakClock implements LiveClock {
  readonly #marketMs: () => number;
  readonly #isBetweenConnections: () => boolean;
  readonly #sleepers = new Set<Sleeper>();
  /** What has passed besides the market's time. */
  #passedMs = 0;

  constructor(marketMs: () => number, isBetweenConnections: () => boolean) {
    this.#marketMs = marketMs;
    this.#isBetweenConnections = isBetweenConnections;
  }

  now(): number {
    return this.#marketMs();
  }

  monotonic(): number {
    return this.#marketMs() + this.#passedMs;
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    if (this.#isBetweenConnections()) {
      this.#passedMs += ms;
      return new Promise((resolve) => setImmediate(resolve));
    }
    return new Promise((resolve) => {
      const sleeper = { untilMs: this.monotonic() + ms, wake: resolve };
      this.#sleepers.add(sleeper);
      signal.addEventListener('abort', () => {
        this.#sleepers.delete(sleeper);
        resolve();
      });
    });
  }

  /** Moves on to the end of the sleep that ends first. */
  skip(): void {
    const [first] = [...this.#sleepers].sort((a, b) => a.untilMs - b.untilMs);
    if (first === undefined) return;
    this.#passedMs += Math.max(first.untilMs - this.monotonic(), 0);
    this.#sleepers.delete(first);
    first.wake();
  }
}
