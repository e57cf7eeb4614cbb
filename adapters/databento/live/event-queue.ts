import type { LiveEvent } from './live-event.ts';

const COMPACT_AT = 4_096;

/** How much may wait for a slow consumer before nothing more is read from the connection. */
export interface QueueBounds {
  readonly events: number;
  /** Milliseconds that the oldest may have waited. */
  readonly waitMs: number;
}

/**
 * Events on their way to a consumer. It takes what it is given; whether it is full is for the giver to ask, each time
 * anew, so that no turn of events can leave it full for ever.
 */
export class EventQueue {
  readonly #bounds: QueueBounds;
  #events: LiveEvent[] = [];
  #timesMs: number[] = [];
  #first = 0;

  constructor(bounds: QueueBounds) {
    this.#bounds = bounds;
  }

  get length(): number {
    return this.#events.length - this.#first;
  }

  push(event: LiveEvent, nowMs: number): void {
    this.#events.push(event);
    this.#timesMs.push(nowMs);
  }

  /** The oldest event, or undefined. */
  shift(): LiveEvent | undefined {
    if (this.length === 0) return undefined;
    const event = this.#events[this.#first];
    this.#first += 1;
    if (this.length === 0 || this.#first >= COMPACT_AT) {
      this.#events.splice(0, this.#first);
      this.#timesMs.splice(0, this.#first);
      this.#first = 0;
    }
    return event;
  }

  /** How long the oldest event has waited. */
  waitedMs(nowMs: number): number {
    return this.length === 0 ? 0 : nowMs - this.#timesMs[this.#first]!;
  }

  /** Whether nothing more should come. */
  isFull(nowMs: number): boolean {
    return this.length >= this.#bounds.events || this.waitedMs(nowMs) > this.#bounds.waitMs;
  }
}
