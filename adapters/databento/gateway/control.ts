import { errorCodes } from '../dbn/enums.ts';
import { DatabentoError } from '../errors.ts';
import { BUCKET_CHARACTERS } from '../protocol/cram.ts';
import { parseTime } from '../protocol/time.ts';
import type { GatewayContext } from './context.ts';
import { parseDuration } from './duration.ts';
import { parseFaultRates, type Strike, strikes } from './faults.ts';
import type { Session } from './session.ts';

/** What control lines act on. */
export interface ControlTarget {
  readonly context: GatewayContext;
  /** Sessions with a connection. */
  sessions(): readonly Session[];
  close(): Promise<void>;
}

interface ControlVerb {
  /** Arguments as help shows them. */
  readonly usage: string;
  readonly summary: string;
  /** Does it; the text is added to the answer. */
  run(target: ControlTarget, words: readonly string[]): string | undefined | Promise<string | undefined>;
}

/** Texts of error codes as the real gateway has them, where it is known. */
const errorTexts: Readonly<Record<number, string>> = {
  [errorCodes.authFailed]: 'Authentication failed',
  [errorCodes.apiKeyDeactivated]: 'User or API key deactivated',
  [errorCodes.connectionLimitExceeded]: 'User has reached their open connection limit',
  [errorCodes.symbolResolutionFailed]: 'Failed to resolve symbol: UNKNOWN',
  [errorCodes.invalidSubscription]: 'Invalid subscription',
  [errorCodes.internalError]: 'Internal error',
  [errorCodes.skippedRecordsAfterSlowReading]: 'Slow client detected for mbp-1, 0 records skipped',
  [errorCodes.replayAgedOut]: 'Replay is no longer available',
};

const strikeSummaries: Readonly<Record<Strike, string>> = {
  eof: 'end the connection cleanly',
  reset: 'cut the connection with a reset',
  hang: 'fall silent, without heartbeats, until the client goes away',
  'internal-error': 'send error 6 and end the connection',
  slow: 'treat the client as a slow reader: a warning, or a minute of skippable records left out',
  unknown: 'send a record of an unknown type',
};

const strikeVerbs = Object.fromEntries(
  strikes.map((strike): [string, ControlVerb] => [
    strike,
    {
      usage: '[SESSION]',
      summary: strikeSummaries[strike],
      run: (target, [session]) => everyStream(target, session, (one) => one.strike(strike)),
    },
  ]),
);

/** Every control line by its first word. */
export const controlVerbs: Readonly<Record<string, ControlVerb>> = {
  ...strikeVerbs,
  error: {
    usage: 'CODE [SESSION]',
    summary: 'send an error record of that code; 1, 2, 3, 5, 6 and 8 end the connection',
    run(target, [code = '', session]) {
      const number = wholeNumber('CODE', code, 255);
      return everyStream(target, session, (one) => one.fail(number, errorTexts[number] ?? `Error ${number}`));
    },
  },
  advance: {
    usage: 'DURATION|TIME',
    summary: 'move a stepped clock on (90s, 15m, 2h, or a time) and send what is due by then',
    async run({ context: { clock } }, [text = '']) {
      const duration = parseDuration(text);
      const timeNs = duration === undefined ? parseTime(text) : clock.now() + duration;
      if (timeNs === undefined) throw usage(`"${text}" is neither a duration such as 60s nor a time`);
      await clock.advance(timeNs);
      return String(clock.now());
    },
  },
  faults: {
    usage: 'KIND=RATE,...|none',
    summary: 'change the random faults',
    run({ context }, [text = '']) {
      context.disturbances.rates = parseFaultRates(text);
      return undefined;
    },
  },
  markers: {
    usage: 'on|off',
    summary: 'send ends of intervals or not',
    run({ context }, [text]) {
      if (text !== 'on' && text !== 'off') throw usage('say markers on or markers off');
      context.disturbances.hasMarkers = text === 'on';
      return undefined;
    },
  },
  outage: {
    usage: 'DURATION',
    summary: 'lose everything of the market from now on for so long: neither records nor markers nor a replay of them',
    run({ context: { clock, disturbances } }, [text = '']) {
      const durationNs = parseDuration(text);
      if (durationNs === undefined) throw usage(`"${text}" is no duration such as 15m`);
      disturbances.lose(clock.now() + 1n, clock.now() + 1n + durationNs);
      return undefined;
    },
  },
  unresolve: {
    usage: 'SYMBOL',
    summary: 'let a symbol as it is asked for stand for nothing',
    run: ({ context }, [symbol]) => setResolvable(context, symbol, false),
  },
  resolve: {
    usage: 'SYMBOL',
    summary: 'let it resolve again: mapping and data arrive',
    run: ({ context }, [symbol]) => setResolvable(context, symbol, true),
  },
  remap: {
    usage: 'RAW_SYMBOL',
    summary: 'give an instrument another id from now on',
    run({ context, sessions }, [symbol]) {
      const nowNs = context.clock.now();
      const instrument = context.source.instruments(nowNs).find(({ rawSymbol }) => rawSymbol === symbol);
      if (instrument === undefined) throw usage(`there is no instrument ${symbol ?? '(none named)'}`);
      context.disturbances.renumber(instrument, nowNs + 1n);
      for (const session of sessions()) session.remap(instrument);
      return String(context.disturbances.idAt(instrument.instrumentId, nowNs + 1n));
    },
  },
  roll: {
    usage: 'ROOT',
    summary: 'let continuous symbols of a root resolve to the next contract from now on',
    run({ context }, [root]) {
      if (root === undefined) throw usage('name a root, such as ES');
      context.disturbances.roll(root);
      return undefined;
    },
  },
  add_key: {
    usage: 'KEY',
    summary: 'accept a key',
    run({ context }, [key]) {
      if (key === undefined) throw usage('name a key');
      context.keys.add(key);
      return bucketOf(key);
    },
  },
  del_key: {
    usage: 'KEY',
    summary: 'accept it no more',
    run({ context }, [key]) {
      if (key === undefined || !context.keys.delete(key)) throw usage('there is no such key');
      return bucketOf(key);
    },
  },
  active_count: {
    usage: '',
    summary: 'how many sessions are authenticated',
    run: ({ sessions }) => String(sessions().filter(({ isActive }) => isActive).length),
  },
  disconnect: {
    usage: 'SESSION',
    summary: 'cut the connection of a session',
    run({ sessions }, [number = '']) {
      const session = sessions().find((one) => String(one.number) === number);
      if (session === undefined) throw usage(`there is no session ${number}`);
      session.disconnect();
      return undefined;
    },
  },
  status: {
    usage: '',
    summary: 'the time of the market, the sessions, the random faults',
    run({ context: { clock, disturbances }, sessions }) {
      const shown = sessions().map(({ number, state, isBlocked, settings }) => ({
        session: number,
        state,
        blocked: isBlocked,
        client: settings?.client,
      }));
      return JSON.stringify({
        now: String(clock.now()),
        pace: clock.pace,
        sessions: shown,
        faults: disturbances.rates,
      });
    },
  },
  close: {
    usage: '',
    summary: 'end everything',
    async run(target) {
      await target.close();
      return undefined;
    },
  },
};

/** Does what a control line says and answers `ack ...` or `nack ...` with the reason. Never rejects for a wrong line. */
export async function control(target: ControlTarget, line: string): Promise<string> {
  const [word = '', ...words] = line.trim().split(/\s+/);
  const verb = Object.hasOwn(controlVerbs, word) ? controlVerbs[word] : undefined;
  // An unknown word may be a key in the wrong place, so it is not repeated.
  if (verb === undefined) return `nack unknown command; the commands are ${Object.keys(controlVerbs).join(', ')}`;
  try {
    const result = await verb.run(target, words);
    return result === undefined ? `ack ${word}` : `ack ${word} ${result}`;
  } catch (error) {
    if (error instanceof DatabentoError) return `nack ${word} ${error.message}`;
    throw error;
  }
}

function everyStream(
  { sessions }: ControlTarget,
  number: string | undefined,
  act: (session: Session) => boolean,
): string {
  const meant = sessions().filter((one) => number === undefined || String(one.number) === number);
  const struck = meant.filter(act).map((one) => one.number);
  if (struck.length > 0) return struck.join(',');
  throw usage(number === undefined ? 'no session streams' : `no session ${number} streams`);
}

function setResolvable({ disturbances }: GatewayContext, symbol: string | undefined, isResolvable: boolean): undefined {
  if (symbol === undefined) throw usage('name a symbol');
  disturbances.setResolvable(symbol, isResolvable);
  return undefined;
}

function wholeNumber(name: string, text: string, max: number): number {
  const value = Number(text);
  if (text !== '' && Number.isInteger(value) && value >= 0 && value <= max) return value;
  throw usage(`${name} must be a whole number from 0 to ${max}, not "${text}"`);
}

function bucketOf(key: string): string {
  return key.slice(-BUCKET_CHARACTERS);
}

function usage(message: string): DatabentoError {
  return new DatabentoError('usage', message);
}
