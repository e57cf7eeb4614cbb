import type { LiveClock } from './live-clock.ts';

/** A wake-up that comes this much later than asked for says that the program itself stood still. */
const STALL_MS = 1_000;

/** Tells when a connection has been silent for too long, by the monotonic clock. */
export class Watchdog {
  readonly #clock: LiveClock;
  readonly #silenceMsMax: number;
  readonly #onHung: () => void;
  readonly #stopper = new AbortController();
  #lastLifeMs = 0;
  #isHeld = false;

  constructor(clock: LiveClock, silenceMsMax: number, onHung: () => void) {
    this.#clock = clock;
    this.#silenceMsMax = silenceMsMax;
    this.#onHung = onHung;
  }

  /** Begins to watch; the silence is counted from now on. */
  start(): void {
    this.life();
    void this.#watch();
  }

  /** Something has arrived. */
  life(): void {
    this.#lastLifeMs = this.#clock.monotonic();
  }

  /** Stops counting, because we do not read: what has arrived cannot be seen. */
  hold(): void {
    this.#isHeld = true;
  }

  /** Counts again, from now on. */
  release(): void {
    this.#isHeld = false;
    this.life();
  }

  stop(): void {
    this.#stopper.abort();
  }

  async #watch(): Promise<void> {
    const { signal } = this.#stopper;
    while (!signal.aborted) {
      const nowMs = this.#clock.monotonic();
      const leftMs = this.#isHeld ? this.#silenceMsMax : this.#lastLifeMs + this.#silenceMsMax - nowMs;
      if (leftMs <= 0) {
        this.#onHung();
        return;
      }
      await this.#clock.sleep(leftMs, signal);
      // After a standstill of ours, what has arrived meanwhile is read before anybody is called hung.
      if (this.#clock.monotonic() - nowMs - leftMs > STALL_MS) await this.#clock.sleep(STALL_MS, signal);
    }
  }
}
