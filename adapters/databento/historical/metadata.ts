import type { z } from 'zod';
import { type Schema, schemas } from '../dbn/enums.ts';
import {
  costAnswer,
  countAnswer,
  type DatasetCondition,
  type DatasetField,
  type DatasetRange,
  datasetConditionAnswer,
  datasetRangeAnswer,
  fieldsAnswer,
  namesAnswer,
  type Publisher,
  publishersAnswer,
  readAnswer,
  type UnitPrices,
  unitPricesAnswer,
} from './answers.ts';
import type { HistoricalHttp } from './http.ts';
import { datasetName, type Form, oneOf, type RangeRequest, rangeQuery } from './parameters.ts';
import { type DateInput, dateText, type TimeInput, timeOf } from './times.ts';

/** UTC days, both inclusive; default all there are. */
export interface DateSpan {
  readonly startDate?: DateInput;
  readonly endDate?: DateInput;
}

/** A range that the API can serve. */
export interface ClampedRange {
  readonly startNs: bigint;
  /** Exclusive. */
  readonly endNs: bigint;
}

/** What there is, and what it costs. These calls are free. */
export class Metadata {
  readonly #http: HistoricalHttp;

  constructor(http: HistoricalHttp) {
    this.#http = http;
  }

  /** Dollars that `timeseries.getRange` of the same request costs. */
  getCost(request: RangeRequest): Promise<number> {
    return this.#post('metadata.get_cost', rangeQuery(request).form, costAnswer);
  }

  /** Records in the range. */
  getRecordCount(request: RangeRequest): Promise<number> {
    // What the records are told by makes no difference to their number, and the call does not take it.
    const { stype_out: _, ...form } = rangeQuery(request).form;
    return this.#post('metadata.get_record_count', form, countAnswer);
  }

  /** Uncompressed bytes of the records, by which the range is billed. */
  getBillableSize(request: RangeRequest): Promise<number> {
    return this.#post('metadata.get_billable_size', rangeQuery(request).form, countAnswer);
  }

  /** From when until when this key can get data, in all and by schema. */
  getDatasetRange(dataset: string): Promise<DatasetRange> {
    return this.#get('metadata.get_dataset_range', { dataset: datasetName(dataset) }, datasetRangeAnswer);
  }

  /**
   * The part of a range that is there for this key: history ends some minutes ago, and a range that goes on beyond is
   * refused with status 422. null when nothing of it is there.
   */
  async clampRange(range: {
    readonly dataset: string;
    readonly schema: Schema;
    readonly start: TimeInput;
    readonly end: TimeInput;
  }): Promise<ClampedRange | null> {
    const [start, end] = [timeOf('start', range.start).ns, timeOf('end', range.end).ns];
    const available = await this.getDatasetRange(range.dataset);
    const { startNs, endNs } = available.schemas[range.schema] ?? available;
    const clamped = { startNs: start > startNs ? start : startNs, endNs: end < endNs ? end : endNs };
    return clamped.startNs < clamped.endNs ? clamped : null;
  }

  /** How good the data of each day is. */
  getDatasetCondition(dataset: string, span: DateSpan = {}): Promise<readonly DatasetCondition[]> {
    const form = { dataset: datasetName(dataset), ...spanForm(span) };
    return this.#get('metadata.get_dataset_condition', form, datasetConditionAnswer);
  }

  /** Dataset codes; those that have data in the span. `endDate` is exclusive here. */
  listDatasets(span: DateSpan = {}): Promise<readonly string[]> {
    return this.#get('metadata.list_datasets', spanForm(span), namesAnswer);
  }

  /** Schemas of a dataset; there may be some that are not known here. */
  listSchemas(dataset: string): Promise<readonly string[]> {
    return this.#get('metadata.list_schemas', { dataset: datasetName(dataset) }, namesAnswer);
  }

  /** Fields of the records of a schema. */
  listFields(schema: Schema, encoding: 'dbn' | 'csv' | 'json' = 'dbn'): Promise<readonly DatasetField[]> {
    const form = { schema: oneOf('schema', schema, schemas), encoding };
    return this.#get('metadata.list_fields', form, fieldsAnswer);
  }

  /** What the publisher ids in records stand for. */
  listPublishers(): Promise<readonly Publisher[]> {
    return this.#get('metadata.list_publishers', {}, publishersAnswer);
  }

  /** Prices in dollars a gigabyte. */
  listUnitPrices(dataset: string): Promise<readonly UnitPrices[]> {
    return this.#get('metadata.list_unit_prices', { dataset: datasetName(dataset) }, unitPricesAnswer);
  }

  async #get<T>(name: string, form: Form, answer: z.ZodType<T>): Promise<T> {
    return readAnswer(name, answer, await this.#http.json({ method: 'GET', name, form }));
  }

  async #post<T>(name: string, form: Form, answer: z.ZodType<T>): Promise<T> {
    return readAnswer(name, answer, await this.#http.json({ method: 'POST', name, form }));
  }
}

function spanForm({ startDate, endDate }: DateSpan): Form {
  return {
    ...(startDate === undefined ? {} : { start_date: dateText('startDate', startDate) }),
    ...(endDate === undefined ? {} : { end_date: dateText('endDate', endDate) }),
  };
}
