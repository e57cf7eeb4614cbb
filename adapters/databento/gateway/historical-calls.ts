import { rtypeOfSchema, type Schema, schemas } from '../dbn/enums.ts';
import type { Field } from '../dbn/field.ts';
import { layoutOf, NEWEST_VERSION } from '../dbn/layouts.ts';
import { type DbnMetadata, SYMBOL_BYTES } from '../dbn/metadata.ts';
import { encodeMetadata } from '../dbn/metadata-writer.ts';
import { DAY_NS, isoOfNs } from '../historical/times.ts';
import { ALL_SYMBOLS } from '../protocol/subscription.ts';
import { daysWithRecords } from './historical-days.ts';
import {
  availableRange,
  dateOfDay,
  type Parameters,
  readDataset,
  readDay,
  readOneOf,
  readRange,
  readResolve,
  type ServedRange,
} from './historical-query.ts';
import { recordsInRange } from './historical-records.ts';
import { badParameter, refusal } from './historical-refusal.ts';
import type { DatedSymbols, ResolvedSymbols } from './historical-symbols.ts';
import type { GatewaySource } from './source.ts';

/** What the calls are answered from. */
export interface CallContext {
  readonly source: GatewaySource;
  readonly symbols: DatedSymbols;
  /** Until when history reaches, nanoseconds since the epoch; read once for a call. */
  readonly nowNs: bigint;
  readonly usdPerGigabyte: number;
  /** Whether something is missing of a UTC day that has records. */
  readonly isDegraded: (date: string) => boolean;
}

/** A JSON value, or a stream of plain DBN that may be sent compressed. */
export type Answer =
  | { readonly kind: 'json'; readonly json: unknown }
  | { readonly kind: 'dbn'; readonly chunks: AsyncIterable<Uint8Array>; readonly compression: 'none' | 'zstd' };

/** Answers one call; throws a refusal. */
type CallAnswerer = (context: CallContext, parameters: Parameters) => Promise<unknown> | unknown;

const BYTES_PER_GIGABYTE = 2 ** 30;

/** The calls that are answered in JSON. */
const jsonCalls: Readonly<Record<string, CallAnswerer>> = {
  'metadata.get_cost': async (context, parameters) => {
    const { bytes } = await measure(context, parameters);
    return (bytes / BYTES_PER_GIGABYTE) * context.usdPerGigabyte;
  },
  'metadata.get_record_count': async (context, parameters) => (await measure(context, parameters)).records,
  'metadata.get_billable_size': async (context, parameters) => (await measure(context, parameters)).bytes,
  'metadata.get_dataset_range': datasetRange,
  'metadata.get_dataset_condition': datasetCondition,
  'metadata.list_datasets': ({ source }) => [source.dataset],
  'metadata.list_schemas': ({ source }, parameters) => {
    readDataset(source, parameters);
    return schemasOf(source);
  },
  'metadata.list_fields': listFields,
  'metadata.list_publishers': ({ source: { dataset } }) => [
    { publisher_id: 1, dataset, venue: dataset.split('.')[0], description: `${dataset}, simulated` },
  ],
  'metadata.list_unit_prices': ({ source, usdPerGigabyte }, parameters) => {
    readDataset(source, parameters);
    const unitPrices = Object.fromEntries(schemasOf(source).map((schema) => [schema, usdPerGigabyte]));
    return ['historical', 'historical-streaming', 'live'].map((mode) => ({ mode, unit_prices: unitPrices }));
  },
  'symbology.resolve': resolveSymbols,
};

/** Answers a call by its name, `metadata.get_cost`; throws a refusal, also for a name that is not known. */
export async function answerCall(name: string, context: CallContext, parameters: Parameters): Promise<Answer> {
  if (name === 'timeseries.get_range') return await getRange(context, parameters);
  const answer = Object.hasOwn(jsonCalls, name) ? jsonCalls[name] : undefined;
  if (answer === undefined) throw refusal(404, 'request_not_found', `There is no call ${name}.`);
  return { kind: 'json', json: await answer(context, parameters) };
}

async function getRange(context: CallContext, parameters: Parameters): Promise<Answer> {
  readOneOf(parameters, 'encoding', ['dbn'], 'dbn');
  const compression = readOneOf(parameters, 'compression', ['none', 'zstd'], 'none');
  const range = readRange(context.source, parameters, context.nowNs);
  const resolved = await resolveAny(context, range);
  async function* chunks(): AsyncGenerator<Uint8Array, void, undefined> {
    yield encodeMetadata(metadataOf(context.source.dataset, range, resolved));
    yield* records(context, range, resolved);
  }
  return { kind: 'dbn', chunks: chunks(), compression };
}

function metadataOf(dataset: string, range: ServedRange, resolved: ResolvedSymbols): DbnMetadata {
  const { symbols } = range;
  return {
    version: NEWEST_VERSION,
    dataset,
    schema: range.schema,
    start: range.startNs,
    end: range.endNs,
    limit: range.limit === null ? null : BigInt(range.limit),
    stype_in: range.stypeIn,
    stype_out: range.stypeOut,
    ts_out: false,
    symbol_cstr_len: SYMBOL_BYTES,
    symbols: symbols ?? [ALL_SYMBOLS],
    partial: symbols === null ? [] : resolved.partial,
    not_found: resolved.notFound,
    mappings: (symbols === null ? [] : [...resolved.mappings]).map(([raw_symbol, dated]) => ({
      raw_symbol,
      intervals: dated.map(({ startDay, endDay, symbol }) => ({
        start_date: dateNumber(startDay),
        end_date: dateNumber(endDay),
        symbol,
      })),
    })),
  };
}

function records(context: CallContext, range: ServedRange, resolved: ResolvedSymbols) {
  const includes = range.symbols === null ? null : resolved.includes;
  return recordsInRange(context.source, { ...range, nowNs: context.nowNs, includes });
}

async function resolveAny(context: CallContext, range: ServedRange): Promise<ResolvedSymbols> {
  const resolved = await context.symbols.resolve(range);
  if (range.symbols !== null && resolved.mappings.size === 0) {
    throw refusal(422, 'symbology_invalid_request', 'None of the symbols could be resolved');
  }
  return resolved;
}

async function measure(context: CallContext, parameters: Parameters): Promise<{ records: number; bytes: number }> {
  const range = readRange(context.source, parameters, context.nowNs);
  const size = layoutOf(rtypeOfSchema(range.schema), NEWEST_VERSION)!.size;
  let bytes = 0;
  for await (const chunk of records(context, range, await resolveAny(context, range))) bytes += chunk.length;
  // All records of a schema have the same size.
  return { records: bytes / size, bytes };
}

async function resolveSymbols({ source, symbols }: CallContext, parameters: Parameters): Promise<unknown> {
  const query = readResolve(source, parameters);
  const { mappings, partial, notFound } = await symbols.resolve(query);
  const result = [...mappings].map(([key, dated]) => [
    key,
    dated.map(({ startDay, endDay, symbol }) => ({ d0: dateOfDay(startDay), d1: dateOfDay(endDay), s: symbol })),
  ]);
  const [status, message] =
    notFound.length > 0 ? [2, 'Not found'] : partial.length > 0 ? [1, 'Partially resolved'] : [0, 'OK'];
  return {
    result: Object.fromEntries(result),
    symbols: query.symbols ?? [ALL_SYMBOLS],
    stype_in: query.stypeIn,
    stype_out: query.stypeOut,
    start_date: dateOfDay(query.startDay),
    end_date: dateOfDay(query.endDay),
    partial,
    not_found: notFound,
    message,
    status,
  };
}

function datasetRange({ source, nowNs }: CallContext, parameters: Parameters): unknown {
  readDataset(source, parameters);
  const ranges = schemasOf(source).map((schema) => [schema, availableRange(source, schema, nowNs)] as const);
  const told = ({ startNs, endNs }: { startNs: bigint; endNs: bigint }) => ({
    start: isoOfNs(startNs),
    end: isoOfNs(endNs),
  });
  return {
    ...told({
      startNs: ranges.reduce((least, [, { startNs }]) => (startNs < least ? startNs : least), source.startNs),
      endNs: ranges.reduce((most, [, { endNs }]) => (endNs > most ? endNs : most), 0n),
    }),
    schema: Object.fromEntries(ranges.map(([schema, range]) => [schema, told(range)])),
  };
}

/** Days with records are available or degraded, the day that is not over is pending, and others are missing. */
async function datasetCondition({ source, nowNs, isDegraded }: CallContext, parameters: Parameters): Promise<unknown> {
  readDataset(source, parameters);
  const today = Number(nowNs / DAY_NS);
  const firstDay = readDay(parameters, 'start_date') ?? Number(source.startNs / DAY_NS);
  const lastDay = Math.min(readDay(parameters, 'end_date') ?? today, today);
  const days = await daysWithRecords(source, { firstDay, lastDay, nowNs });
  return Array.from({ length: Math.max(0, lastDay - firstDay + 1) }, (_, index) => {
    const day = firstDay + index;
    const known = isDegraded(dateOfDay(day)) ? 'degraded' : 'available';
    const condition = day === today ? 'pending' : days.has(day) ? known : 'missing';
    const lastModified = condition === 'missing' ? null : dateOfDay(Math.min(day + 1, today));
    return { date: dateOfDay(day), condition, last_modified_date: lastModified };
  });
}

function listFields(_context: CallContext, parameters: Parameters): unknown {
  readOneOf(parameters, 'encoding', ['dbn'], 'dbn');
  const text = parameters.get('schema');
  const schema = schemas.find((candidate) => candidate === text);
  if (schema === undefined) throw badParameter('schema', text, `one of ${schemas.join(', ')}`);
  const { fields } = layoutOf(rtypeOfSchema(schema), NEWEST_VERSION)!;
  return fields.map((field) => ({ name: field.name, type: typeNameOf(field) }));
}

function typeNameOf({ type, size }: Field): string {
  if (type === 'text') return `char[${size}]`;
  if (type === 'char') return 'char';
  const isUnsigned = type.startsWith('u') || type === 'time';
  return `${isUnsigned ? 'u' : ''}int${8 * size}_t`;
}

function schemasOf(source: GatewaySource): readonly Schema[] {
  return schemas.filter((schema) => source.schemas.has(schema));
}

/** A date as the number YYYYMMDD. */
function dateNumber(day: number): number {
  return Number(dateOfDay(day).replaceAll('-', ''));
}
