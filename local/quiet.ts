import { setTimeout as delay } from 'node:timers/promises';

const LOOK_AGAIN_MS = 1000;

/** What must come to rest before the next slice. */
export interface Resting {
  /** True when every stream mapping is past the last record. */
  readonly streamsIdle: () => boolean;
  /** Messages of all intent queues that are not finished, whether visible, in flight or delayed. */
  readonly intentsLeft: () => Promise<number>;
}

/**
 * Knows when all intents of the last slice are terminal: every stream mapping past it and every intent queue empty.
 * A message in a dead-letter queue counts as finished. Woken by the mappings; the timer is only a safety net.
 */
export class Quiet {
  readonly #resting: Resting;
  #progress: (() => void) | null = null;

  constructor(resting: Resting) {
    this.#resting = resting;
  }

  /** To be called whenever a mapping has finished something. */
  progress(): void {
    this.#progress?.();
  }

  /** Waits until everything rests; rejects when `signal` is raised. */
  async wait(signal: AbortSignal): Promise<void> {
    while (true) {
      signal.throwIfAborted();
      // Made before looking, so that nothing that ends while we look is missed.
      const progress = this.#nextProgress(signal);
      if (await this.#isQuiet()) return;
      await progress;
    }
  }

  async #isQuiet(): Promise<boolean> {
    const { streamsIdle, intentsLeft } = this.#resting;
    return streamsIdle() && (await intentsLeft()) === 0 && streamsIdle();
  }

  async #nextProgress(signal: AbortSignal): Promise<void> {
    const done = new AbortController();
    const timer = delay(LOOK_AGAIN_MS, undefined, { signal: AbortSignal.any([signal, done.signal]) });
    await Promise.race([
      timer.catch(() => undefined),
      new Promise<void>((resolve) => {
        this.#progress = resolve;
      }),
    ]);
    done.abort();
  }
}
