import { parseArgs } from 'node:util';

/** What `rooney local` was asked for. */
export interface LocalFlags {
  /** Configuration file; null for the one that comes with the project. */
  readonly config: string | null;
  /** File or folder of bars; null for generated ones. */
  readonly data: string | null;
  /** First and last trade date to announce, `YYYY-MM-DD`; null for all. */
  readonly from: string | null;
  readonly to: string | null;
  /** Of the generator. */
  readonly seed: number;
  readonly sessions: number | null;
  /** `live`: as the market goes. */
  readonly speed: number | 'max' | 'live';
  readonly once: boolean;
  readonly json: boolean;
  readonly live: boolean;
  readonly help: boolean;
}

export const localHelp = `rooney local [options]

Runs the whole system on this machine: ingest service, stream, tables, queues, strategy and execution functions, and a
TradersPost sandbox that takes the orders. The bars come through a Databento gateway simulator; without --data they are
generated, one session after three of history. Ctrl-C ends it.

  --config FILE     configuration (default config/dev.yml)
  --data FILE|DIR   one-minute bars: DBN files, or CSV
  --from DATE       first trade date to announce, YYYY-MM-DD; what the data hold before it is history
  --to DATE         last trade date to announce
  --seed N          seed of the generator (default 1)
  --sessions N      sessions to generate (default 1; or as many as --from and --to span)
  --speed N|max     times the speed of the market, or one slice as soon as the last is dealt with (default max)
  --once            end when the data end, instead of staying up until Ctrl-C
  --json            print one JSON object of results on stdout, and nothing else there
  --live            live bars from Databento, after three sessions of history; orders go to the sandbox all the same.
                    Needs DATABENTO_API_KEY; history is billed by Databento, up to ingest.historyUsdMax of the
                    configuration ($5 without one). DATABENTO_GATEWAY=HOST:PORT and DATABENTO_HISTORICAL_URL name
                    other addresses, such as those that rooney gateway prints
  --help            this text`;

/** More would not fit into memory, where the local tables are. */
const SESSIONS_MAX = 1000;

const options = {
  config: { type: 'string' },
  data: { type: 'string' },
  from: { type: 'string' },
  to: { type: 'string' },
  seed: { type: 'string' },
  sessions: { type: 'string' },
  speed: { type: 'string' },
  once: { type: 'boolean' },
  json: { type: 'boolean' },
  live: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** Reads the arguments; a string says what is wrong with them. */
export function readLocalFlags(args: readonly string[]): LocalFlags | string {
  try {
    const { values } = parseArgs({ args: [...args], options });
    const { config = null, data = null, from = null, to = null, seed, sessions } = values;
    if (config === '' || data === '') return '--config and --data name a file, and an empty text names none';
    for (const date of [from, to])
      if (date !== null && !isDate(date)) return `"${date}" is not a date YYYY-MM-DD from 2008 to 2098`;
    if (from !== null && to !== null && from > to) return `--from ${from} is after --to ${to}`;
    if (data !== null && (seed ?? sessions) !== undefined)
      return '--seed and --sessions are for generated data, not --data';
    if (to !== null && sessions !== undefined)
      return '--to and --sessions both say how many sessions there are; give one';
    if (values.live) {
      const replayed = ['data', 'from', 'to', 'seed', 'sessions', 'speed', 'once'] as const;
      const other = replayed.find((name) => values[name] !== undefined);
      if (other !== undefined)
        return `--live takes what comes now and never ends, so --${other} has no meaning with it`;
    }
    return {
      ...{ config, data, from, to },
      seed: wholeNumber('--seed', seed ?? '1', [0, Number.MAX_SAFE_INTEGER]),
      sessions: sessions === undefined ? null : wholeNumber('--sessions', sessions, [1, SESSIONS_MAX]),
      speed: values.live ? 'live' : speedOf(values.speed ?? 'max'),
      once: values.once ?? false,
      json: values.json ?? false,
      live: values.live ?? false,
      help: values.help ?? false,
    };
  } catch (error) {
    return (error as Error).message;
  }
}

/** A date of the calendar, within what the session calendar knows and a margin for history. */
function isDate(text: string): boolean {
  const timeMs = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(text) : Number.NaN;
  return !Number.isNaN(timeMs) && new Date(timeMs).toISOString().startsWith(text) && text >= '2008' && text < '2099';
}

function wholeNumber(flag: string, text: string, [minimum, maximum]: readonly [number, number]): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isSafeInteger(value) && value >= minimum && value <= maximum) return value;
  throw new Error(`${flag} must be a whole number from ${minimum} to ${maximum}, not "${text}"`);
}

function speedOf(text: string): number | 'max' {
  if (text === 'max') return 'max';
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && value > 0) return value;
  throw new Error(`--speed must be a number above 0, or max, not "${text}"`);
}
