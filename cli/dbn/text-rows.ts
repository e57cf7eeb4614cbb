import { CsvRecords, CsvRows } from '#adapters/databento/dbn/csv.ts';
import { recordOfJson } from '#adapters/databento/dbn/json.ts';
import type { DbnVersion } from '#adapters/databento/dbn/layouts.ts';
import type { DbnMetadata } from '#adapters/databento/dbn/metadata.ts';
import type { StoredRecord } from '#adapters/databento/dbn/record.ts';
import { DatabentoError } from '#adapters/databento/errors.ts';
import { contractError } from '#core/errors.ts';
import type { Input } from './input.ts';
import { METADATA_KEY, metadataOfJson } from './metadata-json.ts';

/** A header or a record in the text; `read` throws what is wrong with it. `line` counts from 1. */
export type TextRow =
  | { readonly kind: 'metadata'; readonly line: number; read(): DbnMetadata }
  | { readonly kind: 'record'; readonly line: number; read(version: DbnVersion): StoredRecord };

/** A header with the symbols of a whole exchange is a line of some megabytes. */
const LINE_LENGTH_MAX = 64 * 1024 * 1024;

/**
 * Reads JSON lines or CSV in pieces and gives the rows of each piece; where the format is not told, it follows from the
 * first character. Throws a contract error that names the input when the text as such is wrong.
 */
export async function* readTextRows(
  { name, chunks }: Pick<Input, 'name' | 'chunks'>,
  from: 'json' | 'csv' | null,
): AsyncGenerator<readonly TextRow[], void, undefined> {
  let reader: JsonRows | CsvRecordRows | null = null;
  try {
    for await (const text of decodeText(chunks)) {
      reader ??= (from ?? formatOf(text)) === 'json' ? new JsonRows() : new CsvRecordRows();
      yield reader.push(text);
    }
    if (reader === null) throw new DatabentoError('usage', 'the input is empty; encode takes JSON lines or CSV');
    yield reader.end();
  } catch (error) {
    throw error instanceof DatabentoError ? contractError(`${name}: ${error.message}`, { cause: error }) : error;
  }
}

async function* decodeText(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, undefined> {
  // A byte order mark at the beginning is left out.
  const decoder = new TextDecoder('utf-8', { fatal: true });
  try {
    for await (const chunk of chunks) {
      const text = decoder.decode(chunk, { stream: true });
      if (text !== '') yield text;
    }
    decoder.decode();
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw new DatabentoError('usage', 'this is not text in UTF-8; encode takes JSON lines or CSV, not compressed', {
      cause,
    });
  }
}

function formatOf(text: string): 'json' | 'csv' {
  return text.trimStart().startsWith('{') ? 'json' : 'csv';
}

class JsonRows {
  #rest = '';
  #line = 0;

  push(text: string): TextRow[] {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    if (this.#rest.length > LINE_LENGTH_MAX) {
      throw new DatabentoError('usage', `line ${this.#line + 1} is too long for a record`);
    }
    return lines.flatMap((line) => this.#rows(line));
  }

  end(): TextRow[] {
    return this.#rows(this.#rest);
  }

  #rows(text: string): TextRow[] {
    this.#line += 1;
    const line = this.#line;
    if (text.trim() === '') return [];
    if (!text.includes(`"${METADATA_KEY}"`))
      return [{ kind: 'record', line, read: (version) => recordOfJson(text, version) }];
    return [{ kind: 'metadata', line, read: () => metadataOfLine(text) }];
  }
}

class CsvRecordRows {
  readonly #rows = new CsvRows();
  #records: CsvRecords | null = null;

  push(text: string): TextRow[] {
    return this.#rows.push(text).flatMap((row) => this.#read(row));
  }

  end(): TextRow[] {
    return this.#rows.end().flatMap((row) => this.#read(row));
  }

  #read({ line, cells }: { line: number; cells: readonly string[] }): TextRow[] {
    const records = this.#records;
    if (records !== null) return [{ kind: 'record', line, read: (version) => records.record(cells, version) }];
    this.#records = new CsvRecords(cells);
    return [];
  }
}

function metadataOfLine(text: string): DbnMetadata {
  const value: unknown = JSON.parse(text);
  return metadataOfJson((value as Record<string, unknown>)[METADATA_KEY]);
}
