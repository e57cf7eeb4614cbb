import { existsSync, readFileSync } from 'node:fs';

const folder = new URL('../../../../shared/data/indicators/', import.meta.url);

/** True when the vectors of other implementations lie beside the checkout; tests that need them skip otherwise. */
export const vectorsPresent = existsSync(new URL('reference-golden-vectors.json', folder));

export interface Columns {
  readonly open: Float64Array;
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
}

/** The reference system's bars, and its values by index of the last bar seen. */
export function referenceVectors(): {
  bars: Columns;
  expected: [last: number, values: Record<string, number | null>][];
} {
  const { input, expected } = JSON.parse(readFileSync(new URL('reference-golden-vectors.json', folder), 'utf8')) as {
    input: Record<keyof Columns, number[]>;
    expected: Record<string, Record<string, number | null>>;
  };
  return {
    bars: columnsOf((name) => input[name]),
    expected: Object.entries(expected).map(([last, values]) => [Number(last), values]),
  };
}

/** Bars of a comma-separated file and one column of expected values, NaN where the file has none. */
export function csvVectors(file: string, column: string): { bars: Columns; expected: Float64Array } {
  const rows = readFileSync(new URL(file, folder), 'utf8')
    .trim()
    .split(/\r?\n/)
    .map((line) => line.split(','));
  const header = rows[0]!.map((name) => name.trim().toLowerCase());
  const numbers = (name: string): number[] => {
    const at = header.indexOf(name.toLowerCase());
    return rows.slice(1).map((row) => (row[at] ? Number(row[at]) : Number.NaN));
  };
  return { bars: columnsOf(numbers), expected: Float64Array.from(numbers(column)) };
}

/** Bars of the Stock.Indicators history, and one of its series. */
export function skenderVectors(file: string, field: string): { bars: Columns; expected: Float64Array } {
  const values = JSON.parse(readFileSync(new URL(`skender/${file}`, folder), 'utf8')) as Record<
    string,
    number | null
  >[];
  return {
    bars: csvVectors('skender/default.csv', 'close').bars,
    expected: Float64Array.from(values, (row) => row[field] ?? Number.NaN),
  };
}

/** The first `length` bars. */
export function head(bars: Columns, length: number): Columns {
  return columnsOf((name) => bars[name].subarray(0, length));
}

function columnsOf(numbers: (name: keyof Columns) => ArrayLike<number>): Columns {
  const column = (name: keyof Columns) => Float64Array.from(numbers(name));
  return { open: column('open'), high: column('high'), low: column('low'), close: column('close') };
}
