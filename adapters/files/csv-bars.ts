import { contractError } from '#core/errors.ts';
import type { MinuteBar } from '#core/market/bar.ts';
import { formatContract, parseContract } from '#core/market/contract.ts';
import { type BarFile, type BarRecord, makeBarCheck, namingFile, placeOf } from './bar-record.ts';

/** The header line of a CSV bar file. Times are the UTC start of the minute, `2013-10-06T22:00:00Z`. */
export const CSV_COLUMNS = 'open_time_utc,root,contract,open,high,low,close,volume';

const columns = CSV_COLUMNS.split(',');
const timePattern = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,3})?Z$/;
const numberPattern = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** Reads a CSV file of one-minute bars. It declares nothing about its coverage. */
export function openCsvBars(path: string, chunks: AsyncIterable<Uint8Array>): BarFile {
  return { path, batches: readBars(path, chunks), coverage: () => null, notOutrights: () => 0 };
}

async function* readBars(
  path: string,
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<readonly BarRecord[], void, undefined> {
  const check = makeBarCheck(path);
  const parse = makeLineParser(path);
  let line = 0;
  for await (const lines of linesOf(path, chunks)) {
    const records: BarRecord[] = [];
    for (const text of lines) {
      line += 1;
      if (line === 1) {
        requireColumns(path, text);
        continue;
      }
      const record = parse(text, line);
      check(record);
      records.push(record);
    }
    if (records.length > 0) yield records;
  }
  if (line <= 1) throw contractError(`${path}: holds no bars; give a file with a line for each bar after its header`);
}

/** The lines of a text, a batch for each chunk, without their line breaks. */
async function* linesOf(
  path: string,
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<readonly string[], void, undefined> {
  const decoder = new TextDecoder();
  let rest = '';
  let line = 0;
  for await (const chunk of namingFile(path, chunks)) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    line += lines.length;
    yield lines.map((text) => (text.endsWith('\r') ? text.slice(0, -1) : text));
  }
  if (rest === '') return;
  // A number cut short is still a number, so only the line break proves that the last line is whole.
  throw contractError(
    `${path}, line ${line + 1}: the file is cut off: its last line does not end with a line break; get the file again, ` +
      'or add the line break if it is whole',
  );
}

function requireColumns(path: string, header: string): void {
  if (header === CSV_COLUMNS) return;
  throw contractError(
    `${path}, line 1: expected the columns ${CSV_COLUMNS}, found ${JSON.stringify(header.slice(0, 200))}; ` +
      'rename or reorder the columns',
  );
}

type Fail = (reason: string) => Error;
type Named = Pick<MinuteBar, 'root' | 'contract'>;

function makeLineParser(path: string): (text: string, line: number) => BarRecord {
  // Most lines repeat the minute of the line before, and the contract of one of the last few.
  let lastTime = { text: '', openTimeMs: 0 };
  const contracts = new Map<string, Named>();

  function timeOf(text: string, fail: Fail): number {
    if (text !== lastTime.text) lastTime = { text, openTimeMs: parseTime(text, fail) };
    return lastTime.openTimeMs;
  }

  function namedOf([time = '', root = '', symbol = '']: readonly string[], openTimeMs: number, fail: Fail): Named {
    // What a short year means depends on the month of the line.
    const key = `${root},${symbol},${time.slice(0, 7)}`;
    const named = contracts.get(key) ?? parseSymbol(symbol, openTimeMs, fail);
    if (named.root !== root) throw fail(`root ${JSON.stringify(root)} does not fit contract ${symbol}; correct one`);
    contracts.set(key, named);
    return named;
  }

  return (text, line) => {
    const fail: Fail = (reason) => contractError(`${placeOf(path, { record: line, offset: null })}: ${reason}`);
    const fields = text.split(',');
    if (fields.length !== columns.length) {
      throw fail(`expected ${columns.length} fields (${CSV_COLUMNS}), found ${fields.length}; get the file again`);
    }
    const openTimeMs = timeOf(fields[0] ?? '', fail);
    const named = namedOf(fields, openTimeMs, fail);
    const [open, high, low, close, volume] = [3, 4, 5, 6, 7].map((index) =>
      parseNumber(fields, index, fail),
    ) as Numbers;
    return { bar: { ...named, openTimeMs, open, high, low, close, volume }, record: line, offset: null };
  };
}

type Numbers = [open: number, high: number, low: number, close: number, volume: number];

function parseNumber(fields: readonly string[], index: number, fail: Fail): number {
  const field = fields[index] ?? '';
  if (numberPattern.test(field)) return Number(field);
  throw fail(`${columns[index]} ${JSON.stringify(field)} is not a number; correct the line or get the file again`);
}

/** UTC milliseconds; refuses dates that the calendar does not have, which `Date.parse` would move. */
function parseTime(text: string, fail: Fail): number {
  const ms = timePattern.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isFinite(ms) && new Date(ms).toISOString().startsWith(text.slice(0, 19))) return ms;
  throw fail(`open_time_utc ${JSON.stringify(text)} is not a UTC time such as 2013-10-06T22:00:00Z; correct the line`);
}

function parseSymbol(symbol: string, onDateMs: number, fail: Fail): Named {
  try {
    const contract = parseContract(symbol, { onDateMs });
    return { root: contract.root, contract: formatContract(contract) };
  } catch (error) {
    throw fail(error instanceof Error ? error.message : String(error));
  }
}
