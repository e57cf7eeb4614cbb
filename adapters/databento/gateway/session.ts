import type { Socket } from 'node:net';
import { errorCodes } from '../dbn/enums.ts';
import { ControlLineReader } from '../protocol/control-lines.ts';
import type { GatewayContext } from './context.ts';
import type { Strike } from './faults.ts';
import { authAccepted, authRefused, greeting, readAuth, type SessionSettings } from './handshake.ts';
import { Outlet } from './outlet.ts';
import { makeChallenge, makeRandom } from './random.ts';
import { Requests } from './requests.ts';
import { SessionStream } from './session-stream.ts';
import type { GatewayInstrument } from './source.ts';
import type { WholeRequest } from './subscriber.ts';

const startLine = /^start_session(=.*)?$/;
const MS_PER_S = 1000;

/** Where a session stands: what the client may send next depends on it. */
type State = 'connected' | 'authenticated' | 'streaming' | 'over';

/** One connection: reads the client's lines, and keeps the order in which they may come. */
export class Session {
  /** From 1, in order of connection; also its name. */
  readonly number: number;
  readonly #socket: Socket;
  readonly #context: GatewayContext;
  readonly #outlet: Outlet;
  readonly #lines = new ControlLineReader();
  readonly #requests = new Requests();
  readonly #early: WholeRequest[] = [];
  readonly #challenge: string;
  #state: State = 'connected';
  #settings: SessionSettings | null = null;
  /** What was wrong with a subscription before the start, which is when it can be said. */
  #wrong: string | null = null;
  #stream: SessionStream | null = null;
  #cancelTimer: () => void;

  constructor(socket: Socket, context: GatewayContext, number: number) {
    this.number = number;
    this.#socket = socket;
    this.#context = context;
    this.#outlet = new Outlet(socket, context);
    this.#challenge = makeChallenge(makeRandom(context.seed, `challenge:${number}`));
    socket.setNoDelay(true);
    // What a client does to its connection is no error of the gateway's; the end is seen by `close`.
    socket.on('error', () => undefined);
    socket.on('close', () => this.#over());
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    this.#cancelTimer = context.host.after(context.authTimeoutMs, () => socket.destroy());
    this.#outlet.send(Buffer.from(greeting(this.#challenge)));
  }

  get state(): State {
    return this.#outlet.isClosed ? 'over' : this.#state;
  }

  /** Whether it has authenticated and is not over. */
  get isActive(): boolean {
    return this.#settings !== null && this.state !== 'over';
  }

  /** Whether the client does not take what it has been sent. */
  get isBlocked(): boolean {
    return this.#outlet.isBlocked;
  }

  /** What the client asked for; null before it has authenticated. */
  get settings(): SessionSettings | null {
    return this.#settings;
  }

  /** Lets a fault happen; false when the session does not stream. */
  strike(strike: Strike): boolean {
    this.#stream?.strike(strike);
    return this.#stream !== null;
  }

  /** Sends an error; false when the session does not stream. */
  fail(code: number, text: string): boolean {
    this.#stream?.fail(code, text);
    return this.#stream !== null;
  }

  remap(instrument: GatewayInstrument): void {
    this.#stream?.remap(instrument);
  }

  /** Cuts the connection. */
  disconnect(): void {
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    if (this.#outlet.isHung) return;
    try {
      for (const line of this.#lines.push(chunk)) if (this.#state !== 'over') this.#take(line);
    } catch {
      // A line without end.
      this.#socket.destroy();
    }
  }

  #take(line: string): void {
    if (this.#state === 'connected') this.#authenticate(line);
    else if (startLine.test(line)) this.#start();
    else this.#subscribe(line);
  }

  #authenticate(line: string): void {
    const { keys, source, heartbeatIntervalS } = this.#context;
    const settings = readAuth(line, { challenge: this.#challenge, keys, dataset: source.dataset, heartbeatIntervalS });
    if (typeof settings === 'string') {
      this.#outlet.send(Buffer.from(authRefused(settings)));
      this.#outlet.end();
      this.#state = 'over';
      return;
    }
    this.#cancelTimer();
    this.#settings = settings;
    this.#state = 'authenticated';
    this.#outlet.send(Buffer.from(authAccepted(String(this.number))));
  }

  #subscribe(line: string): void {
    const request = this.#requests.take(line);
    if (request === null) return;
    if (this.#stream === null) {
      if (typeof request === 'string') this.#wrong ??= request;
      else this.#early.push(request);
    } else if (typeof request === 'string') {
      this.#stream.fail(errorCodes.invalidSubscription, request);
    } else {
      // A start is of no effect any more.
      this.#stream.subscribe({ ...request, start: null });
    }
  }

  #start(): void {
    if (this.#stream !== null) return;
    this.#state = 'streaming';
    const stream = new SessionStream({
      context: this.#context,
      outlet: this.#outlet,
      settings: this.#settings!,
      sessionNumber: this.number,
    });
    this.#stream = stream;
    const wrong = this.#wrong ?? this.#requests.end();
    stream.run(this.#early, wrong).catch((error: unknown) => {
      stream.fail(errorCodes.internalError, 'Internal error');
      this.#context.onFailure(error);
    });
    this.#beatLater();
  }

  /** Sets the timer to when nothing will have been sent for the interval. */
  #beatLater(): void {
    const intervalMs = this.#settings!.heartbeatIntervalS * MS_PER_S;
    const leftMs = intervalMs - this.#outlet.silentMs;
    this.#cancelTimer = this.#context.host.after(leftMs > 0 ? leftMs : intervalMs, () => {
      if (this.#outlet.silentMs >= intervalMs) this.#stream?.beat();
      this.#beatLater();
    });
  }

  #over(): void {
    this.#state = 'over';
    this.#cancelTimer();
    this.#stream?.interrupt();
  }
}
