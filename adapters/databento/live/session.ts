import type { Socket } from 'node:net';
import { DbnDecoder } from '../dbn/decoder.ts';
import type { DbnMetadata } from '../dbn/metadata.ts';
import type { AnyView } from '../dbn/record.ts';
import { decompressZstd } from '../dbn/zstd-frames.ts';
import { DatabentoError } from '../errors.ts';
import { START_SESSION_LINE } from '../protocol/control-lines.ts';
import { describeSocketError, dial, type GatewayAddress } from './dial.ts';
import { authenticate, type Greeting, type SessionTerms } from './handshake.ts';
import { type LiveClock, startTimer } from './live-clock.ts';
import { Watchdog } from './watchdog.ts';

const AUTHENTICATED_MS_MAX = 30_000;
const HEARTBEAT_INTERVAL_S = 30;
/** What a heartbeat may be late. */
const HEARTBEAT_LATE_S = 10;

/** Whoever takes what a session brings. */
export interface SessionSink {
  /** Called once, before the first record. */
  onMetadata(metadata: DbnMetadata): void;
  /** The view is valid until it returns. */
  onRecord(view: AnyView): void;
  /** Bytes have come over the wire, compressed or not. */
  onBytes(bytes: number): void;
  /**
   * Asked after each chunk of records: null to go on, or a promise after which it is asked again. Nothing is read from
   * the connection meanwhile.
   */
  hold(): Promise<void> | null;
}

/** One authenticated connection to a gateway: subscriptions are sent, then it is streamed once, to its end. */
export class LiveSession {
  readonly gatewayVersion: string;
  readonly sessionId: string;
  readonly #socket: Socket;
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #rest: Uint8Array;
  readonly #terms: SessionTerms;
  readonly #clock: LiveClock;
  #isClosed = false;

  /** Connects and authenticates within 30 s; errors as of `dial` and `authenticate`. */
  static async open(
    address: GatewayAddress,
    terms: SessionTerms,
    { clock, signal }: { readonly clock: LiveClock; readonly signal: AbortSignal },
  ): Promise<LiveSession> {
    const startMs = clock.monotonic();
    const socket = await dial(address, clock, signal);
    const chunks = chunksOf(socket);
    const onAbort = (): void => void socket.destroy();
    signal.addEventListener('abort', onAbort);
    const leftMs = AUTHENTICATED_MS_MAX - (clock.monotonic() - startMs);
    const cancelTimer = startTimer(clock, leftMs, () => {
      socket.destroy(new DatabentoError('connection', `not authenticated within ${AUTHENTICATED_MS_MAX / 1000} s`));
    });
    try {
      const greeting = await authenticate(socket, chunks, terms);
      return new LiveSession({ socket, chunks, greeting, terms, clock });
    } catch (error) {
      socket.destroy();
      throw error;
    } finally {
      cancelTimer();
      signal.removeEventListener('abort', onAbort);
    }
  }

  private constructor(parts: {
    readonly socket: Socket;
    readonly chunks: AsyncIterator<Uint8Array>;
    readonly greeting: Greeting;
    readonly terms: SessionTerms;
    readonly clock: LiveClock;
  }) {
    this.gatewayVersion = parts.greeting.gatewayVersion;
    this.sessionId = parts.greeting.sessionId;
    this.#rest = parts.greeting.rest;
    this.#socket = parts.socket;
    this.#chunks = parts.chunks;
    this.#terms = parts.terms;
    this.#clock = parts.clock;
  }

  /** Sends control lines, each with its line feed. */
  send(lines: readonly string[]): void {
    if (!this.#isClosed) this.#socket.write(lines.join(''));
  }

  /**
   * Starts the session and brings what comes to the sink. Resolves when the gateway closes the connection between two
   * records, or after `close`; throws a DatabentoError when the connection breaks or is silent for too long, or when
   * the stream cannot be read, and whatever the sink throws.
   */
  async stream(sink: SessionSink): Promise<void> {
    const silenceS = (this.#terms.heartbeatIntervalS ?? HEARTBEAT_INTERVAL_S) + HEARTBEAT_LATE_S;
    const watchdog = new Watchdog(this.#clock, silenceS * 1000, () => {
      this.#socket.destroy(new DatabentoError('connection', `nothing came for ${silenceS} s: the connection hangs`));
    });
    this.send([START_SESSION_LINE]);
    watchdog.start();
    try {
      await this.#decode(this.#received(sink, watchdog), sink, watchdog);
    } catch (error) {
      // What our own closing did to the stream is nobody's error.
      if (!this.#isClosed) throw error;
    } finally {
      watchdog.stop();
      this.close();
    }
  }

  /** Ends the connection at once; what has not been given to the sink is dropped. */
  close(): void {
    this.#isClosed = true;
    this.#socket.destroy();
  }

  async #decode(received: AsyncIterable<Uint8Array>, sink: SessionSink, watchdog: Watchdog): Promise<void> {
    const decoder = new DbnDecoder();
    const onRecord = (view: AnyView): void => {
      if (!this.#isClosed) sink.onRecord(view);
    };
    const plain = this.#terms.compression === 'zstd' ? decompressZstd(received) : received;
    for await (const chunk of plain) {
      const records = decoder.metadata === null ? chunk.subarray(decoder.feedHeader(chunk)) : chunk;
      if (decoder.metadata !== null && records !== chunk) sink.onMetadata(decoder.metadata);
      decoder.feed(records, onRecord);
      for (let hold = sink.hold(); hold !== null; hold = sink.hold()) {
        watchdog.hold();
        await hold;
        watchdog.release();
      }
      if (this.#isClosed) return;
    }
    decoder.end();
  }

  async *#received(sink: SessionSink, watchdog: Watchdog): AsyncGenerator<Uint8Array, void, undefined> {
    if (this.#rest.length > 0) {
      sink.onBytes(this.#rest.length);
      yield this.#rest;
    }
    for (let next = await this.#chunks.next(); !next.done; next = await this.#chunks.next()) {
      watchdog.life();
      sink.onBytes(next.value.length);
      yield next.value;
    }
  }
}

/** What arrives on a socket, which is read only as fast as it is asked for. */
async function* chunksOf(socket: Socket): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    for await (const chunk of socket) yield chunk as Uint8Array;
  } catch (error) {
    if (error instanceof DatabentoError) throw error;
    throw new DatabentoError('connection', `the connection broke: ${describeSocketError(error)}`, { cause: error });
  }
}
