import { parseArgs } from 'node:util';
import type { DbnVersion } from '#adapters/databento/dbn/layouts.ts';
import { parseDuration } from '#adapters/databento/gateway/duration.ts';
import { type FaultRates, parseFaultRates } from '#adapters/databento/gateway/faults.ts';
import type { Pace } from '#adapters/databento/gateway/virtual-clock.ts';
import { parseTime } from '#adapters/databento/protocol/time.ts';
import { instruments, isRoot } from '#core/market/instrument.ts';

/** The key that the simulator accepts when none is given. Nothing real opens with it. */
export const SIMULATOR_KEY = 'db-simulator-key-000000000000000';

const PORT = 13_000;
const SESSIONS_MAX = 1000;

/** What `rooney gateway` was asked for. Times are nanoseconds or milliseconds as their names say. */
export interface GatewayFlags {
  /** DBN files; empty for generated or recorded bars. */
  readonly files: readonly string[];
  /** File or folder of bars; null for generated ones. */
  readonly bars: string | null;
  readonly generator: { readonly seed: number; readonly from: string; readonly sessions: number };
  readonly universe: readonly string[];
  readonly spreads: boolean;
  readonly port: number;
  /** Null for no historical server. */
  readonly historicalPort: number | null;
  readonly host: string;
  readonly keys: readonly string[];
  readonly pace: Pace;
  readonly startNs: bigint | undefined;
  readonly sessionsToStart: number;
  readonly endWithSource: boolean;
  readonly version: DbnVersion;
  readonly seed: number;
  readonly heartbeatIntervalS: number;
  readonly replayWindowS: number;
  readonly sessionsMax: number;
  readonly connectionsPerSecond: number | null;
  readonly latencyMs: number;
  readonly jitterMs: number;
  readonly chunkBytes: number | null;
  readonly frameBatches: number | null;
  /** Undefined for what is usual in the version. */
  readonly markers: boolean | undefined;
  readonly faults: FaultRates;
  readonly unresolvable: readonly string[];
  readonly json: boolean;
  readonly help: boolean;
}

const options = {
  bars: { type: 'string' },
  generate: { type: 'boolean' },
  from: { type: 'string' },
  sessions: { type: 'string' },
  universe: { type: 'string' },
  spreads: { type: 'boolean' },
  port: { type: 'string' },
  'historical-port': { type: 'string' },
  host: { type: 'string' },
  key: { type: 'string', multiple: true },
  pace: { type: 'string' },
  'start-at': { type: 'string' },
  'wait-for': { type: 'string' },
  'end-with-source': { type: 'boolean' },
  'dbn-version': { type: 'string' },
  seed: { type: 'string' },
  heartbeat: { type: 'string' },
  'replay-window': { type: 'string' },
  'sessions-max': { type: 'string' },
  'connections-per-second': { type: 'string' },
  latency: { type: 'string' },
  jitter: { type: 'string' },
  chunk: { type: 'string' },
  'zstd-frames': { type: 'string' },
  'no-markers': { type: 'boolean' },
  faults: { type: 'string' },
  unresolvable: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

type Values = ReturnType<typeof parseArgs<{ options: typeof options; allowPositionals: true }>>['values'];

/** Reads the arguments; a string says what is wrong with them. */
export function readGatewayFlags(args: readonly string[]): GatewayFlags | string {
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    requireOneSource(values, positionals);
    return { ...sourceOf(values, positionals), ...networkOf(values), ...protocolOf(values), ...faultsOf(values) };
  } catch (error) {
    return (error as Error).message;
  }
}

function requireOneSource(values: Values, files: readonly string[]): void {
  const given = [
    ...(files.length > 0 ? ['DBN files'] : []),
    ...(values.bars === undefined ? [] : ['--bars']),
    ...(values.generate === true ? ['--generate'] : []),
  ];
  if (given.length > 1) throw new Error(`${given.join(' and ')} exclude each other; give one of them`);
  const isGenerated = files.length === 0 && values.bars === undefined;
  if (!isGenerated && (values.from ?? values.sessions) !== undefined) {
    throw new Error('--from and --sessions are for generated bars');
  }
  if (files.length > 0 && (values.universe !== undefined || values.spreads === true)) {
    throw new Error('--universe and --spreads are for bars, not DBN files');
  }
}

function sourceOf(values: Values, files: readonly string[]) {
  const { bars = null, universe, from = '2026-02-05' } = values;
  if (!isDate(from)) throw new Error(`--from must be a date YYYY-MM-DD from 2008 to 2098, not "${from}"`);
  const roots = universe === undefined ? instruments.map(({ root }) => root) : universe.split(',');
  const unknown = roots.find((root) => !isRoot(root));
  if (unknown !== undefined) throw new Error(`--universe has "${unknown}", which is no known root`);
  const seed = whole('--seed', values.seed, 1, [0, Number.MAX_SAFE_INTEGER]);
  const sessions = whole('--sessions', values.sessions, 2, [1, SESSIONS_MAX]);
  return { files, bars, generator: { seed, from, sessions }, universe: roots, spreads: values.spreads ?? false, seed };
}

function networkOf(values: Values) {
  const port = whole('--port', values.port, PORT, [0, 65_535]);
  const historical = values['historical-port'];
  const historicalDefault = port === 0 ? 0 : port + 1;
  const { key = [SIMULATOR_KEY] } = values;
  if (key.some((one) => !/^[!-{}~]{6,}$/.test(one)))
    throw new Error('--key must be at least six characters without spaces');
  const perSecond = values['connections-per-second'];
  return {
    port,
    historicalPort:
      historical === 'off' ? null : whole('--historical-port', historical, historicalDefault, [0, 65_535]),
    host: values.host ?? '127.0.0.1',
    keys: key,
    sessionsMax: whole('--sessions-max', values['sessions-max'], 10, [1, 1000]),
    connectionsPerSecond: perSecond === 'any' ? null : whole('--connections-per-second', perSecond, 5, [1, 1000]),
    json: values.json ?? false,
    help: values.help ?? false,
  };
}

function protocolOf(values: Values) {
  const { 'start-at': startAt, pace = '1', chunk, 'zstd-frames': frames } = values;
  const startNs = startAt === undefined ? undefined : parseTime(startAt);
  if (startAt !== undefined && startNs === undefined)
    throw new Error(`--start-at must be a time, 2026-02-05T15:00 or nanoseconds, not "${startAt}"`);
  return {
    pace: paceOf(pace),
    startNs,
    sessionsToStart: whole('--wait-for', values['wait-for'], 1, [1, 1000]),
    endWithSource: values['end-with-source'] ?? false,
    version: whole('--dbn-version', values['dbn-version'], 3, [1, 3]) as DbnVersion,
    heartbeatIntervalS: whole('--heartbeat', values.heartbeat, 30, [5, 1800]),
    replayWindowS: milliseconds('--replay-window', values['replay-window'] ?? '24h') / 1000,
    latencyMs: milliseconds('--latency', values.latency ?? '0ms'),
    jitterMs: milliseconds('--jitter', values.jitter ?? '0ms'),
    chunkBytes: chunk === undefined ? null : whole('--chunk', chunk, 1, [1, 65_536]),
    frameBatches: frames === undefined ? null : whole('--zstd-frames', frames, 1, [1, 1_000_000]),
  };
}

function faultsOf({ faults = '', unresolvable, 'no-markers': noMarkers = false }: Values) {
  return {
    faults: parseFaultRates(faults),
    unresolvable: unresolvable === undefined ? [] : unresolvable.split(','),
    markers: noMarkers ? false : undefined,
  };
}

function paceOf(text: string): Pace {
  if (text === 'max' || text === 'stepped') return text;
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && value > 0) return value;
  throw new Error(`--pace must be a number above 0, max or stepped, not "${text}"`);
}

function milliseconds(flag: string, text: string): number {
  const durationNs = parseDuration(text);
  if (durationNs !== undefined) return Number(durationNs / 1_000_000n);
  throw new Error(`${flag} must be a duration such as 250ms, 90s, 15m or 2h, not "${text}"`);
}

function whole(flag: string, text: string | undefined, unset: number, [min, max]: readonly [number, number]): number {
  if (text === undefined) return unset;
  const value = Number(text);
  if (text.trim() !== '' && Number.isSafeInteger(value) && value >= min && value <= max) return value;
  throw new Error(`${flag} must be a whole number from ${min} to ${max}, not "${text}"`);
}

/** A date within what the session calendar knows. */
function isDate(text: string): boolean {
  const timeMs = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(text) : Number.NaN;
  return !Number.isNaN(timeMs) && new Date(timeMs).toISOString().startsWith(text) && text >= '2008' && text < '2099';
}
