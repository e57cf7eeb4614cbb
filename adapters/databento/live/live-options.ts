import type { LookupFunction } from 'node:net';
import { DatabentoError } from '../errors.ts';
import { ApiKey } from '../protocol/api-key.ts';
import type { GatewayAddress } from './dial.ts';
import type { QueueBounds } from './event-queue.ts';
import type { SessionTerms } from './handshake.ts';
import { type LiveClock, systemClock } from './live-clock.ts';
import type { LiveLogEntry } from './live-event.ts';

/** How to make a live client; only the key and the data set are needed. */
export interface LiveClientOptions {
  readonly key: string;
  /** `GLBX.MDP3`. */
  readonly dataset: string;
  /** The data set's own gateway when not given. */
  readonly host?: string;
  readonly port?: number;
  /** Asks for the time of sending on every record; false when not given. */
  readonly tsOut?: boolean;
  /** `none` when not given. */
  readonly compression?: 'none' | 'zstd';
  /** Seconds of silence after which the gateway shows that it lives, 5 to 1800; the gateway's own, 30, when not given. */
  readonly heartbeatIntervalS?: number;
  /** What the gateway does when we read too slowly; `warn` when not given, which leaves nothing out. */
  readonly slowReaderBehavior?: 'warn' | 'skip';
  readonly clientName?: string;
  /** How much `events()` lets wait, plus what one chunk of input holds; 10 000 events and 5 s when not given. */
  readonly queue?: Partial<QueueBounds>;
  /** Name resolution, asked anew for each connection. */
  readonly lookup?: LookupFunction;
  readonly clock?: Omit<LiveClock, 'sleep'> & Partial<Pick<LiveClock, 'sleep'>>;
  /** Gives numbers in [0, 1) for the delays between connections. */
  readonly random?: () => number;
  readonly onLog?: (entry: LiveLogEntry) => void;
}

/** The options with everything filled in, the key out of sight. */
export interface LiveSettings {
  readonly address: GatewayAddress;
  readonly terms: SessionTerms;
  readonly queue: QueueBounds;
  readonly clock: LiveClock;
  readonly random: () => number;
  readonly log: (level: LiveLogEntry['level'], message: string, fields?: LiveLogEntry['fields']) => void;
}

const PORT = 13_000;
const HEARTBEAT_S_MIN = 5;
const HEARTBEAT_S_MAX = 1_800;
const QUEUE: QueueBounds = { events: 10_000, waitMs: 5_000 };
const CLIENT_NAME = 'rooney-typescript';

/** The name of a data set's gateway. */
export function gatewayHost(dataset: string): string {
  return `${dataset.toLowerCase().replaceAll('.', '-')}.lsg.databento.com`;
}

/** Checks the options and fills in what is not given. Throws code `usage` naming the option. */
export function liveSettings(options: LiveClientOptions): LiveSettings {
  const { dataset, heartbeatIntervalS, clock = systemClock, random = Math.random, onLog } = options;
  if (!/^[A-Za-z0-9]+(\.[A-Za-z0-9]+)+$/.test(dataset)) {
    throw new DatabentoError('usage', `dataset ${JSON.stringify(dataset)} is none; write it like GLBX.MDP3`);
  }
  if (heartbeatIntervalS !== undefined) requireHeartbeat(heartbeatIntervalS);
  const log: LiveSettings['log'] = (level, message, fields = {}) => onLog?.({ level, message, fields });
  const key = new ApiKey(options.key);
  if (!key.hasUsualPrefix) log('warn', 'the key does not begin with db-, as keys of Databento do', {});
  return {
    address: { host: options.host ?? gatewayHost(dataset), port: options.port ?? PORT, lookup: options.lookup },
    terms: {
      key,
      dataset: dataset.toUpperCase(),
      tsOut: options.tsOut ?? false,
      compression: options.compression ?? 'none',
      heartbeatIntervalS,
      slowReaderBehavior: options.slowReaderBehavior ?? 'warn',
      clientName: options.clientName ?? CLIENT_NAME,
    },
    queue: { ...QUEUE, ...options.queue },
    clock: {
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
      sleep: (ms, signal) => (clock.sleep ?? systemClock.sleep).call(clock, ms, signal),
    },
    random,
    log,
  };
}

function requireHeartbeat(seconds: number): void {
  if (Number.isInteger(seconds) && seconds >= HEARTBEAT_S_MIN && seconds <= HEARTBEAT_S_MAX) return;
  throw new DatabentoError(
    'usage',
    `heartbeatIntervalS is ${seconds}; take whole seconds from ${HEARTBEAT_S_MIN} to ${HEARTBEAT_S_MAX}`,
  );
}
