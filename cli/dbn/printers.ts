import { jsonOf } from '#adapters/databento/dbn/json.ts';
import type { DbnMetadata } from '#adapters/databento/dbn/metadata.ts';
import type { AnyView } from '#adapters/databento/dbn/record.ts';
import { CsvPrinter } from './csv-printer.ts';
import type { DecodeFlags } from './decode-flags.ts';
import { METADATA_KEY, metadataJson } from './metadata-json.ts';
import { SummaryCounts } from './summary.ts';
import { type SummaryFacts, summaryJson, summaryText } from './summary-text.ts';

/** How a file was read. */
export type Reading = Omit<SummaryFacts, 'metadata'>;

/** Makes lines out of the records of one file after the other. */
export interface Printer {
  /** Whether nothing more is to be printed; `end` says why. */
  readonly isRefusing: boolean;
  /** The lines before the records of a file; null is the header of a fragment. */
  begin(metadata: DbnMetadata | null): readonly string[];
  /** The lines for a record, null for none. */
  record(view: AnyView): string | null;
  /** The lines after the records of a file. Throws what makes printing impossible. */
  end(reading: Reading): readonly string[];
}

/** The printer of the format that was asked for. */
export function makePrinter(flags: DecodeFlags): Printer {
  if (flags.format === 'csv') return new CsvPrinter();
  return flags.format === 'json' ? jsonPrinter(flags.metadata) : new SummaryPrinter(flags.json);
}

function jsonPrinter(hasMetadata: boolean): Printer {
  return {
    isRefusing: false,
    begin: (metadata) => (hasMetadata && metadata ? [JSON.stringify({ [METADATA_KEY]: metadataJson(metadata) })] : []),
    record: jsonOf,
    end: () => [],
  };
}

class SummaryPrinter implements Printer {
  readonly isRefusing = false;
  readonly #isJson: boolean;
  #metadata: DbnMetadata | null = null;
  #counts = new SummaryCounts();
  #files = 0;

  constructor(isJson: boolean) {
    this.#isJson = isJson;
  }

  begin(metadata: DbnMetadata | null): readonly string[] {
    this.#metadata = metadata;
    this.#counts = new SummaryCounts();
    if (metadata) this.#counts.addMappings(metadata);
    return [];
  }

  record(view: AnyView): null {
    this.#counts.add(view);
    return null;
  }

  end(reading: Reading): readonly string[] {
    const facts = { ...reading, metadata: this.#metadata };
    this.#files += 1;
    if (this.#isJson) return [JSON.stringify(summaryJson(facts, this.#counts))];
    // A blank line between files.
    return [`${this.#files > 1 ? '\n' : ''}${summaryText(facts, this.#counts)}`];
  }
}
