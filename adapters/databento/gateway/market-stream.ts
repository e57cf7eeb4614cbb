import { setImmediate } from 'node:timers/promises';
import type { Schema } from '../dbn/enums.ts';
import type { GatewayContext } from './context.ts';
import { dueTimes } from './delay.ts';
import type { FaultDraws } from './faults.ts';
import { replayCompleted } from './gateway-records.ts';
import { LiveFeed, openPass } from './live-feed.ts';
import type { MarketSender } from './market-sender.ts';
import type { Outlet } from './outlet.ts';
import { indexAfter, type RecordBatch } from './record-batch.ts';
import type { Router } from './router.ts';
import type { SessionWriter } from './session-writer.ts';
import type { ClockSeat } from './virtual-clock.ts';

export interface MarketStreamOptions {
  readonly context: GatewayContext;
  readonly outlet: Outlet;
  readonly writer: SessionWriter;
  readonly router: Router;
  readonly sender: MarketSender;
  readonly draws: FaultDraws;
  /** Told that the client is so many milliseconds behind, at a market time. */
  readonly onSlow: (behindMs: number, nowNs: bigint) => void;
}

/** Batches between turns of the event loop, so that other connections get theirs. */
const BATCHES_PER_TURN = 32;

/** Sends the market to a session: the replays that it asked for, then each record when its time has come. */
export class MarketStream {
  readonly #options: MarketStreamOptions;
  readonly #feed: LiveFeed;
  #batches = 0;

  constructor(options: MarketStreamOptions) {
    this.#options = options;
    this.#feed = new LiveFeed(options.context);
  }

  /** Sends everything until the connection is over; `seat` is interrupted when there is something to look at. */
  async run(seat: ClockSeat): Promise<void> {
    const { context, router } = this.#options;
    // What is available by now is replayed, what comes later is live, however long the replay takes.
    const nowNs = context.clock.now();
    for (const schema of router.schemas) {
      const fromNs = router.replayFrom(schema);
      if (fromNs !== null && !this.#isOver) await this.#replay(schema, fromNs, nowNs);
    }
    this.#feed.include(router.schemas, nowNs + 1n, null);
    try {
      while (!this.#isOver) {
        const batch = await this.#feed.next();
        if (batch === null) await this.#rest(seat);
        else await this.#sendWhenDue(batch, seat);
      }
    } finally {
      await this.#feed.close();
    }
  }

  get #isOver(): boolean {
    const { outlet } = this.#options;
    return outlet.isClosed || outlet.isHung;
  }

  async #replay(schema: Schema, fromNs: bigint, untilNs: bigint): Promise<void> {
    const { context, sender, writer, draws } = this.#options;
    const endNs = context.schemaEndsNs.get(schema);
    draws.rewind();
    const query = {
      schemas: new Set([schema]),
      fromNs,
      untilNs: endNs !== undefined && endNs < untilNs ? endNs : untilNs,
    };
    for await (const batch of openPass(context, query)) {
      const to = batch.indexAfter(untilNs);
      sender.send(batch, { from: 0, to, isReplay: true, sentNs: context.clock.now() });
      await this.#room();
      if (this.#isOver) return;
      if (to < batch.length) break;
    }
    sender.end(context.clock.now());
    writer.speak(replayCompleted(schema, context.clock.now()));
    writer.flush();
    draws.rewind();
  }

  async #sendWhenDue(batch: RecordBatch, seat: ClockSeat): Promise<void> {
    const { context, router, sender, writer } = this.#options;
    const { clock, delay } = context;
    const due = dueTimes(batch, delay);
    let from = 0;
    while (from < batch.length && !this.#isOver) {
      const reached = seat.reach(due[from]!, due[batch.length - 1]!);
      if (reached instanceof Promise) writer.flush();
      const nowNs = reached instanceof Promise ? await reached : reached;
      if (nowNs !== null) {
        const to = indexAfter(due, nowNs);
        // Time that does not pass by itself is, while a record is sent, that of the record.
        sender.send(batch, { from, to, isReplay: false, sentNs: typeof clock.pace === 'number' ? nowNs : due });
        from = to;
        await this.#room();
      } else if (this.#feed.misses(router.schemas)) {
        this.#feed.include(router.schemas, clock.now() + 1n, batch.slice(from, batch.length));
        return;
      }
    }
  }

  /** At the end of the source: everything has been sent. */
  async #rest(seat: ClockSeat): Promise<void> {
    const { context, outlet, router, sender, writer } = this.#options;
    const { clock, schemaEndsNs } = context;
    sender.end(clock.now());
    writer.flush();
    await outlet.flushed();
    for (const schema of router.schemas) if (!schemaEndsNs.has(schema)) schemaEndsNs.set(schema, clock.now());
    if (context.endWithSource) outlet.end();
    const interrupted = seat.end();
    context.onCaughtUp();
    await interrupted;
    if (this.#feed.misses(router.schemas)) this.#feed.include(router.schemas, clock.now() + 1n, null);
  }

  /** Waits until the client has taken enough, and now and then for others to get their turn. */
  async #room(): Promise<void> {
    this.#batches += 1;
    if (this.#batches % BATCHES_PER_TURN === 0) await setImmediate();
    const room = this.#options.outlet.room();
    if (room === null) return;
    const { host, clock, slowAfterMs } = this.#options.context;
    const sinceMs = host.monotonic();
    await room;
    const blockedMs = Math.round(host.monotonic() - sinceMs);
    // Only time that passes by itself leaves a reader behind.
    if (typeof clock.pace === 'number' && blockedMs >= slowAfterMs) this.#options.onSlow(blockedMs, clock.now());
  }
}
