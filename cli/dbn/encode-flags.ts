import { parseArgs } from 'node:util';
import { type Schema, type Stype, schemas, stypes } from '#adapters/databento/dbn/enums.ts';
import type { DbnVersion } from '#adapters/databento/dbn/layouts.ts';

/** What `rooney dbn encode` was asked for; null where the input or the records decide. */
export interface EncodeFlags {
  /** `-` is standard input. */
  readonly path: string;
  readonly from: 'json' | 'csv' | null;
  /** Null for standard output. */
  readonly out: string | null;
  readonly compression: 'none' | 'zstd';
  readonly version: DbnVersion | null;
  readonly dataset: string | null;
  readonly schema: Schema | null;
  readonly stypeIn: Stype | null;
  readonly stypeOut: Stype | null;
  readonly json: boolean;
  readonly help: boolean;
}

export const encodeHelp = `rooney dbn encode [FILE] --dataset NAME --out FILE [options]

Writes DBN from JSON lines or CSV as rooney dbn prints them: the same keys or columns, in any order. Without FILE, or
with -, it reads standard input. Only a whole file gets the name of --out; what was there before is replaced then.

  --out FILE           file to write; without it, standard output, if that is not a terminal
  --compression KIND   none or zstd (default: zstd if the name of --out ends in .zst)
  --from FORMAT        json or csv (default: by the first character, which is { in JSON)
  --dbn-version N      1, 2 or 3 (default: that of the _metadata line, else 3); records are converted to it
  --dataset NAME       data set of the header, as GLBX.MDP3; needed unless there is a _metadata line
  --schema NAME        schema of the header (default: that of the records, if all are of one)
  --stype-in NAME      symbology of the header: what was asked for (default: not stated)
  --stype-out NAME     and what the records have (default: instrument_id)
  --json               with --out: one JSON object on stdout about what was written
  --help               this text

The header follows from the records and these options: its times from the first to after the last record, ts_out if the
records have it. Symbols and what they map to are in no record; to keep them, and with them the whole header, print it
too:

  rooney dbn a.dbn.zst --json --metadata | rooney dbn encode --out b.dbn.zst

A record needs rtype and every field of its layout. _rtype, _layout and length may be left out; without _layout it is
the layout of the version to write that has these fields. 64-bit integers may be text or, up to 2^53, JSON numbers.
Bytes that DBN reserves are written as zeros. Exit code: 0 done, 1 failed, 2 wrong usage.`;

const options = {
  out: { type: 'string' },
  compression: { type: 'string' },
  from: { type: 'string' },
  'dbn-version': { type: 'string' },
  dataset: { type: 'string' },
  schema: { type: 'string' },
  'stype-in': { type: 'string' },
  'stype-out': { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

const DATASET_LENGTH_MAX = 15;

/** Reads the arguments after `encode`; a string says what is wrong with them. */
export function readEncodeFlags(args: readonly string[]): EncodeFlags | string {
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    const { out = null, dataset = null, json = false, help = false } = values;
    const [path = '-', second] = positionals;
    if (second !== undefined) return `one file is encoded at a time, and "${second}" is a second one`;
    if (path === '' || out === '') return 'an empty text names no file';
    if (json && out === null && !help) return '--json needs --out: without it, standard output is for DBN';
    if (dataset !== null && !/^[!-~]+$/.test(dataset)) return `--dataset is a name like GLBX.MDP3, not "${dataset}"`;
    if (dataset !== null && dataset.length > DATASET_LENGTH_MAX)
      return `--dataset has at most ${DATASET_LENGTH_MAX} characters, and "${dataset}" has ${dataset.length}`;
    const version = choice('--dbn-version', values['dbn-version'], ['1', '2', '3']);
    return {
      ...{ path, out, dataset, json, help },
      from: choice('--from', values.from, ['json', 'csv']),
      compression:
        choice('--compression', values.compression, ['none', 'zstd']) ?? (out?.endsWith('.zst') ? 'zstd' : 'none'),
      version: version === null ? null : (Number(version) as DbnVersion),
      schema: choice('--schema', values.schema, schemas),
      stypeIn: choice('--stype-in', values['stype-in'], stypes),
      stypeOut: choice('--stype-out', values['stype-out'], stypes),
    };
  } catch (error) {
    return (error as Error).message;
  }
}

function choice<Choice extends string>(flag: string, text: string | undefined, choices: readonly Choice[]) {
  const chosen = choices.find((each) => each === text) ?? null;
  if (text !== undefined && chosen === null) throw new Error(`${flag} is one of ${choices.join(', ')}, not "${text}"`);
  return chosen;
}
