import { parseArgs } from 'node:util';
import { type RtypeName, rtypeOfSchema, rtypes, type Schema, schemas } from '#adapters/databento/dbn/enums.ts';

export type DecodeFormat = 'json' | 'csv' | 'summary';

/** What `rooney dbn` was asked for. */
export interface DecodeFlags {
  /** `-` is standard input. */
  readonly paths: readonly string[];
  readonly format: DecodeFormat;
  /** Whether a summary is JSON too. */
  readonly json: boolean;
  /** Records of this schema, or of this record type that no schema has; null for all. */
  readonly schema: RecordChoice | null;
  /** Records of each file; infinite for all. */
  readonly limit: number;
  readonly upgrade: boolean;
  readonly metadata: boolean;
  readonly help: boolean;
}

/** Record types that live streams mix into every schema. */
const unscheduled = ['system', 'error', 'symbol-mapping'] as const satisfies readonly RtypeName[];

/** A schema, or a record type that belongs to none. */
export type RecordChoice = Schema | (typeof unscheduled)[number];

/** The record type of a choice. */
export function rtypeOfChoice(choice: RecordChoice): number {
  const alone = unscheduled.find((name) => name === choice);
  return alone === undefined ? rtypeOfSchema(choice as Schema) : rtypes[alone];
}

export const decodeHelp = `rooney dbn [FILE...] [options]
rooney dbn encode [FILE] [options]     writes DBN from JSON lines or CSV: see rooney dbn encode --help

Shows what is in DBN files of any version, zstd or not, with or without a header. Without --format it prints a summary:
what was asked for, how many records of which type, instruments and times. Without FILE, or with -, it reads standard
input.

  --format json      one JSON object for each record and line
  --format csv       one row for each record, under one header
  --format summary   the summary
  --json             the same as --format json; with --format summary, the summary of each file as one JSON object
  --schema NAME      only records of this schema (trades, ohlcv-1m, mbo, ...), or only system, error or symbol-mapping
  --limit N          only the first N records of each file
  --upgrade          records in their newest form (version 3), not as they are stored; for json and csv
  --metadata         the header first, as {"_metadata": ...}, which encode takes back; for json
  --help             this text

Values are those of the file, exactly. Prices are in units of 0.000000001 (3702750000000 is 3702.75), times in
nanoseconds since 1970, UTC; 9223372036854775807 is no price, 18446744073709551615 no time. In JSON, 64-bit integers are
strings, because a JSON number is not exact beyond 2^53. _rtype names the type of the record and _layout how it is
stored. A record of a type that is not known comes with all its bytes in hexadecimal as _raw. CSV has one kind of
records: where a file holds several, choose one with --schema.

A damaged or cut-off file is printed up to the damage, which is then told with its place. Exit code: 0 done, 1 a file
could not be read to its end, 2 wrong usage.

  rooney dbn es.dbn.zst                                    what is it?
  rooney dbn es.dbn.zst --json --limit 1                   the first record
  rooney dbn es.dbn.zst --format csv > es.csv              for a spreadsheet
  rooney dbn live.dbn --format csv --schema trades         one kind out of many
  zcat es.json.gz | rooney dbn encode --dataset GLBX.MDP3 --out es.dbn.zst`;

const options = {
  format: { type: 'string' },
  json: { type: 'boolean' },
  schema: { type: 'string' },
  limit: { type: 'string' },
  upgrade: { type: 'boolean' },
  metadata: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** Reads the arguments; a string says what is wrong with them. */
export function readDecodeFlags(args: readonly string[]): DecodeFlags | string {
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    const { json = false, upgrade = false, metadata = false, help = false } = values;
    const paths = positionals.length === 0 ? ['-'] : positionals;
    if (paths.includes('')) return 'an empty text names no file';
    if (paths.filter((path) => path === '-').length > 1) return 'standard input (-) can be read only once';
    const format = formatOf(values.format, json);
    if (json && format === 'csv') return '--json and --format csv contradict each other; leave one away';
    if (upgrade && format === 'summary') return '--upgrade needs --format json or csv; a summary tells what is stored';
    if (metadata && format !== 'json')
      return '--metadata needs --format json; a summary has it, and csv no place for it';
    return {
      paths,
      format,
      json,
      schema: choiceOf(values.schema),
      limit: limitOf(values.limit),
      upgrade,
      metadata,
      help,
    };
  } catch (error) {
    return (error as Error).message;
  }
}

function formatOf(text: string | undefined, json: boolean): DecodeFormat {
  if (text === undefined) return json ? 'json' : 'summary';
  if (text === 'json' || text === 'csv' || text === 'summary') return text;
  throw new Error(`--format is json, csv or summary, not "${text}"`);
}

function choiceOf(text: string | undefined): RecordChoice | null {
  if (text === undefined) return null;
  const choices: readonly RecordChoice[] = [...schemas, ...unscheduled];
  const choice = choices.find((name) => name === text);
  if (choice === undefined) throw new Error(`--schema is one of ${choices.join(', ')}, not "${text}"`);
  return choice;
}

function limitOf(text: string | undefined): number {
  if (text === undefined) return Number.POSITIVE_INFINITY;
  const limit = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(limit) && limit > 0) return limit;
  throw new Error(`--limit must be a whole number from 1 on, not "${text}"`);
}
