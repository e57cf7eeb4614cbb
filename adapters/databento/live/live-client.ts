import type { AnyView, DbnRecord } from '../dbn/record.ts';
import { toObject } from '../dbn/record-object.ts';
import { DatabentoError } from '../errors.ts';
import { EventQueue } from './event-queue.ts';
import type { LiveEvent, LiveNotice } from './live-event.ts';
import { type LiveCounters, type LiveLag, LiveMeters } from './live-meters.ts';
import { type LiveClientOptions, type LiveSettings, liveSettings } from './live-options.ts';
import type { LiveConsumer } from './record-router.ts';
import { Resume } from './resume.ts';
import { type LiveSubscription, type SubscribeRequest, SubscriptionBook } from './subscription-book.ts';
import { type LiveState, Supervisor } from './supervisor.ts';
import { SymbolMap } from './symbol-map.ts';
import { Wakeup } from './wakeup.ts';

/** What `run` calls. A promise that it is given back pauses the connection until it settles. */
export interface LiveHandlers {
  /**
   * Called for each record; the view is valid until it returns. What has been read already still comes while a returned
   * promise is pending.
   */
  readonly onRecord: (view: AnyView) => void | Promise<void>;
  readonly onNotice?: (notice: LiveNotice) => void | Promise<void>;
}

/**
 * A live feed of one data set that goes on through every interruption: a connection that ends, for whatever reason, is
 * followed by the next, what was missed is replayed, and every record is delivered once and in order for its instrument.
 *
 * It runs once, by `events` or by `run`. It ends by `stop`, by the signal given to it, or by an error that no further
 * connection could mend: codes `auth` and `refused`.
 */
export class LiveClient {
  readonly #settings: LiveSettings;
  readonly #book = new SubscriptionBook();
  readonly #symbols = new SymbolMap();
  readonly #resume: Resume;
  readonly #meters: LiveMeters;
  readonly #queue: EventQueue;
  readonly #wakeup = new Wakeup();
  #supervisor: Supervisor | null = null;
  #isStopped = false;
  #isPaused = false;
  /** Promises of the consumer that are pending. */
  #pending = 0;

  /** Throws code `usage` when an option, such as the key, cannot be right. Nothing is connected yet. */
  constructor(options: LiveClientOptions) {
    this.#settings = liveSettings(options);
    this.#resume = new Resume(this.#settings.terms.dataset);
    this.#meters = new LiveMeters(this.#settings.clock);
    this.#queue = new EventQueue(this.#settings.queue);
  }

  /**
   * Subscribes and returns the subscription's number. Once the client runs, records come from now on, and `start` is
   * refused with code `usage`, since the gateway would ignore it.
   */
  subscribe(request: SubscribeRequest): number {
    if (this.#supervisor !== null && request.start !== undefined && request.start !== null) {
      throw new DatabentoError(
        'usage',
        'start has no effect once the client runs; subscribe before, or make another client for the replay',
      );
    }
    const subscription = this.#book.add(request);
    if (this.#supervisor === null) this.#resume.add(subscription);
    else this.#supervisor.subscribe(subscription);
    return subscription.id;
  }

  /** Everything that comes, as objects. Nothing is read from the connection while too much of it waits to be taken. */
  async *events(signal?: AbortSignal): AsyncGenerator<LiveEvent, void, undefined> {
    const { clock } = this.#settings;
    const push = (event: LiveEvent): void => {
      this.#queue.push(event, clock.monotonic());
      this.#wakeup.notify();
    };
    const running = this.#start(
      // The decoder presents every record in its newest layout.
      { onRecord: (view) => push({ kind: 'record', record: toObject(view) as DbnRecord }), onNotice: push },
      signal,
    );
    let isOver = false;
    const ended = running.finally(() => {
      isOver = true;
      this.#wakeup.notify();
    });
    // The error is thrown below, when what came before it has been taken.
    ended.catch(() => undefined);
    try {
      for (;;) {
        const event = this.#queue.shift();
        if (event !== undefined) {
          this.#wakeup.notify();
          yield event;
        } else if (isOver) {
          break;
        } else {
          await this.#wakeup.wait();
        }
      }
      await ended;
    } finally {
      this.stop();
      await ended.catch(() => undefined);
    }
  }

  /** Calls back for everything that comes, records as views: for speed. Resolves when the client was stopped. */
  async run(handlers: LiveHandlers, signal?: AbortSignal): Promise<void> {
    const { onRecord, onNotice } = handlers;
    await this.#start(
      {
        onRecord: (view) => {
          const pending = onRecord(view);
          if (pending !== undefined) this.#waitFor(pending);
        },
        onNotice: (notice) => {
          const pending = onNotice?.(notice);
          if (pending !== undefined) this.#waitFor(pending);
        },
      },
      signal,
    );
  }

  /** Reads nothing more from the connection until `resume`; what has been read already still comes. */
  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#wakeup.notify();
  }

  /**
   * Ends the session and opens the next one at once, without losing anything: continuous symbols, which a session never
   * maps anew, are resolved again. Does nothing while there is no session.
   */
  reconnect(): void {
    this.#supervisor?.reconnect();
    this.#wakeup.notify();
  }

  /** Ends the client for good and at once. Events that wait to be taken still can be. */
  stop(): void {
    this.#isStopped = true;
    this.#supervisor?.stop();
    this.#wakeup.notify();
  }

  get state(): LiveState {
    return this.#supervisor?.state ?? (this.#isStopped ? 'stopped' : 'idle');
  }

  /** What instrument ids stand for in the running session. */
  get symbols(): Omit<SymbolMap, 'clear' | 'map' | 'fail'> {
    return this.#symbols;
  }

  get subscriptions(): readonly LiveSubscription[] {
    return this.#book.all;
  }

  get counters(): LiveCounters {
    return this.#meters.snapshot();
  }

  get lag(): LiveLag {
    return this.#meters.lag;
  }

  /** What waits to be taken from `events`. */
  get backlog(): { readonly events: number; readonly waitedMs: number } {
    return { events: this.#queue.length, waitedMs: this.#queue.waitedMs(this.#settings.clock.monotonic()) };
  }

  async #start(consumer: LiveConsumer, signal: AbortSignal | undefined): Promise<void> {
    if (this.#supervisor !== null) throw new DatabentoError('usage', 'a live client runs once; make another one');
    const parts = {
      book: this.#book,
      symbols: this.#symbols,
      resume: this.#resume,
      meters: this.#meters,
      consumer,
      clock: this.#settings.clock,
    };
    const supervisor = new Supervisor(this.#settings, parts, () => this.#hold());
    this.#supervisor = supervisor;
    if (this.#isStopped || signal?.aborted === true) supervisor.stop();
    const onAbort = (): void => this.stop();
    signal?.addEventListener('abort', onAbort);
    try {
      await supervisor.run();
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  #hold(): Promise<void> | null {
    if (this.#supervisor?.isStopped === true) return null;
    const isFull = this.#queue.isFull(this.#settings.clock.monotonic());
    return this.#isPaused || this.#pending > 0 || isFull ? this.#wakeup.wait() : null;
  }

  #waitFor(pending: Promise<void>): void {
    this.#pending += 1;
    pending
      .catch((error: unknown) => this.#supervisor?.fail(error))
      .finally(() => {
        this.#pending -= 1;
        this.#wakeup.notify();
      });
  }
}
