import type { DbnMetadata } from '#adapters/databento/dbn/metadata.ts';
import { isoTime } from './iso-time.ts';
import { metadataJson } from './metadata-json.ts';
import type { InstrumentCount, SummaryCounts } from './summary.ts';

/** What a summary tells about a file beside the counts of its records. */
export interface SummaryFacts {
  readonly file: string;
  readonly isCompressed: boolean;
  /** Of the file as it is stored, as far as it was read. */
  readonly bytes: number;
  /** Null when reading stopped at the limit. */
  readonly bytesUncompressed: number | null;
  /** Null for a fragment, which has no header. */
  readonly metadata: DbnMetadata | null;
  /** What is wrong with the file; null when it was read to its end. */
  readonly error: Error | null;
}

const INSTRUMENTS_MAX = 10;
const SYMBOLS_MAX = 5;
const LABEL_WIDTH = 14;

/** The summary for people, without a line break at its end. */
export function summaryText(facts: SummaryFacts, counts: SummaryCounts): string {
  const { file, metadata, bytesUncompressed, error } = facts;
  const rows: [string, string][] = [
    ['container', containerText(facts)],
    ...(metadata === null ? [] : headerRows(metadata)),
    ['records', `${number(counts.records)}${bytesUncompressed === null ? ' (stopped there, at the limit)' : ''}`],
    ...table([...counts.byType].map(([type, records]) => [typeText(type), number(records)])),
  ];
  if (counts.firstNs !== null && counts.lastNs !== null)
    rows.push(['ts_event', `${isoTime(counts.firstNs)} to ${isoTime(counts.lastNs)}`]);
  if (counts.instruments.size > 0) rows.push(...instrumentRows(counts));
  if (error !== null) rows.push(['damaged', error.message]);
  return [file, ...rows.map(([label, text]) => `  ${label.padEnd(LABEL_WIDTH)}${printable(text)}`)].join('\n');
}

/** The summary for programs. 64-bit integers are decimal strings. */
export function summaryJson(facts: SummaryFacts, counts: SummaryCounts): Record<string, unknown> {
  const { file, isCompressed, bytes, bytesUncompressed, metadata, error } = facts;
  return {
    file,
    compression: isCompressed ? 'zstd' : 'none',
    bytes,
    bytesUncompressed,
    metadata: metadata && metadataJson(metadata),
    records: counts.records,
    recordsByType: Object.fromEntries(counts.byType),
    isLimited: bytesUncompressed === null,
    firstTsEvent: counts.firstNs === null ? null : String(counts.firstNs),
    lastTsEvent: counts.lastNs === null ? null : String(counts.lastNs),
    instruments: byRecords(counts).map(({ instrumentId, records, firstNs, lastNs }) => ({
      instrumentId,
      symbols: counts.symbolsOf(instrumentId),
      records,
      firstTsEvent: String(firstNs),
      lastTsEvent: String(lastNs),
    })),
    error: error && errorJson(error),
  };
}

function errorJson(error: Error): Record<string, unknown> {
  const { code, byteOffset } = error as { code?: unknown; byteOffset?: unknown };
  return { code: code ?? null, message: error.message, byteOffset: byteOffset ?? null };
}

function containerText({ metadata, isCompressed, bytes, bytesUncompressed, error }: SummaryFacts): string {
  const kind = metadata === null ? 'DBN fragment (records without a header)' : `DBN version ${metadata.version}`;
  const size = bytesUncompressed === null ? '' : `, ${number(bytesUncompressed)} bytes`;
  if (error !== null) return `${kind}${size} up to the damage${isCompressed ? ', compressed with zstd' : ''}`;
  if (!isCompressed) return `${kind}${size}, not compressed`;
  return `${kind}${size}, compressed with zstd${bytesUncompressed === null ? '' : ` to ${number(bytes)}`}`;
}

function headerRows(metadata: DbnMetadata): [string, string][] {
  const { dataset, schema, start, end, limit, stype_in, stype_out, ts_out } = metadata;
  const { symbols, partial, not_found, mappings } = metadata;
  const until = end === null ? 'on, without an end' : `to ${isoTime(end)}`;
  const rows: [string, string][] = [
    ['dataset', dataset],
    ['schema', schema ?? 'mixed, as in a live session'],
    [
      'asked for',
      `from ${isoTime(start)} ${until}${limit === null ? '' : `, at most ${number(Number(limit))} records`}`,
    ],
    ['symbology', `${stype_in ?? 'mixed'} to ${stype_out}`],
  ];
  if (symbols.length > 0) rows.push(['symbols', listed(symbols)]);
  if (partial.length > 0) rows.push(['partly found', listed(partial)]);
  if (not_found.length > 0) rows.push(['not found', listed(not_found)]);
  if (mappings.length > 0) {
    const intervals = mappings.reduce((sum, mapping) => sum + mapping.intervals.length, 0);
    rows.push(['mappings', `of ${counted(mappings.length, 'symbol')} in ${counted(intervals, 'interval')}`]);
  }
  if (ts_out) rows.push(['ts_out', 'every record ends with the time at which it was sent']);
  return rows;
}

function instrumentRows(counts: SummaryCounts): [string, string][] {
  const all = byRecords(counts);
  const shown = all.slice(0, INSTRUMENTS_MAX).map(({ instrumentId, records }) => {
    return [String(instrumentId), listed(counts.symbolsOf(instrumentId)), counted(records, 'record')];
  });
  const rest = all.length - shown.length;
  const note = rest > 0 ? `, the ${shown.length} with most records are` : '';
  return [['instruments', `${number(all.length)}${note}`], ...table(shown)];
}

/** The record type, and where it goes by another name, the schema. */
function typeText(type: string): string {
  const schemaNames: Readonly<Record<string, string>> = { 'mbp-0': 'trades', 'instrument-def': 'definition' };
  return type in schemaNames ? `${schemaNames[type]} (${type})` : type;
}

/** Without control characters, by which a file could command the terminal. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, '?');
}

/** Most records first. */
function byRecords({ instruments }: SummaryCounts): readonly InstrumentCount[] {
  return [...instruments.values()].sort((a, b) => b.records - a.records || a.instrumentId - b.instrumentId);
}

/** Rows without a label, their cells in columns. */
function table(rows: readonly (readonly string[])[]): [string, string][] {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]!.length))) ?? [];
  return rows.map((row) => ['', `  ${row.map((cell, column) => cell.padEnd(widths[column]!)).join('  ')}`.trimEnd()]);
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, SYMBOLS_MAX).join(', ');
  return names.length > SYMBOLS_MAX ? `${shown} and ${number(names.length - SYMBOLS_MAX)} more` : shown;
}

function counted(count: number, noun: string): string {
  return `${number(count)} ${noun}${count === 1 ? '' : 's'}`;
}

function number(value: number): string {
  return value.toLocaleString('en-US');
}
