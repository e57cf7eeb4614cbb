import { z } from 'zod';
import { schemas, stypes } from '#adapters/databento/dbn/enums.ts';
import type { DbnMetadata } from '#adapters/databento/dbn/metadata.ts';
import { contractError } from '#core/errors.ts';

/** The key of a line that holds the header of a file instead of a record. */
export const METADATA_KEY = '_metadata';

/** The header as a JSON value under the vendor's names; 64-bit integers are decimal strings. */
export function metadataJson(metadata: DbnMetadata): Record<string, unknown> {
  const { start, end, limit } = metadata;
  const text = (value: bigint | null): string | null => (value === null ? null : String(value));
  return { ...metadata, start: text(start), end: text(end), limit: text(limit) };
}

const whole = z
  .string()
  .regex(/^\d{1,20}$/, 'must be a whole number as decimal text')
  .transform(BigInt)
  .refine((value) => BigInt.asUintN(64, value) === value, 'must fit 64 bits');
const symbols = z.array(z.string());
const date = z.int().min(0).max(99_991_231);
const interval = z.strictObject({ start_date: date, end_date: date, symbol: z.string() });

const metadataSchema = z.strictObject({
  version: z.literal([1, 2, 3]),
  dataset: z.string(),
  schema: z.enum(schemas).nullable(),
  start: whole,
  end: whole.nullable(),
  limit: whole.nullable(),
  stype_in: z.enum(stypes).nullable(),
  stype_out: z.enum(stypes),
  ts_out: z.boolean(),
  symbol_cstr_len: z.int(),
  symbols,
  partial: symbols,
  not_found: symbols,
  mappings: z.array(z.strictObject({ raw_symbol: z.string(), intervals: z.array(interval) })),
});

/** Reads a header in the form of `metadataJson`; errors name the key. */
export function metadataOfJson(value: unknown): DbnMetadata {
  const result = metadataSchema.safeParse(value);
  if (result.success) return result.data;
  throw contractError(
    `${METADATA_KEY} is not a header as rooney dbn --metadata writes it: ${problemsOf(result.error)}`,
  );
}

function problemsOf({ issues }: z.ZodError): string {
  return issues
    .map(({ path, message }) => [path.join('.'), message].filter((part) => part !== '').join(': '))
    .join('; ');
}
