import { schemas, stypes } from '#adapters/databento/dbn/enums.ts';
import { DatabentoError } from '#adapters/databento/errors.ts';
import { authRefused, readAuth } from '#adapters/databento/gateway/handshake.ts';
import type { Random } from '#adapters/databento/gateway/random.ts';
import { ControlLineReader, parseControlLine } from '#adapters/databento/protocol/control-lines.ts';
import {
  formatSubscription,
  parseSubscription,
  type SubscriptionRequest,
  SYMBOLS_PER_LINE_MAX,
  spellSymbol,
} from '#adapters/databento/protocol/subscription.ts';
import { parseTime } from '#adapters/databento/protocol/time.ts';
import { cut, INPUT_BYTES_MAX, type Structure } from './mutations.ts';
import type { FuzzInput, FuzzTarget, Verdict } from './target.ts';

interface ControlTerms {
  readonly lineBytesMax: number;
  /** Whether lines are asked for one at a time, as clients do, or come all with their chunk. */
  readonly isOneByOne: boolean;
}

const U64_MAX = 2n ** 64n - 1n;
const LINE_FEED = 0x0a;
const MESSAGE_CHARACTERS_MAX = 300;
/** Of the lines of an input, so many ways count: there are too many combinations. */
const WAYS_MAX = 1;
/** With these the authentication among the inputs is right. */
const auth = {
  challenge: 'abcd1234',
  keys: new Set(['db-unittestapikey1234567890FFFFF']),
  dataset: 'GLBX.MDP3',
};

const sessions: readonly string[] = [
  'lsg_version=0.8.0 (5)\ncram=t7kNhwj4xqR0QYjzFKtBEG2ec2pXJ4FK\n',
  'success=1|session_id=5|\r\n',
  'success=0|error=User authentication failed\n',
  'auth=be87ce3d564b64481d4ad1902e2b41b26e3eef62b9de37d87eb4a1d4a5199b6f-FFFFF|dataset=GLBX.MDP3|encoding=dbn|compression=zstd|ts_out=1|client=x y|heartbeat_interval_s=30|slow_reader_behavior=warn\n',
  'schema=ohlcv-1m|stype_in=parent|symbols=ES.FUT,NQ.FUT|snapshot=0|is_last=1|start=1767225600000000000|id=1\nstart_session\n',
  'schema=trades|stype_in=continuous|symbols=ES.c.0|start=2026-01-05T14:30:00.123456789Z\n',
  'schema=trades|stype_in=raw_symbol|symbols=ESZ6,ESZ6-ESH7|start=2026-01-05 14:30+01:00|id=4294967295|is_last=0\n',
  'schema=mbo|stype_in=instrument_id|symbols=4916|snapshot=1\nschema=definition|stype_in=raw_symbol|symbols=ALL_SYMBOLS|start=0\n',
  `schema=mbp-10|stype_in=raw_symbol|symbols=${Array.from({ length: 510 }, (_, index) => `S${index}`).join(',')}\n`,
  'start_session=0\nDBN\u0003',
];

/** The reader of control lines and what reads the lines. */
export const controlTarget: FuzzTarget = {
  name: 'control lines',
  seeds: () =>
    sessions.map((text) => ({
      bytes: new Uint8Array(Buffer.from(text, 'latin1')),
      cuts: [INPUT_BYTES_MAX],
      terms: { lineBytesMax: 65_536, isOneByOne: true } satisfies ControlTerms,
    })),

  structureOf({ bytes }): Structure {
    const parts = [0];
    bytes.forEach((byte, at) => {
      if ('|=,\n'.includes(String.fromCharCode(byte))) parts.push(at, at + 1);
    });
    return { headerBytes: 0, parts };
  },

  termsOf(_input, random: Random): ControlTerms {
    return { lineBytesMax: random.below(8) === 0 ? random.below(200) : 65_536, isOneByOne: random.below(2) === 0 };
  },

  check(input): Verdict {
    const terms = input.terms as ControlTerms;
    const { lines, rest, error } = readLines(input, terms);
    const found = faultOfLines(input, terms, { lines, rest, error });
    if (found !== null) return { violation: found, way: 'violation' };
    const ways = new Set([error === null ? 'read' : 'too long']);
    for (const line of lines) {
      const { violation, way } = checkLine(line);
      if (violation !== null) return { violation, way };
      if (ways.size <= WAYS_MAX) ways.add(way);
    }
    return { violation: null, way: [...ways].join(' ') };
  },
};

interface Lines {
  readonly lines: readonly string[];
  readonly rest: Uint8Array;
  readonly error: unknown;
}

function readLines({ bytes, cuts }: FuzzInput, { lineBytesMax, isOneByOne }: ControlTerms): Lines {
  const reader = new ControlLineReader(lineBytesMax);
  const lines: string[] = [];
  try {
    for (const chunk of cut(bytes, cuts)) {
      if (isOneByOne) {
        reader.append(chunk);
        // What was appended is the reader's own.
        chunk.fill(0x0a);
        for (let line = reader.readLine(); line !== null; line = reader.readLine()) lines.push(line);
      } else {
        lines.push(...reader.push(chunk));
      }
    }
  } catch (error) {
    return { lines, rest: new Uint8Array(), error };
  }
  return { lines, rest: reader.takeRest(), error: null };
}

/** Against the lines as the bytes have them. */
function faultOfLines({ bytes }: FuzzInput, terms: ControlTerms, { lines, rest, error }: Lines): string | null {
  const wanted: string[] = [];
  let from = 0;
  let isTooLong = false;
  for (let at = bytes.indexOf(LINE_FEED); !isTooLong; at = bytes.indexOf(LINE_FEED, from)) {
    isTooLong = (at === -1 ? bytes.length : at) - from > terms.lineBytesMax;
    if (isTooLong || at === -1) break;
    const isReturned = at > from && bytes[at - 1] === 0x0d;
    wanted.push(Buffer.from(bytes.subarray(from, isReturned ? at - 1 : at)).toString('utf8'));
    from = at + 1;
  }
  const isRefused = error instanceof DatabentoError && error.code === 'protocol';
  if (isTooLong !== isRefused || (error !== null && !isRefused))
    return `throws ${String(error)}, too long: ${isTooLong}`;
  // With `push`, lines before one that is too long in the same chunk go with it.
  if (isTooLong && !terms.isOneByOne) wanted.length = Math.min(wanted.length, lines.length);
  if (wanted.length !== lines.length || wanted.some((line, index) => line !== lines[index])) return 'gives other lines';
  if (!isTooLong && Buffer.compare(rest, bytes.subarray(from)) !== 0) return 'gives another rest';
  return null;
}

function checkLine(line: string): Verdict {
  const fields = parseControlLine(line);
  const wanted = new Map<string, string>();
  for (const pair of line.replace(/[\r\n]+$/, '').split('|')) {
    const [key = '', ...value] = pair.split('=');
    if (pair !== '') wanted.set(key, value.join('='));
  }
  if (fields.size !== wanted.size || [...wanted].some(([key, value]) => fields.get(key) !== value)) {
    return { violation: 'parseControlLine gives other fields', way: '' };
  }
  for (const value of fields.values()) {
    const time = parseTime(value);
    if (time !== undefined && (time < 0n || time > U64_MAX)) {
      return { violation: `parseTime of ${JSON.stringify(value)} is ${time}, which no u64 holds`, way: '' };
    }
  }
  const settings = readAuth(line, auth);
  const fault = typeof settings === 'string' ? faultOfRefusal(settings) : null;
  if (fault !== null) return { violation: fault, way: '' };
  let request: SubscriptionRequest;
  try {
    request = parseSubscription(line);
  } catch (error) {
    if (!(error instanceof DatabentoError) || error.code !== 'protocol')
      return { violation: `parseSubscription throws ${String(error)}`, way: '' };
    const isPlain = error.message.length <= MESSAGE_CHARACTERS_MAX && /^[^\n\r\0]*$/.test(error.message);
    return {
      violation: isPlain ? null : `a message of ${error.message.length} characters or with line breaks`,
      // Without what was found in the input, of which there is no end.
      way: error.message.split('=')[0]!,
    };
  }
  return {
    violation: faultOfRequest(request),
    way: `${request.schema} ${request.stypeIn} ${request.start === null} ${request.snapshot}`,
  };
}

/** What the gateway answers must be a line. */
function faultOfRefusal(reason: string): string | null {
  try {
    return parseControlLine(authRefused(reason)).get('error') === reason ? null : `the refusal ${reason} is cut`;
  } catch (error) {
    return `authRefused throws ${String(error)}`;
  }
}

/** A request that was read must be one, and say the same when it is written and read again. */
function faultOfRequest(request: SubscriptionRequest): string | null {
  const { schema, stypeIn, symbols, start, snapshot, id } = request;
  if (!schemas.includes(schema) || !stypes.includes(stypeIn)) return 'an unknown schema or symbology';
  if (symbols.length < 1 || symbols.length > SYMBOLS_PER_LINE_MAX || symbols.includes('')) return 'wrong symbols';
  if (start !== null && (start < 0n || start > U64_MAX)) return `start ${start}`;
  if (snapshot && start !== null) return 'a snapshot with a start';
  if (id !== null && !(Number.isInteger(id) && id >= 0 && id < 2 ** 32)) return `id ${id}`;
  let lines: string[];
  try {
    lines = formatSubscription(request);
  } catch (error) {
    return error instanceof DatabentoError && error.code === 'usage'
      ? null
      : `formatSubscription throws ${String(error)}`;
  }
  const again = lines.length === 1 ? parseSubscription(lines[0]!) : null;
  const wanted = { ...request, symbols: symbols.map((symbol) => spellSymbol(symbol, stypeIn)), isLast: true };
  return again !== null && textOf(again) === textOf(wanted) ? null : 'written and read again it is another one';
}

function textOf(request: SubscriptionRequest): string {
  const { schema, stypeIn, symbols, start, snapshot, id, isLast } = request;
  return [schema, stypeIn, symbols.join(), start, snapshot, id, isLast].join('|');
}
