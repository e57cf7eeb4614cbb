import { csvColumns, csvOf } from '#adapters/databento/dbn/csv.ts';
import { rtypeOfSchema } from '#adapters/databento/dbn/enums.ts';
import { type LayoutName, layoutOf } from '#adapters/databento/dbn/layouts.ts';
import type { DbnMetadata } from '#adapters/databento/dbn/metadata.ts';
import type { AnyView } from '#adapters/databento/dbn/record.ts';
import { contractError } from '#core/errors.ts';
import type { Printer, Reading } from './printers.ts';
import { choiceName } from './record-names.ts';

/** Prints CSV: one header, and below it the records of all files, which must have one layout. */
export class CsvPrinter implements Printer {
  #metadata: DbnMetadata | null = null;
  /** The header that has been printed. */
  #header: string | null = null;
  /** Of the records of this file. */
  #headers = new Set<string>();
  #types = new Map<string, number>();
  isRefusing = false;

  begin(metadata: DbnMetadata | null): readonly string[] {
    this.#metadata = metadata;
    this.#headers = new Set();
    this.#types = new Map();
    return [];
  }

  record(view: AnyView): string | null {
    const type = choiceName(view.rtype);
    this.#types.set(type, (this.#types.get(type) ?? 0) + 1);
    const header = headerOf(view.layout, view.hasTsOut);
    this.#headers.add(header);
    if (this.#header === null) {
      this.#header = header;
      return `${header}\n${csvOf(view)}`;
    }
    if (this.#header !== header) this.isRefusing = true;
    return this.isRefusing ? null : csvOf(view);
  }

  end({ file }: Reading): readonly string[] {
    if (!this.isRefusing) return this.#headerOfNothing();
    const types = [...this.#types].map(([type, records]) => `${type} (${records})`).join(', ');
    throw contractError(
      this.#headers.size > 1
        ? `${file}: CSV has one kind of records, and here are ${types}; choose one with --schema, or use --format json`
        : `${file}: its records, ${types}, have other fields than those before; print them apart, or try --upgrade`,
    );
  }

  /** A file without records still has a header where it says what they would have been. */
  #headerOfNothing(): readonly string[] {
    const { schema = null, version = 1, ts_out = false } = this.#metadata ?? {};
    if (this.#header !== null || schema === null) return [];
    const layout = layoutOf(rtypeOfSchema(schema), version);
    this.#header = headerOf(layout?.name as LayoutName, ts_out);
    return [this.#header];
  }
}

const headers = new Map<string, string>();

/** The header row of a layout; asked for with every record, so made once. */
function headerOf(layout: LayoutName | 'unknown', hasTsOut: boolean): string {
  const key = hasTsOut ? `${layout}+` : layout;
  const known = headers.get(key);
  if (known !== undefined) return known;
  const made = csvColumns(layout, hasTsOut).join(',');
  headers.set(key, made);
  return made;
}
