import * as z from 'zod/mini';

const fraction = z.number().check(z.gte(0), z.lte(1));
const sha256 = z.string().check(z.regex(/^[0-9a-f]{64}$/, 'expected 64 lower-case hexadecimal digits'));
const tradeDate = z.iso.date();
const text = z.string().check(z.minLength(1));

/** `manifest.json` beside a model: what it is, what it reads and where it comes from. Unknown keys are refused. */
export const modelManifestSchema = z.strictObject({
  schemaVersion: z.literal(1),
  modelId: text,
  /** Of the bytes of `model.onnx`. */
  sha256,
  /** Inputs in the order of the row. A feature that cannot be computed vetoes the entry: no value is filled in. */
  features: z
    .array(z.strictObject({ id: text, version: z.int(), nullPolicy: z.literal('veto') }))
    .check(z.minLength(1)),
  /** sha256 of `registryText` of the features in order. */
  registryHash: sha256,
  /** Smallest probability of class 1 that passes. */
  threshold: fraction,
  /** Trade dates of the first and last row trained on, and the seed of the feed when it was generated. */
  spans: z.strictObject({
    train: z.strictObject({ from: tradeDate, to: tradeDate }),
    generatorSeed: z.nullable(z.int()),
  }),
  metrics: z.record(z.string(), z.number()),
  /** Versions of the libraries that trained and exported it. */
  libraries: z.record(z.string(), z.string()),
  provenance: z.enum(['real', 'generated']),
  /** True for a model that shows the line works and claims no edge. */
  sample: z.boolean(),
});
export type ModelManifest = z.infer<typeof modelManifestSchema>;

/** `golden.json` beside a model: float32 rows and the probability of class 1 that the training library gives them. */
export const modelGoldenSchema = z.strictObject({
  schemaVersion: z.literal(1),
  rows: z.array(z.strictObject({ inputs: z.array(z.number()), probability: fraction })).check(z.minLength(1)),
});
export type ModelGolden = z.infer<typeof modelGoldenSchema>;
