import { DatabentoError } from '../errors.ts';
import type { HostClock } from './host-clock.ts';

/**
 * How time passes: so many times as fast as the machine's; `max`, as fast as the clients read, from one record to the
 * next; `stepped`, only when it is told to.
 */
export type Pace = number | 'max' | 'stepped';

export interface VirtualClockOptions {
  readonly startNs: bigint;
  readonly pace: Pace;
  readonly host: HostClock;
  /** With pace `max`, time begins to pass when so many sessions stream. */
  readonly sessionsToStart: number;
}

const NS_PER_MS = 1_000_000;
/** Timers cannot be longer. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** The time of the market that a gateway gives out. It stands until the first session streams, and never goes back. */
export class VirtualClock {
  readonly #options: VirtualClockOptions;
  readonly #seats = new Set<ClockSeat>();
  #nowNs: bigint;
  /** Machine time at which the market's stood at `#nowNs`; null while it stands. */
  #sinceMs: number | null = null;
  #hasStarted = false;
  #onSettled: (() => void)[] = [];

  constructor(options: VirtualClockOptions) {
    this.#options = options;
    this.#nowNs = options.startNs;
  }

  get pace(): Pace {
    return this.#options.pace;
  }

  /** Nanoseconds since the epoch. */
  now(): bigint {
    const { pace, host } = this.#options;
    if (typeof pace !== 'number' || this.#sinceMs === null) return this.#nowNs;
    return this.#nowNs + BigInt(Math.floor((host.monotonic() - this.#sinceMs) * pace * NS_PER_MS));
  }

  /** A place for a session that streams. */
  join(): ClockSeat {
    if (this.#sinceMs === null) this.#sinceMs = this.#options.host.monotonic();
    const seat = new ClockSeat(this);
    this.#seats.add(seat);
    return seat;
  }

  /** Moves a stepped clock on and resolves when every session has been sent what is due by then. */
  async advance(toNs: bigint): Promise<void> {
    if (this.pace !== 'stepped') throw new DatabentoError('usage', `only a stepped clock is told the time`);
    if (toNs < this.#nowNs) throw new DatabentoError('usage', 'the clock does not go back');
    this.#nowNs = toNs;
    for (const seat of this.#seats) if (seat.wait !== null && seat.wait.firstNs <= toNs) seat.grant(toNs);
    await this.settled();
  }

  /** Resolves when every streaming session waits for the time to pass, or has come to the end. */
  async settled(): Promise<void> {
    if (this.#isSettled()) return;
    await new Promise<void>((resolve) => this.#onSettled.push(resolve));
  }

  /** Whether every streaming session, and at least one, has come to the end of the source. */
  get isEnded(): boolean {
    return this.#seats.size > 0 && [...this.#seats].every(({ wait }) => wait?.isEnd === true);
  }

  /** Used by seats: a seat has begun to wait. May grant it the time at once. */
  waiting(seat: ClockSeat): void {
    const { pace } = this.#options;
    if (pace === 'max') {
      this.#advanceFreely();
    } else if (!seat.wait!.isEnd) {
      const nowNs = this.now();
      if (seat.wait!.firstNs <= nowNs) seat.grant(nowNs);
      else if (typeof pace === 'number') this.#wake(seat, seat.wait!.firstNs - nowNs, pace);
    }
    this.#tellSettled();
  }

  /** Used by seats: a session streams no more. */
  left(seat: ClockSeat): void {
    this.#seats.delete(seat);
    if (this.#options.pace === 'max') this.#advanceFreely();
    this.#tellSettled();
  }

  /** When all wait, time moves as far as all agree to; at the least one of them goes on. */
  #advanceFreely(): void {
    if (!this.#hasStarted && this.#seats.size < this.#options.sessionsToStart) return;
    this.#hasStarted = true;
    let untilNs: bigint | null = null;
    for (const { wait } of this.#seats) {
      if (wait === null) return;
      if (!wait.isEnd && (untilNs === null || wait.lastNs < untilNs)) untilNs = wait.lastNs;
    }
    if (untilNs === null) return;
    if (untilNs > this.#nowNs) this.#nowNs = untilNs;
    const nowNs = this.#nowNs;
    for (const seat of this.#seats) {
      if (seat.wait !== null && !seat.wait.isEnd && seat.wait.firstNs <= nowNs) seat.grant(nowNs);
    }
  }

  #wake(seat: ClockSeat, inNs: bigint, pace: number): void {
    const ms = Math.min(Math.ceil(Number(inNs) / NS_PER_MS / pace), TIMER_MS_MAX);
    seat.wait!.cancel = this.#options.host.after(ms, () => this.waiting(seat));
  }

  #isSettled(): boolean {
    return [...this.#seats].every(({ wait }) => wait !== null);
  }

  #tellSettled(): void {
    if (this.#onSettled.length === 0 || !this.#isSettled()) return;
    const waiting = this.#onSettled;
    this.#onSettled = [];
    for (const resolve of waiting) resolve();
  }
}

interface Wait {
  readonly firstNs: bigint;
  readonly lastNs: bigint;
  readonly isEnd: boolean;
  /** Called with the time, or null when the wait was interrupted. */
  readonly resolve: (nowNs: bigint | null) => void;
  cancel: () => void;
}

/** One streaming session's place at the clock. While it does not wait, a clock of pace `max` stands. */
export class ClockSeat {
  readonly #clock: VirtualClock;
  #wait: Wait | null = null;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  /** What is waited for; null while the session is busy. */
  get wait(): Wait | null {
    return this.#wait;
  }

  /**
   * Waits for the time `firstNs`, with work at hand for the time until `lastNs`. Gives the time that it is then, at
   * which everything due may be sent, at once if it can; null when the wait was interrupted.
   */
  reach(firstNs: bigint, lastNs: bigint): bigint | null | Promise<bigint | null> {
    return this.#begin({ firstNs, lastNs, isEnd: false });
  }

  /** Waits, at the end of the source, for an interruption. */
  async end(): Promise<void> {
    await this.#begin({ firstNs: 0n, lastNs: 0n, isEnd: true });
  }

  /** Ends the wait without the time having come; nothing when there is none. */
  interrupt(): void {
    this.grant(null);
  }

  /** Used by the clock. */
  grant(nowNs: bigint | null): void {
    const wait = this.#wait;
    if (wait === null) return;
    this.#wait = null;
    wait.cancel();
    wait.resolve(nowNs);
  }

  /** Gives up the place. */
  leave(): void {
    this.interrupt();
    this.#clock.left(this);
  }

  #begin(wait: Pick<Wait, 'firstNs' | 'lastNs' | 'isEnd'>): bigint | null | Promise<bigint | null> {
    let granted: bigint | null | undefined;
    let resolveLater: ((nowNs: bigint | null) => void) | null = null;
    const resolve = (nowNs: bigint | null): void => {
      if (resolveLater === null) granted = nowNs;
      else resolveLater(nowNs);
    };
    this.#wait = { ...wait, resolve, cancel: () => undefined };
    this.#clock.waiting(this);
    if (granted !== undefined) return granted;
    return new Promise((later) => {
      resolveLater = later;
    });
  }
}
