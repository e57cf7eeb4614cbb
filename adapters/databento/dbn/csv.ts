import { DatabentoError } from '../errors.ts';
import { rtypeName } from './enums.ts';
import { type Field, headerFields } from './field.ts';
import { type DbnVersion, type LayoutName, layouts, NEWEST_VERSION } from './layouts.ts';
import type { AnyView, StoredRecord } from './record.ts';
import { recordOfValues } from './record-of-values.ts';
import { type RecordView, readerOf } from './record-view.ts';

/** Writes the value of one field of the record at a place. */
type CellWriter = (bytes: DataView, at: number) => unknown;

const cellWriters: Readonly<Record<string, readonly CellWriter[]>> = Object.fromEntries(
  Object.values(layouts).map(({ name, fields }) => [name, fields.map(cellWriterOf)]),
);

/** The columns of a layout: the keys of its JSON form, and `ts_out` when the stream has it. */
export function csvColumns(layout: LayoutName | 'unknown', hasTsOut: boolean): readonly string[] {
  if (layout === 'unknown') return ['_rtype', ...headerFields.map(({ name }) => name), '_raw'];
  const names = layouts[layout].fields.map(({ name }) => name);
  return ['_rtype', '_layout', ...names, ...(hasTsOut ? ['ts_out'] : [])];
}

/** The record under a view as one row of CSV (RFC 4180) in the order of `csvColumns`, without a line break. */
export function csvOf(view: AnyView): string;
export function csvOf(view: RecordView): string {
  const { layout, window, ts_out } = view;
  const writers = cellWriters[layout];
  if (writers === undefined) return unknownCsv(view);
  let row = `${rtypeName(view.rtype)},${layout}`;
  for (let index = 0; index < writers.length; index++) row += `,${writers[index]!(window.bytes, window.at)}`;
  return ts_out === undefined ? row : `${row},${ts_out}`;
}

/** Makes records out of the rows below a header row; columns may come in any order. */
export class CsvRecords {
  readonly #columns: readonly string[];

  /** Throws code `usage` when these cannot be the columns of records. */
  constructor(columns: readonly string[]) {
    const twice = columns.find((column, index) => columns.indexOf(column) !== index);
    if (twice !== undefined) throw new DatabentoError('usage', `the header has column ${JSON.stringify(twice)} twice`);
    if (!columns.includes('rtype'))
      throw new DatabentoError('usage', 'the header has no column rtype; the first row names the columns');
    this.#columns = columns;
  }

  /** The record of one row; its layout and the errors are those of `recordOfJson`. */
  record(cells: readonly string[], version: DbnVersion = NEWEST_VERSION): StoredRecord {
    const columns = this.#columns;
    if (cells.length !== columns.length) {
      throw new DatabentoError(
        'usage',
        `the number of cells, ${cells.length}, is not that of the columns, ${columns.length}`,
      );
    }
    const values: Record<string, unknown> = {};
    for (let index = 0; index < columns.length; index++) values[columns[index]!] = cells[index];
    return recordOfValues(values, version);
  }
}

/** A row and the number of the line on which it begins, from 1. */
export interface CsvRow {
  readonly line: number;
  readonly cells: readonly string[];
}

/** Rows longer than this are refused: a quote that is never closed would take the rest of the file into memory. */
const ROW_LENGTH_MAX = 1 << 20;

/** Cuts CSV (RFC 4180; also with bare line feeds) into rows, in whatever pieces it comes. Empty lines are passed over. */
export class CsvRows {
  #rest = '';
  #line = 1;

  /** The rows that are complete with this piece. Throws code `usage` naming the line when a row is not CSV. */
  push(text: string): CsvRow[] {
    const rest = this.#rest + text;
    const rows: CsvRow[] = [];
    let at = 0;
    let quote = rest.indexOf('"');
    let end = rest.indexOf('\n');
    while (end !== -1) {
      if (quote === -1 || quote > end) {
        this.#add(rows, rest.slice(at, end));
        at = end + 1;
        end = rest.indexOf('\n', at);
        continue;
      }
      // A line feed inside quotes does not end the row.
      const close = rest.indexOf('"', quote + 1);
      if (close === -1) break;
      if (close > end) end = rest.indexOf('\n', close);
      quote = rest.indexOf('"', close + 1);
    }
    this.#rest = rest.slice(at);
    if (this.#rest.length > ROW_LENGTH_MAX) throw this.#error('goes on too long; is a quote left open?');
    return rows;
  }

  /** The last row, when the text does not end with a line break. */
  end(): CsvRow[] {
    const rows: CsvRow[] = [];
    if (this.#rest.split('"').length % 2 === 0) throw this.#error('ends inside quotes');
    this.#add(rows, this.#rest);
    this.#rest = '';
    return rows;
  }

  #add(rows: CsvRow[], ended: string): void {
    const row = ended.endsWith('\r') ? ended.slice(0, -1) : ended;
    if (row !== '') rows.push({ line: this.#line, cells: row.includes('"') ? this.#quotedCells(row) : row.split(',') });
    this.#line += ended.includes('"') ? ended.split('\n').length : 1;
  }

  #quotedCells(row: string): string[] {
    const cells: string[] = [];
    const cell = /(?:"((?:[^"]|"")*)"|([^",]*))(,|$)/y;
    while (true) {
      const found = cell.exec(row);
      if (found === null) throw this.#error('has a quote in the middle of a cell; write it twice and quote the cell');
      cells.push(found[1]?.replaceAll('""', '"') ?? found[2] ?? '');
      if (found[3] === '') return cells;
    }
  }

  #error(reason: string): DatabentoError {
    return new DatabentoError('usage', `the row of line ${this.#line} ${reason}`);
  }
}

function unknownCsv(view: RecordView): string {
  const header = headerFields.map(({ name }) => view[name as keyof RecordView]);
  return [rtypeName(view.rtype), ...header, Buffer.from(view.bytes()).toString('hex')].join(',');
}

function cellWriterOf(field: Field): CellWriter {
  const read = readerOf(field);
  if (field.type !== 'char' && field.type !== 'text') return read;
  return (bytes, at) => quoted(read(bytes, at) as string);
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
