import { errorCodes } from '../dbn/enums.ts';
import type { DbnMetadata } from '../dbn/metadata.ts';
import { DatabentoError, type DatabentoErrorCode } from '../errors.ts';
import { Backoff } from './backoff.ts';
import { schemaIn, subscriptionIdIn } from './gateway-text.ts';
import type { LiveSettings } from './live-options.ts';
import { type GatewayError, type LiveParts, RecordRouter } from './record-router.ts';
import type { SessionPlan } from './resume.ts';
import { LiveSession } from './session.ts';
import { type LiveSubscription, linesOf } from './subscription-book.ts';

/** After so long a time a session counts as good. */
const GOOD_MS = 60_000;
const NS_PER_MS = 1_000_000;
/** Errors that are the connection's, so that another one may help. */
const connectionCodes: ReadonlySet<DatabentoErrorCode> = new Set([
  'connection',
  'protocol',
  'truncated',
  'corrupt',
  'not-dbn',
  'legacy-dbz',
  'newer-version',
]);

/** What the client is doing. */
export type LiveState = 'idle' | 'connecting' | 'streaming' | 'waiting' | 'stopped';

/** What is done about the end of a session. */
interface Verdict {
  readonly reason: string;
  readonly retryInMs: number;
}

/** Keeps a session open: opens one after the other until it is stopped or there is no point in going on. */
export class Supervisor {
  readonly #settings: LiveSettings;
  readonly #parts: LiveParts;
  readonly #hold: () => Promise<void> | null;
  readonly #backoff: Backoff;
  readonly #stopper = new AbortController();
  #state: LiveState = 'idle';
  #session: LiveSession | null = null;
  #router: RecordRouter;
  #plan: SessionPlan | null = null;
  /** Times of the monotonic clock. */
  #streamingSinceMs: number | null = null;
  #lastBytesMs: number;
  #isLeaving = false;
  /** What the consumer threw. */
  #failure: { readonly error: unknown } | null = null;

  /** `hold` is asked after each chunk of records whether to wait before more are read. */
  constructor(settings: LiveSettings, parts: LiveParts, hold: () => Promise<void> | null) {
    this.#settings = settings;
    this.#parts = parts;
    this.#hold = hold;
    this.#backoff = new Backoff(settings.random);
    this.#router = this.#makeRouter();
    this.#lastBytesMs = settings.clock.monotonic();
  }

  get state(): LiveState {
    return this.#state;
  }

  get isStopped(): boolean {
    return this.#stopper.signal.aborted;
  }

  /** Runs until `stop`; throws what the consumer threw, and a DatabentoError when the gateway wants us no more. */
  async run(): Promise<void> {
    const { signal } = this.#stopper;
    try {
      while (!signal.aborted) {
        const error = await this.#runSession();
        if (signal.aborted) break;
        const verdict = this.#judge(error);
        this.#parts.meters.disconnects += 1;
        this.#settings.log('warn', 'disconnected', { ...verdict, failures: this.#backoff.failures });
        this.#state = 'waiting';
        this.#router.notify({ kind: 'disconnected', ...verdict });
        await this.#settings.clock.sleep(verdict.retryInMs, signal);
      }
    } finally {
      this.#state = 'stopped';
    }
    this.#throwFailure();
  }

  /** Takes a subscription into the running session, if there is one. */
  subscribe(subscription: LiveSubscription): void {
    const { resume } = this.#parts;
    const isPlanned = this.#plan !== null;
    resume.add(subscription, isPlanned ? this.#nowNs() : null);
    if (isPlanned) this.#session?.send(linesOf(subscription, null));
  }

  /** Ends the session and opens the next one at once. */
  reconnect(): void {
    if (this.#session === null) return;
    this.#isLeaving = true;
    this.#session.close();
  }

  /** Stops because the consumer cannot go on; `run` throws the error. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.stop();
  }

  stop(): void {
    this.#stopper.abort();
    this.#session?.close();
  }

  #makeRouter(): RecordRouter {
    return new RecordRouter(this.#parts, {
      onOver: () => this.#session?.close(),
      onFailure: (error) => this.fail(error),
    });
  }

  #throwFailure(): void {
    if (this.#failure !== null) throw this.#failure.error;
  }

  /** Opens a session and streams it to its end; returns the error that ended it, null for a close between records. */
  async #runSession(): Promise<unknown> {
    const { address, terms, clock, log } = this.#settings;
    const { symbols, book, resume, meters } = this.#parts;
    this.#state = 'connecting';
    this.#isLeaving = false;
    this.#router = this.#makeRouter();
    this.#backoff.connecting(clock.monotonic());
    log('info', 'connecting', { host: address.host, port: address.port, attempt: this.#backoff.failures + 1 });
    try {
      const session = await LiveSession.open(address, terms, { clock, signal: this.#stopper.signal });
      this.#session = session;
      const { gatewayVersion, sessionId } = session;
      log('info', 'authenticated', { gatewayVersion, sessionId });
      symbols.clear();
      book.beginSession();
      const plan = this.#subscribeAll(session);
      await session.stream({
        onMetadata: (metadata) => this.#onStreaming(plan, metadata),
        onRecord: (view) => this.#router.onRecord(view),
        onBytes: (bytes) => {
          meters.received(bytes);
          this.#lastBytesMs = clock.monotonic();
        },
        hold: this.#hold,
      });
      return null;
    } catch (error) {
      return error;
    } finally {
      if (this.#streamingSinceMs !== null) resume.end(clock.monotonic());
      this.#session?.close();
      this.#session = null;
    }
  }

  #subscribeAll(session: LiveSession): SessionPlan {
    const { book, resume, meters } = this.#parts;
    const plan = resume.plan(this.#nowNs());
    this.#plan = plan;
    for (const subscription of book.active) {
      session.send(linesOf(subscription, plan.starts.get(subscription.id) ?? null));
    }
    meters.gaps += plan.gaps.length;
    for (const gap of plan.gaps) this.#router.notify({ kind: 'gap', ...gap });
    return plan;
  }

  #onStreaming(plan: SessionPlan, metadata: DbnMetadata): void {
    const { clock } = this.#settings;
    const { gatewayVersion, sessionId } = this.#session!;
    // With a replay, the header says when that begins, and not when the session did.
    const isReplaying = [...plan.starts.values()].some((start) => start !== null);
    this.#parts.resume.begin(plan, isReplaying || metadata.start === 0n ? this.#nowNs() : metadata.start);
    this.#state = 'streaming';
    this.#streamingSinceMs = clock.monotonic();
    this.#parts.meters.sessions += 1;
    this.#settings.log('info', 'streaming', { sessionId, tsOut: metadata.ts_out });
    this.#router.notify({ kind: 'connected', sessionId, gatewayVersion, metadata });
  }

  /** Decides what the end of a session means. Throws when no further one could be any better. */
  #judge(error: unknown): Verdict {
    const nowMs = this.#settings.clock.monotonic();
    const lastedMs = this.#streamingSinceMs === null ? 0 : this.#lastBytesMs - this.#streamingSinceMs;
    const plan = this.#plan;
    this.#streamingSinceMs = null;
    this.#plan = null;
    if (this.#router.hasCompletedReplay || lastedMs >= GOOD_MS) this.#backoff.reset();
    const { gatewayError } = this.#router;
    if (gatewayError !== null) return this.#judgeGatewayError(gatewayError, plan, nowMs);
    if (this.#isLeaving) return { reason: 'asked to reconnect', retryInMs: this.#backoff.atOnce(nowMs) };
    if (error === null) {
      return { reason: 'the gateway closed the connection', retryInMs: this.#backoff.afterFailure(nowMs) };
    }
    if (!(error instanceof DatabentoError)) throw error;
    if (error.code === 'refused') return { reason: error.message, retryInMs: this.#backoff.afterLimit(nowMs) };
    if (!connectionCodes.has(error.code)) throw error;
    return { reason: error.message, retryInMs: this.#backoff.afterFailure(nowMs) };
  }

  #judgeGatewayError({ code, message }: GatewayError, plan: SessionPlan | null, nowMs: number): Verdict {
    const reason = `the gateway ended the session: ${message}`;
    if (code === errorCodes.authFailed || code === errorCodes.apiKeyDeactivated) {
      throw new DatabentoError('auth', `${reason}; the ${this.#settings.terms.key} is of no use`);
    }
    if (code === errorCodes.connectionLimitExceeded) return { reason, retryInMs: this.#backoff.afterLimit(nowMs) };
    if (code === errorCodes.invalidSubscription) this.#refuse(message);
    if (code === errorCodes.replayAgedOut && plan !== null) this.#giveUp(plan, message);
    return { reason, retryInMs: this.#backoff.afterFailure(nowMs) };
  }

  /** Stops the subscription that the gateway does not want. */
  #refuse(message: string): void {
    const { book, resume } = this.#parts;
    const subscription = book.blamed(subscriptionIdIn(message));
    if (subscription !== undefined) {
      book.refuse(subscription.id);
      resume.remove(subscription.id);
      this.#settings.log('error', 'subscription refused', { subscriptionId: subscription.id, reason: message });
      this.#router.notify({ kind: 'subscription-refused', subscriptionId: subscription.id, message });
    }
    if (book.active.length > 0) return;
    throw new DatabentoError('refused', `the gateway refused every subscription, the last one with: ${message}`);
  }

  #giveUp(plan: SessionPlan, message: string): void {
    const { resume, meters } = this.#parts;
    const gaps = resume.giveUp(plan, schemaIn(message), this.#nowNs());
    meters.gaps += gaps.length;
    for (const gap of gaps) this.#router.notify({ kind: 'gap', ...gap });
  }

  /**
   * The time it is, nanoseconds since the epoch: the earlier of our wall clock and the gateway's time as last heard of,
   * so that a wrong clock of ours gives up nothing that can be had.
   */
  #nowNs(): bigint {
    const { clock } = this.#settings;
    const wallNs = BigInt(Math.trunc(clock.now())) * BigInt(NS_PER_MS);
    const { reachedNs } = this.#parts.resume;
    if (reachedNs === null) return wallNs;
    const carriedNs = reachedNs + BigInt(Math.trunc((clock.monotonic() - this.#lastBytesMs) * NS_PER_MS));
    return carriedNs < wallNs ? carriedNs : wallNs;
  }
}
