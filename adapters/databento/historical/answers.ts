import { z } from 'zod';
import { DatabentoError } from '../errors.ts';
import { parseTime } from './times.ts';

/**
 * What the API answers, by call. Fields that are not known are passed over; those that are known must make sense.
 * Names are ours, values the API's.
 */

const time = z.string().transform((text, context) => {
  const parsed = parseTime(text);
  if (parsed !== null) return parsed.ns;
  context.addIssue({ code: 'custom', message: 'is no ISO 8601 time' });
  return z.NEVER;
});
const day = z.string().regex(/^\d{4}-\d\d-\d\d$/, 'is no date like 2026-01-05');
const name = z.string().min(1).max(200);
const usd = z.number().nonnegative();
const count = z.int().nonnegative();
const timeRange = z
  .object({ start: time, end: time })
  .refine(({ start, end }) => start <= end, 'starts after its end')
  .transform(({ start, end }) => ({ startNs: start, endNs: end }));

/** Dollars. */
export const costAnswer = usd;
/** Records, or bytes. */
export const countAnswer = count;
export const namesAnswer = z.array(name);

/** From when until when there is data for this key; `schemas` may narrow it. */
export const datasetRangeAnswer = z
  .object({ start: time, end: time, schema: z.record(name, timeRange).default({}) })
  .refine(({ start, end }) => start <= end, 'starts after its end')
  .transform(({ start, end, schema }) => ({ startNs: start, endNs: end, schemas: schema }));

/** How good the data of each UTC day is: `available`, `degraded`, `pending`, `missing`, or a word that is new. */
export const datasetConditionAnswer = z.array(
  z
    .object({ date: day, condition: z.string().regex(/^[a-z_]{1,40}$/), last_modified_date: day.nullish() })
    .transform(({ date, condition, last_modified_date }) => ({
      date,
      condition,
      lastModifiedDate: last_modified_date ?? null,
    })),
);

export const fieldsAnswer = z.array(z.object({ name, type: name }).transform((field) => ({ ...field })));

export const publishersAnswer = z.array(
  z
    .object({ publisher_id: count, dataset: name, venue: name, description: z.string() })
    .transform(({ publisher_id, dataset, venue, description }) => ({
      publisherId: publisher_id,
      dataset,
      venue,
      description,
    })),
);

/** Dollars a gigabyte of each schema, by the mode of delivery. */
export const unitPricesAnswer = z.array(
  z
    .object({ mode: name, unit_prices: z.record(name, usd) })
    .transform(({ mode, unit_prices }) => ({ mode, unitPrices: unit_prices })),
);

const mappedInterval = z
  .object({ d0: day, d1: day, s: z.string() })
  .transform(({ d0, d1, s }) => ({ startDate: d0, endDate: d1, symbol: s }));

/** What each symbol was, on which UTC days [startDate, endDate); an empty `symbol` is none. */
export const resolveAnswer = z
  .object({
    result: z.record(name, z.array(mappedInterval)),
    partial: z.array(name).default([]),
    not_found: z.array(name).default([]),
  })
  .transform(({ result, partial, not_found }) => ({ result, partial, notFound: not_found }));

export type DatasetRange = z.infer<typeof datasetRangeAnswer>;
export type DatasetCondition = z.infer<typeof datasetConditionAnswer>[number];
export type DatasetField = z.infer<typeof fieldsAnswer>[number];
export type Publisher = z.infer<typeof publishersAnswer>[number];
export type UnitPrices = z.infer<typeof unitPricesAnswer>[number];
export type Resolution = z.infer<typeof resolveAnswer>;

/** Reads an answer; one that makes no sense gives code `protocol`, naming the call and the field. */
export function readAnswer<T>(call: string, schema: z.ZodType<T>, answer: { json: unknown; requestId?: string }): T {
  const parsed = schema.safeParse(answer.json);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.slice(0, 3).map(({ path, message }) => `${path.join('.') || 'it'}: ${message}`);
  throw new DatabentoError(
    'protocol',
    `the answer of ${call} is not what it should be (${faults.join('; ')}); nothing was taken from it`,
    { ...(answer.requestId === undefined ? {} : { requestId: answer.requestId }) },
  );
}
