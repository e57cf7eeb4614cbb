import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { type DbnVersion, NEWEST_VERSION } from '../dbn/layouts.ts';
import { DatabentoError } from '../errors.ts';
import { ConnectionLimit } from './connection-limit.ts';
import type { GatewayContext } from './context.ts';
import { control } from './control.ts';
import { Disturbances } from './disturbances.ts';
import type { FaultRates } from './faults.ts';
import { type HostClock, systemHostClock } from './host-clock.ts';
import { Session } from './session.ts';
import type { GatewaySource } from './source.ts';
import { type Pace, VirtualClock } from './virtual-clock.ts';

export interface GatewayOptions {
  readonly source: GatewaySource;
  /** Keys that are accepted. */
  readonly keys: readonly string[];
  /** 0 for any free one, which is the default. */
  readonly port?: number;
  /** Address to listen on; 127.0.0.1 when not given. */
  readonly host?: string;
  /** DBN version to send; 3 when not given. */
  readonly version?: DbnVersion;
  /** Of everything that is drawn; 1 when not given. */
  readonly seed?: number;
  /** How market time passes; `max` when not given. */
  readonly pace?: Pace;
  /** Market time at which it begins, nanoseconds since the epoch; the minute before the first record when not given. */
  readonly startNs?: bigint;
  /** With pace `max`, market time begins to pass when so many sessions stream; 1 when not given. */
  readonly sessionsToStart?: number;
  /** Ends each session when it has been sent everything; it stays connected when not given. */
  readonly endWithSource?: boolean;
  /** Whether the ends of intervals are marked; when not given they are, but for version 1. */
  readonly markers?: boolean;
  /** Seconds for clients that name none; 30 when not given. */
  readonly heartbeatIntervalS?: number;
  /** How far back a replay may begin; 24 hours when not given. */
  readonly replayWindowS?: number;
  /** Sessions at a time; 10 when not given. */
  readonly sessionsMax?: number;
  /** New connections of an address in a second; 5 when not given, null for any number. */
  readonly connectionsPerSecond?: number | null;
  /** Market time from when a record is available until it is sent, and a part that changes from second to second. */
  readonly latencyMs?: number;
  readonly jitterMs?: number;
  /** Sends in pieces of at most so many bytes. */
  readonly chunkBytes?: number | null;
  /** With compression, ends the zstd frame after so many batches; one long frame when not given. */
  readonly frameBatches?: number | null;
  /** Random faults. */
  readonly faults?: FaultRates;
  /** Symbols that do not resolve. */
  readonly unresolvable?: readonly string[];
  /** With a pace, a client that takes nothing for so long is behind; 1000 ms when not given. */
  readonly slowAfterMs?: number;
  /** A client that has not authenticated by then is cut off; 30 000 ms when not given. */
  readonly authTimeoutMs?: number;
  /** Of heartbeats, time limits and the pace; the machine's when not given. */
  readonly clock?: HostClock;
}

/** A running simulator. */
export interface Gateway {
  readonly port: number;
  readonly dataset: string;
  /** The time of the market. */
  readonly clock: { now(): bigint };
  /** Resolves when every streaming session has been sent all of the source; rejects when the source cannot be read. */
  readonly ended: Promise<void>;
  /** Does what a control line says; the answer begins with `ack` or `nack`. */
  control(line: string): Promise<string>;
  /** Cuts all connections and frees the port. */
  close(): Promise<void>;
}

const [NS_PER_MS, NS_PER_S, MINUTE_NS] = [1_000_000n, 1_000_000_000n, 60_000_000_000n] as const;
const DAY_S = 86_400;
/** Bytes that wait in a connection before its session waits. */
const SEND_BYTES = 256 * 1024;

/** Starts a live gateway that speaks as Databento's does. Throws code `connection` when the port cannot be had. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const sessions = new Set<Session>();
  const { promise: ended, resolve: onEnded, reject: onFailure } = Promise.withResolvers<void>();
  // Whoever wants to know awaits it.
  ended.catch(() => undefined);
  const context = makeContext(options, {
    onCaughtUp: () => {
      if (context.clock.isEnded) onEnded();
    },
    onFailure,
    mayStream: () => [...sessions].filter(({ isActive }) => isActive).length <= (options.sessionsMax ?? 10),
  });
  const limit = new ConnectionLimit(options.connectionsPerSecond === undefined ? 5 : options.connectionsPerSecond);
  let count = 0;
  const server = createServer({ highWaterMark: SEND_BYTES }, (socket) => {
    if (!limit.accepts(socket.remoteAddress ?? '', context.host.monotonic())) {
      socket.destroy();
      return;
    }
    count += 1;
    const session = new Session(socket, context, count);
    sessions.add(session);
    socket.once('close', () => sessions.delete(session));
  });
  const port = await listen(server, options);
  async function close(): Promise<void> {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    for (const session of sessions) session.disconnect();
    await closed;
  }
  return {
    port,
    dataset: options.source.dataset,
    clock: context.clock,
    ended,
    control: (line) => control({ context, sessions: () => [...sessions], close }, line),
    close,
  };
}

function makeContext(
  options: GatewayOptions,
  callbacks: Pick<GatewayContext, 'onCaughtUp' | 'onFailure' | 'mayStream'>,
): GatewayContext {
  const { source, seed = 1, version = NEWEST_VERSION, clock: host = systemHostClock, pace = 'max' } = options;
  const startNs = options.startNs ?? ((source.startNs - 1n) / MINUTE_NS) * MINUTE_NS;
  const disturbances = new Disturbances(options.faults ?? {}, options.markers ?? version > 1);
  for (const symbol of options.unresolvable ?? []) disturbances.setResolvable(symbol, false);
  return {
    source,
    host,
    seed,
    version,
    disturbances,
    clock: new VirtualClock({ startNs, pace, host, sessionsToStart: options.sessionsToStart ?? 1 }),
    keys: new Set(options.keys),
    delay: { latencyNs: ns(options.latencyMs), jitterNs: ns(options.jitterMs), seed },
    replayWindowNs: BigInt(options.replayWindowS ?? DAY_S) * NS_PER_S,
    heartbeatIntervalS: options.heartbeatIntervalS,
    slowAfterMs: options.slowAfterMs ?? 1000,
    authTimeoutMs: options.authTimeoutMs ?? 30_000,
    endWithSource: options.endWithSource ?? false,
    chunkBytes: options.chunkBytes ?? null,
    frameBatches: options.frameBatches ?? null,
    schemaEndsNs: new Map(),
    ...callbacks,
  };
}

function ns(ms = 0): bigint {
  return BigInt(Math.round(ms * Number(NS_PER_MS)));
}

async function listen(server: Server, { port = 0, host = '127.0.0.1' }: GatewayOptions): Promise<number> {
  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = code === 'EADDRINUSE' ? 'it is already in use; choose another port' : message;
    throw new DatabentoError('connection', `cannot listen on port ${port} of ${host}: ${reason}`, { cause: error });
  }
  return (server.address() as AddressInfo).port;
}
