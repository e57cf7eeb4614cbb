const FIRST_MS_MAX = 1_000;
const DELAY_MS_MAX = 60_000;
/** Our own dead session may count as open for a while. */
const LIMITED_MS_MIN = 30_000;
/** The gateway closes a sixth connection within a second at once. */
const CONNECT_EVERY_MS_MIN = 250;

/** How long to wait before the next connection: exponential with full jitter, from within 1 s up to within 60 s. */
export class Backoff {
  readonly #random: () => number;
  #failures = 0;
  #lastConnectMs = Number.NEGATIVE_INFINITY;

  /** `random` gives numbers in [0, 1). */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** Connections that failed or ended since the last one that was good. */
  get failures(): number {
    return this.#failures;
  }

  /** A connection attempt begins; times are of the monotonic clock. */
  connecting(nowMs: number): void {
    this.#lastConnectMs = nowMs;
  }

  /** The last connection was good: the next delay is a first one again. */
  reset(): void {
    this.#failures = 0;
  }

  /** Milliseconds to wait after a connection failed or ended. */
  afterFailure(nowMs: number): number {
    const msMax = Math.min(DELAY_MS_MAX, FIRST_MS_MAX * 2 ** this.#failures);
    this.#failures += 1;
    return this.#spaced(this.#random() * msMax, nowMs);
  }

  /** Milliseconds to wait after the gateway said that there are too many connections. */
  afterLimit(nowMs: number): number {
    this.#failures += 1;
    return this.#spaced(LIMITED_MS_MIN + this.#random() * (DELAY_MS_MAX - LIMITED_MS_MIN), nowMs);
  }

  /** Milliseconds to wait when nothing went wrong. */
  atOnce(nowMs: number): number {
    return this.#spaced(0, nowMs);
  }

  #spaced(delayMs: number, nowMs: number): number {
    return Math.max(delayMs, this.#lastConnectMs + CONNECT_EVERY_MS_MIN - nowMs);
  }
}
