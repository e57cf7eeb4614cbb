import { setImmediate } from 'node:timers/promises';
import { errorCodes, type Schema } from '../dbn/enums.ts';
import type { GatewayContext } from './context.ts';
import { dueTimes } from './delay.ts';
import { FaultDraws, type Strike } from './faults.ts';
import {
  errorRecord,
  heartbeat,
  replayCompleted,
  slowReaderWarning,
  symbolMapping,
  unknownRecord,
} from './gateway-records.ts';
import type { SessionSettings } from './handshake.ts';
import { skippableSchemas } from './intervals.ts';
import { LiveFeed, openPass } from './live-feed.ts';
import { MarketSender } from './market-sender.ts';
import type { Outlet } from './outlet.ts';
import { indexAfter, type RecordBatch } from './record-batch.ts';
import { Router } from './router.ts';
import { SessionWriter } from './session-writer.ts';
import type { GatewayInstrument } from './source.ts';
import { subscribe, type WholeRequest } from './subscriber.ts';
import type { ClockSeat } from './virtual-clock.ts';

export interface StreamOptions {
  readonly context: GatewayContext;
  readonly outlet: Outlet;
  readonly settings: SessionSettings;
  /** From 1, in order of connection. */
  readonly sessionNumber: number;
}

/** Batches between turns of the event loop, so that other connections get theirs. */
const BATCHES_PER_TURN = 32;
const MINUTE_NS = 60_000_000_000n;
/** How far behind a reader is said to be who is called slow on request; then a minute is left out. */
const SLOW_MS = 3000;
const fatalErrors: ReadonlySet<number> = new Set([
  errorCodes.authFailed,
  errorCodes.apiKeyDeactivated,
  errorCodes.connectionLimitExceeded,
  errorCodes.invalidSubscription,
  errorCodes.internalError,
  errorCodes.replayAgedOut,
]);

/** The binary part of a session: metadata, acknowledgements, replays, and then the market as it comes. */
export class SessionStream {
  readonly #context: GatewayContext;
  readonly #outlet: Outlet;
  readonly #settings: SessionSettings;
  readonly #writer: SessionWriter;
  readonly #router: Router;
  readonly #sender: MarketSender;
  readonly #draws: FaultDraws;
  #seat: ClockSeat | null = null;
  #hasBegun = false;
  #batches = 0;
  /** Subscriptions are taken one after the other. */
  #subscribing: Promise<void> = Promise.resolve();
  #onSubscribed: () => void = () => undefined;

  constructor({ context, outlet, settings, sessionNumber }: StreamOptions) {
    const { source, clock, disturbances, version } = context;
    this.#context = context;
    this.#outlet = outlet;
    this.#settings = settings;
    this.#draws = new FaultDraws(context.seed, sessionNumber);
    const { tsOut } = settings;
    this.#writer = new SessionWriter({ outlet, version, tsOut, now: () => clock.now() });
    this.#router = new Router({
      source,
      disturbances,
      onMapping: (match, { stypeIn }) => {
        this.#sender.settle();
        this.#writer.speak(symbolMapping(match, stypeIn, clock.now()));
      },
    });
    this.#sender = new MarketSender({
      writer: this.#writer,
      router: this.#router,
      disturbances,
      draws: this.#draws,
      onStrike: (strike) => {
        this.strike(strike);
        return !this.#isOver;
      },
      onSkipped: (schema, records) => this.#skipped(schema, records),
    });
  }

  /**
   * Sends everything to the end of the connection. `requests` are those made before the start, `wrong` what was wrong
   * with another one.
   */
  async run(requests: readonly WholeRequest[], wrong: string | null): Promise<void> {
    const { clock, source } = this.#context;
    const starts = requests.flatMap(({ start }) => start ?? []);
    const startNs = starts.length === 0 ? clock.now() : starts.reduce((a, b) => (a < b ? a : b));
    if (this.#settings.compression === 'zstd') this.#outlet.compress();
    this.#writer.begin(source.dataset, startNs);
    this.#hasBegun = true;
    if (!this.#context.mayStream()) {
      this.fail(errorCodes.connectionLimitExceeded, 'User has reached their open connection limit');
    } else if (wrong !== null) {
      this.fail(errorCodes.invalidSubscription, wrong);
    }
    for (const request of requests) this.subscribe(request);
    await this.#subscribing;
    this.#writer.flush();
    // A session that asked for nothing yet is nobody that time would wait for.
    if (requests.length === 0 && !this.#isOver) await this.#subscribed();
    if (this.#isOver) return;
    const seat = clock.join();
    this.#seat = seat;
    try {
      // What is available by now is replayed, what comes later is live, however long the replay takes.
      const nowNs = clock.now();
      await this.#replayAll(nowNs);
      await this.#follow(nowNs, seat);
      // Time that goes as fast as the clients read stands until the client gives up.
      if (this.#outlet.isHung && clock.pace === 'max') await this.#outlet.room();
    } finally {
      this.#seat = null;
      seat.leave();
    }
  }

  /** Takes a subscription, after those before it. */
  subscribe(request: WholeRequest): void {
    const parts = { context: this.#context, router: this.#router, writer: this.#writer };
    this.#subscribing = this.#subscribing.then(async () => {
      if (this.#isOver) return;
      const refusal = await subscribe(request, parts);
      if (refusal !== null) this.fail(errorCodes.replayAgedOut, refusal);
      this.#writer.flush();
      this.#onSubscribed();
      this.#seat?.interrupt();
    });
  }

  /** Says that the gateway is alive, unless the client does not take what it has been sent. */
  beat(): void {
    if (!this.#hasBegun || this.#isOver || this.#outlet.isBlocked) return;
    this.#writer.speak(heartbeat(this.#context.clock.now()));
    this.#writer.flush();
  }

  /** Sends an error; after one that is fatal the connection ends. */
  fail(code: number, text: string): void {
    this.#writer.speak(errorRecord(code, text, { atNs: this.#context.clock.now() }));
    this.#writer.flush();
    if (fatalErrors.has(code)) this.strike('eof');
  }

  /** Lets a fault happen at once. */
  strike(strike: Strike): void {
    const nowNs = this.#context.clock.now();
    if (strike === 'unknown') this.#writer.speak(unknownRecord(nowNs));
    if (strike === 'slow') this.#slow(SLOW_MS, nowNs + MINUTE_NS);
    if (strike === 'internal-error') this.fail(errorCodes.internalError, 'Internal error');
    this.#writer.flush();
    if (strike === 'eof') this.#outlet.end();
    if (strike === 'reset') this.#outlet.reset();
    if (strike === 'hang') this.#outlet.hang();
    if (this.#isOver) this.interrupt();
  }

  /** Makes the stream look whether it is over. */
  interrupt(): void {
    this.#onSubscribed();
    this.#seat?.interrupt();
  }

  /** The mappings of an instrument again, whose id has changed. */
  remap(instrument: GatewayInstrument): void {
    this.#router.remap(instrument, this.#context.clock.now());
    this.#writer.flush();
  }

  get #isOver(): boolean {
    return this.#outlet.isClosed || this.#outlet.isHung;
  }

  async #subscribed(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#onSubscribed = resolve;
    });
  }

  /** One schema after the other, each from the start asked for until now. */
  async #replayAll(untilNs: bigint): Promise<void> {
    for (const schema of this.#router.schemas) {
      const fromNs = this.#router.replayFrom(schema);
      if (fromNs !== null && !this.#isOver) await this.#replay(schema, fromNs, untilNs);
    }
  }

  async #replay(schema: Schema, fromNs: bigint, untilNs: bigint): Promise<void> {
    const { sourceEndNs } = this.#context;
    const markedUntilNs = sourceEndNs !== null && sourceEndNs < untilNs ? sourceEndNs : untilNs;
    this.#draws.rewind();
    const query = { schemas: new Set([schema]), fromNs, untilNs: markedUntilNs };
    for await (const batch of openPass(this.#context, query)) {
      const to = batch.indexAfter(untilNs);
      this.#sender.send(batch, { from: 0, to, isReplay: true, sentNs: this.#context.clock.now() });
      await this.#room();
      if (this.#isOver) return;
      if (to < batch.length) break;
    }
    this.#sender.end(this.#context.clock.now());
    this.#writer.speak(replayCompleted(schema, this.#context.clock.now()));
    this.#writer.flush();
    this.#draws.rewind();
  }

  /** Sends what becomes available after a time, as it does. */
  async #follow(afterNs: bigint, seat: ClockSeat): Promise<void> {
    const feed = new LiveFeed(this.#context);
    feed.include(this.#router.schemas, afterNs + 1n, null);
    try {
      while (!this.#isOver) {
        const batch = await feed.next();
        if (batch === null) await this.#rest(feed, seat);
        else await this.#sendWhenDue(batch, feed, seat);
      }
    } finally {
      await feed.close();
    }
  }

  async #sendWhenDue(batch: RecordBatch, feed: LiveFeed, seat: ClockSeat): Promise<void> {
    const due = dueTimes(batch, this.#context.delay);
    let from = 0;
    while (from < batch.length && !this.#isOver) {
      const reached = seat.reach(due[from]!, due[batch.length - 1]!);
      if (reached instanceof Promise) this.#writer.flush();
      const nowNs = reached instanceof Promise ? await reached : reached;
      if (nowNs === null) {
        if (feed.misses(this.#router.schemas)) {
          feed.include(this.#router.schemas, this.#context.clock.now() + 1n, batch.slice(from, batch.length));
          return;
        }
        continue;
      }
      const to = indexAfter(due, nowNs);
      // Time that does not pass by itself is, while a record is sent, that of the record.
      const sentNs = typeof this.#context.clock.pace === 'number' ? nowNs : due;
      this.#sender.send(batch, { from, to, isReplay: false, sentNs });
      from = to;
      await this.#room();
    }
  }

  /** At the end of the source: everything has been sent. */
  async #rest(feed: LiveFeed, seat: ClockSeat): Promise<void> {
    const { clock } = this.#context;
    this.#sender.end(clock.now());
    this.#writer.flush();
    await this.#outlet.flushed();
    this.#context.sourceEndNs ??= clock.now();
    if (this.#context.endWithSource) this.#outlet.end();
    const interrupted = seat.end();
    this.#context.onCaughtUp();
    await interrupted;
    if (feed.misses(this.#router.schemas)) feed.include(this.#router.schemas, clock.now() + 1n, null);
  }

  /** Waits until the client has taken enough, and now and then for others to get their turn. */
  async #room(): Promise<void> {
    this.#batches += 1;
    if (this.#batches % BATCHES_PER_TURN === 0) await setImmediate();
    const room = this.#outlet.room();
    if (room === null) return;
    const { host, clock, slowAfterMs } = this.#context;
    const sinceMs = host.monotonic();
    await room;
    const blockedMs = host.monotonic() - sinceMs;
    // Only time that passes by itself leaves a reader behind.
    if (typeof clock.pace === 'number' && blockedMs >= slowAfterMs) this.#slow(Math.round(blockedMs), clock.now());
  }

  /** Does what is done about a reader who is behind: leaves records out up to a time, or warns. */
  #slow(behindMs: number, skipUntilNs: bigint): void {
    const schemas = [...this.#router.schemas];
    const isSkipping = this.#settings.slowReader === 'skip' && schemas.some((schema) => skippableSchemas.has(schema));
    if (isSkipping) this.#sender.skipUntil(skipUntilNs);
    if (isSkipping && schemas.every((schema) => skippableSchemas.has(schema))) return;
    this.#writer.speak(slowReaderWarning(behindMs, this.#context.clock.now()));
  }

  #skipped(schema: Schema, records: number): void {
    const text = `Slow client detected for ${schema}, ${records} records skipped`;
    const atNs = this.#context.clock.now();
    this.#writer.speak(errorRecord(errorCodes.skippedRecordsAfterSlowReading, text, { atNs }));
  }
}
