import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { rtypes, type Schema, systemCodes } from '../../../../adapters/databento/dbn/enums.ts';
import { liveMetadata } from '../../../../adapters/databento/dbn/metadata.ts';
import { encodeMetadata } from '../../../../adapters/databento/dbn/metadata-writer.ts';
import type {
  DbnRecord,
  ErrorRecord,
  OhlcvRecord,
  SystemRecord,
  TradeRecord,
} from '../../../../adapters/databento/dbn/record.ts';
import { encodeRecord } from '../../../../adapters/databento/dbn/record-writer.ts';
import { ControlLineReader, parseControlLine } from '../../../../adapters/databento/protocol/control-lines.ts';
import { parseSubscription, type SubscriptionRequest } from '../../../../adapters/databento/protocol/subscription.ts';

export const TEST_KEY = 'db-unittestapikey1234567890FFFFF';
export const DATASET = 'GLBX.MDP3';
export const MINUTE_NS = 60_000_000_000n;
/** 2026-11-20 15:00 UTC, a Friday. */
export const START_NS = BigInt(Date.UTC(2026, 10, 20, 15, 0)) * 1_000_000n;

/** One connection of a client, for a script to answer. */
export class ScriptedConnection {
  readonly socket: Socket;
  /** From 1, in order of connection. */
  readonly number: number;
  readonly lines: string[] = [];
  readonly #reader = new ControlLineReader();
  readonly #waiting: (() => void)[] = [];
  #read = 0;
  isClosed = false;

  constructor(socket: Socket, number: number) {
    this.socket = socket;
    this.number = number;
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.isClosed = true;
      this.#wake();
    });
    socket.on('data', (chunk) => {
      this.lines.push(...this.#reader.push(chunk));
      this.#wake();
    });
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** The next line that the client sends; the empty text when it has closed the connection. */
  async line(): Promise<string> {
    while (this.lines.length === this.#read && !this.isClosed) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    const line = this.lines[this.#read] ?? '';
    this.#read += 1;
    return line;
  }

  /** Greets, and takes any authentication; returns its fields. */
  async authenticate(challenge = 'abcd1234'): Promise<ReadonlyMap<string, string>> {
    this.send(`lsg_version=0.8.0\ncram=${challenge}\n`);
    const fields = parseControlLine(await this.line());
    this.send(`success=1|session_id=${this.number}\n`);
    return fields;
  }

  /** Reads subscriptions until the session is started. */
  async subscriptions(): Promise<SubscriptionRequest[]> {
    const requests: SubscriptionRequest[] = [];
    for (let line = await this.line(); !line.startsWith('start_session') && line !== ''; line = await this.line()) {
      requests.push(parseSubscription(line));
    }
    return requests;
  }

  /** Authenticates, takes the subscriptions, and begins the stream; returns the subscriptions. */
  async begin({ start = START_NS, tsOut = false } = {}): Promise<SubscriptionRequest[]> {
    await this.authenticate();
    const requests = await this.subscriptions();
    this.send(encodeMetadata(liveMetadata({ dataset: DATASET, start, tsOut })));
    return requests;
  }

  send(...parts: readonly (string | Uint8Array | DbnRecord)[]): void {
    const bytes = parts.map((part) => {
      if (typeof part === 'string' || part instanceof Uint8Array) return Buffer.from(part);
      return encodeRecord(part);
    });
    if (!this.isClosed) this.socket.write(Buffer.concat(bytes));
  }

  end(): void {
    this.socket.end();
  }

  reset(): void {
    this.socket.resetAndDestroy();
  }

  /** Resolves when the connection is closed. */
  async closed(): Promise<void> {
    if (!this.isClosed) await once(this.socket, 'close');
  }
}

/** A server on a free port whose connections are answered by a script. */
export class ScriptedGateway implements AsyncDisposable {
  readonly #server: Server;
  readonly connections: ScriptedConnection[] = [];
  readonly #failures: unknown[] = [];

  private constructor(server: Server) {
    this.#server = server;
  }

  static async listen(script: (connection: ScriptedConnection) => Promise<void> | void): Promise<ScriptedGateway> {
    const server = createServer({ noDelay: true });
    const gateway = new ScriptedGateway(server);
    server.on('connection', (socket) => {
      const connection = new ScriptedConnection(socket, gateway.connections.length + 1);
      gateway.connections.push(connection);
      Promise.resolve(script(connection)).catch((error: unknown) => {
        gateway.#failures.push(error);
        socket.destroy();
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return gateway;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { socket } of this.connections) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
    if (this.#failures.length > 0) throw this.#failures[0];
  }
}

const head = { length: 0, publisher_id: 1 } as const;

/** A one-minute bar that opens so many minutes after the start. */
export function bar(minute: number, instrumentId = 1, volume = 1n): OhlcvRecord {
  const price = 5_000_000_000_000n;
  return {
    layout: 'ohlcv',
    ...head,
    rtype: rtypes['ohlcv-1m'],
    instrument_id: instrumentId,
    ts_event: START_NS + BigInt(minute) * MINUTE_NS,
    ...{ open: price, high: price, low: price, close: price, volume },
  };
}

export function trade(tsEvent: bigint, { instrumentId = 1, sequence = 0, rtype = rtypes['mbp-0'] } = {}): TradeRecord {
  return {
    layout: 'trade',
    ...head,
    rtype,
    instrument_id: instrumentId,
    ts_event: tsEvent,
    ...{ price: 5_000_000_000_000n, size: 1, action: 'T', side: 'B', flags: 0, depth: 0 },
    ...{ ts_recv: tsEvent, ts_in_delta: 0, sequence },
  };
}

export function system(code: keyof typeof systemCodes, msg: string, tsEvent = START_NS): SystemRecord {
  const kind = { rtype: rtypes.system, instrument_id: 0, ts_event: tsEvent };
  return { layout: 'system_v2', ...head, publisher_id: 0, ...kind, msg, code: systemCodes[code] };
}

export const ack = (id: number, schema: Schema, tsEvent?: bigint): SystemRecord =>
  system('subscriptionAck', `Subscription request ${id} for ${schema} data succeeded`, tsEvent);

export const replayed = (schema: Schema, tsEvent?: bigint): SystemRecord =>
  system('replayCompleted', `Finished ${schema} replay`, tsEvent);

/** The marker at the end of the minute that begins so many minutes after the start. */
export const marker = (minute: number, schema: Schema = 'ohlcv-1m'): SystemRecord =>
  system('endOfInterval', `End of interval for ${schema}`, START_NS + BigInt(minute + 1) * MINUTE_NS);

export function gatewayError(code: number, err: string, isLast = 1): ErrorRecord {
  const kind = { rtype: rtypes.error, instrument_id: 0, ts_event: START_NS };
  return { layout: 'error_v2', ...head, publisher_id: 0, ...kind, err, code, is_last: isLast };
}

export function mapping(instrumentId: number, symbolIn: string, symbolOut: string): DbnRecord {
  const kind = { rtype: rtypes['symbol-mapping'], instrument_id: instrumentId, ts_event: START_NS };
  const texts = { stype_in_symbol: symbolIn, stype_out_symbol: symbolOut };
  return {
    layout: 'symmap_v2',
    ...head,
    ...kind,
    ...texts,
    ...{ stype_in: 255, stype_out: 255, start_ts: 0n, end_ts: 0n },
  };
}
