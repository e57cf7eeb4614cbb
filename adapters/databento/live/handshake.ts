import type { Socket } from 'node:net';
import { DatabentoError } from '../errors.ts';
import type { ApiKey } from '../protocol/api-key.ts';
import { ControlLineReader, formatControlLine, parseControlLine } from '../protocol/control-lines.ts';

/** What a session is asked to be; fixed when it is opened. */
export interface SessionTerms {
  readonly key: ApiKey;
  readonly dataset: string;
  readonly tsOut: boolean;
  readonly compression: 'none' | 'zstd';
  /** Seconds of silence after which the gateway sends a heartbeat, 5 to 1800; undefined leaves it to the gateway: 30. */
  readonly heartbeatIntervalS: number | undefined;
  readonly slowReaderBehavior: 'warn' | 'skip';
  readonly clientName: string;
}

/** What the gateway has told when the key was accepted. */
export interface Greeting {
  /** As the gateway spells it; empty when it said nothing. */
  readonly gatewayVersion: string;
  readonly sessionId: string;
  /** Bytes that came behind the last line; the beginning of the stream, normally none. */
  readonly rest: Uint8Array;
}

/** Lines before the challenge, of which there is one today. */
const GREETING_LINES_MAX = 16;
const CHALLENGE_KEY = 'cram=';

/**
 * Authenticates on a new connection. Throws code `auth` when the gateway refuses the key, `refused` when there are too
 * many connections, `protocol` when it is no gateway, and `connection` when it closes.
 */
export async function authenticate(
  socket: Socket,
  chunks: AsyncIterator<Uint8Array>,
  terms: SessionTerms,
): Promise<Greeting> {
  const reader = new ControlLineReader();
  const readLine = async (): Promise<string> => {
    for (;;) {
      const line = reader.readLine();
      if (line !== null) return line;
      const chunk = await chunks.next();
      if (chunk.done) throw new DatabentoError('connection', 'the gateway closed the connection during authentication');
      reader.append(chunk.value);
    }
  };
  const { gatewayVersion, challenge } = await readChallenge(readLine, terms.key);
  socket.write(authLine(challenge, terms));
  const fields = parseControlLine(await readLine());
  if (fields.get('success') !== '1') throw refusal(fields, terms.key);
  return { gatewayVersion, sessionId: fields.get('session_id') ?? '', rest: reader.takeRest() };
}

async function readChallenge(
  readLine: () => Promise<string>,
  key: ApiKey,
): Promise<{ gatewayVersion: string; challenge: string }> {
  let gatewayVersion = '';
  for (let count = 0; count < GREETING_LINES_MAX; count++) {
    const line = await readLine();
    if (line.startsWith(CHALLENGE_KEY)) return { gatewayVersion, challenge: line.slice(CHALLENGE_KEY.length) };
    const fields = parseControlLine(line);
    if (fields.has('success') || fields.has('error')) throw refusal(fields, key);
    gatewayVersion ||= fields.get('lsg_version') ?? line;
  }
  throw new DatabentoError('protocol', `no challenge in ${GREETING_LINES_MAX} lines; is this a Databento gateway?`);
}

function authLine(challenge: string, terms: SessionTerms): string {
  const { key, dataset, tsOut, compression, clientName, heartbeatIntervalS, slowReaderBehavior } = terms;
  return formatControlLine({
    auth: key.reply(challenge),
    dataset,
    encoding: 'dbn',
    compression,
    ts_out: tsOut ? 1 : 0,
    client: clientName,
    ...(heartbeatIntervalS === undefined ? {} : { heartbeat_interval_s: heartbeatIntervalS }),
    slow_reader_behavior: slowReaderBehavior,
  });
}

function refusal(fields: ReadonlyMap<string, string>, key: ApiKey): DatabentoError {
  if (!fields.has('success') && !fields.has('error')) {
    return new DatabentoError('protocol', 'the answer to authentication says neither success nor error');
  }
  const text = key.redact(fields.get('error') ?? 'no reason given');
  if (/connection limit/i.test(text)) {
    return new DatabentoError('refused', `the gateway takes no further connection: ${text}`);
  }
  return new DatabentoError(
    'auth',
    `the gateway refused the ${key}: ${text}; check the key and its access to the data set`,
  );
}
