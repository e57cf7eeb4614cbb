import { formatControlLine, parseControlLine } from '../protocol/control-lines.ts';
import { cramReply } from '../protocol/cram.ts';

/** What the greeting names as the gateway's version. */
const GATEWAY_VERSION = '0.8.0 (simulator)';
/** Bounds of the interval of heartbeats, and the real gateway's own. */
const HEARTBEAT_INTERVAL_S = { min: 5, max: 1800, usual: 30 } as const;

/** What a client asked for when it authenticated. */
export interface SessionSettings {
  readonly compression: 'none' | 'zstd';
  readonly tsOut: boolean;
  readonly heartbeatIntervalS: number;
  readonly slowReader: 'warn' | 'skip';
  /** User agent. */
  readonly client: string;
}

/** What an authentication is checked against. */
export interface AuthRules {
  readonly challenge: string;
  readonly keys: ReadonlySet<string>;
  readonly dataset: string;
  /** Seconds for a client that names none; 30 when not given. */
  readonly heartbeatIntervalS?: number;
}

/** The lines with which the gateway begins. */
export function greeting(challenge: string): string {
  return formatControlLine({ lsg_version: GATEWAY_VERSION }) + formatControlLine({ cram: challenge });
}

export function authAccepted(sessionId: string): string {
  return formatControlLine({ success: 1, session_id: sessionId });
}

/** The answer that refuses; the reason may quote what the client sent, which may not be fit for a line. */
export function authRefused(reason: string): string {
  return formatControlLine({ success: 0, error: reason.replace(/[|\r\n]/g, ' ') });
}

/** Reads the authentication line; a text says why it is refused. */
export function readAuth(line: string, rules: AuthRules): SessionSettings | string {
  const fields = parseControlLine(line);
  const auth = fields.get('auth');
  if (auth === undefined) return 'Authentication is required before anything else';
  const isKnown = [...rules.keys].some((key) => cramReply(rules.challenge, key) === auth);
  if (!isKnown) return 'User authentication failed';
  const dataset = fields.get('dataset');
  if (dataset !== rules.dataset) return `Data set ${dataset ?? '(none)'} is not served here, but ${rules.dataset}`;
  const encoding = fields.get('encoding') ?? 'dbn';
  if (encoding !== 'dbn') return `Encoding ${encoding} is not supported by this gateway, only dbn`;
  const compression = fields.get('compression') ?? 'none';
  if (compression !== 'none' && compression !== 'zstd') return `Compression ${compression} is none of none and zstd`;
  const tsOut = fields.get('ts_out') ?? '0';
  if (tsOut !== '0' && tsOut !== '1') return `ts_out ${tsOut} is none of 0 and 1`;
  const heartbeatIntervalS = intervalOf(fields.get('heartbeat_interval_s'), rules.heartbeatIntervalS);
  if (heartbeatIntervalS === null) {
    return `heartbeat_interval_s must be from ${HEARTBEAT_INTERVAL_S.min} to ${HEARTBEAT_INTERVAL_S.max}`;
  }
  const behavior = fields.get('slow_reader_behavior') ?? 'skip';
  // The last is the old word for the second.
  if (!['warn', 'skip', 'drop'].includes(behavior)) return `slow_reader_behavior ${behavior} is none of warn and skip`;
  const slowReader = behavior === 'warn' ? 'warn' : 'skip';
  return { compression, tsOut: tsOut === '1', heartbeatIntervalS, slowReader, client: fields.get('client') ?? '' };
}

function intervalOf(text: string | undefined, unset: number = HEARTBEAT_INTERVAL_S.usual): number | null {
  if (text === undefined || text === '') return unset;
  const value = Number(text);
  const isValid = Number.isInteger(value) && value >= HEARTBEAT_INTERVAL_S.min && value <= HEARTBEAT_INTERVAL_S.max;
  return isValid ? value : null;
}
