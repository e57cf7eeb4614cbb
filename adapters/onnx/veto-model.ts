import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type * as z from 'zod/mini';
import en from 'zod/v4/locales/en.js';
import { contractError } from '#core/errors.ts';
import { featureOf } from '#core/features/registry.ts';
import type { VetoModel } from '#core/ports.ts';
import {
  type ModelGolden,
  type ModelManifest,
  modelGoldenSchema,
  modelManifestSchema,
} from '#core/strategy/model-manifest.ts';
import { registryHash } from './registry-hash.ts';

/** Largest difference to the training library's probability that a golden row may show; float32 sums differ below it. */
const GOLDEN_TOLERANCE = 1e-6;

/** The model of a folder, or null when there is no such folder. A folder with anything wrong in it throws. */
export async function loadVetoModelIfPresent(folder: string): Promise<VetoModel | null> {
  const present = await stat(folder).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false;
      throw contractError(`${folder}: cannot be read (${error.code})`, { cause: error });
    },
  );
  return present ? loadVetoModel(folder) : null;
}

/**
 * Loads `manifest.json`, `model.onnx` and `golden.json` of a folder and proves that they belong together and to the
 * formulas of this code. Meant for the cold start: opens the ONNX session and runs every golden row once.
 *
 * Throws a contract error that names file and field when anything does not match; such a model judges nothing.
 */
export async function loadVetoModel(folder: string): Promise<VetoModel> {
  const manifestPath = join(folder, 'manifest.json');
  const manifest = await readJson(manifestPath, modelManifestSchema);
  const ids = manifest.features.map(({ id }) => id);
  checkFeatures(manifestPath, manifest);
  const onnxPath = join(folder, 'model.onnx');
  const onnx = await read(onnxPath);
  const found = createHash('sha256').update(onnx).digest('hex');
  if (found !== manifest.sha256) {
    throw contractError(`${manifestPath}: sha256 is ${manifest.sha256} but ${onnxPath} has ${found}: export it again`);
  }
  const goldenPath = join(folder, 'golden.json');
  const golden = await readJson(goldenPath, modelGoldenSchema);
  const probability = await openSession(onnxPath, onnx, ids.length);
  await checkGolden(goldenPath, golden, { width: ids.length, probability });
  return { modelId: manifest.modelId, features: ids, threshold: manifest.threshold, probability };
}

function checkFeatures(path: string, manifest: ModelManifest): void {
  const remedy = 'train the model again on this version of the features';
  for (const [i, { id, version }] of manifest.features.entries()) {
    const known = attempt(() => featureOf(id), `${path}: features.${i}.id`);
    if (known.version !== version) {
      throw contractError(
        `${path}: features.${i}.version of '${id}' is ${version} but the registry has ${known.version}: ${remedy}`,
      );
    }
  }
  const hash = registryHash(manifest.features.map(({ id }) => id));
  if (hash !== manifest.registryHash) {
    throw contractError(`${path}: registryHash is ${manifest.registryHash} but the registry gives ${hash}: ${remedy}`);
  }
}

async function checkGolden(
  path: string,
  { rows }: ModelGolden,
  { width, probability }: { width: number; probability: VetoModel['probability'] },
): Promise<void> {
  for (const [i, row] of rows.entries()) {
    if (row.inputs.length !== width) {
      throw contractError(
        `${path}: rows.${i}.inputs has ${row.inputs.length} values but the manifest ${width} features`,
      );
    }
    const answer = await probability(row.inputs);
    if (!(Math.abs(answer - row.probability) <= GOLDEN_TOLERANCE)) {
      throw contractError(
        `${path}: rows.${i}.probability is ${row.probability} but the model answers ${answer}: export it again`,
      );
    }
  }
}

/** Opens a session on one thread (more only spin at a single row) and gives its P(class 1) for one row. */
async function openSession(path: string, onnx: Uint8Array, width: number): Promise<VetoModel['probability']> {
  const session = await InferenceSession.create(onnx, {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: 'sequential',
  }).catch((error: unknown) => {
    throw contractError(`${path}: onnxruntime cannot open it (${(error as Error).message})`, { cause: error });
  });
  const [input] = session.inputNames;
  if (session.inputNames.length !== 1 || input === undefined || !session.outputNames.includes('probabilities')) {
    throw contractError(`${path}: expected one input and an output 'probabilities': export it with zipmap off`);
  }
  return async (row) => {
    if (row.length !== width) throw contractError(`${path}: expected a row of ${width} values, got ${row.length}`);
    const tensor = new Tensor('float32', Float32Array.from(row), [1, width]);
    const { probabilities } = await session.run({ [input]: tensor }, ['probabilities']).catch((error: unknown) => {
      throw contractError(`${path}: onnxruntime refuses the row (${(error as Error).message})`, { cause: error });
    });
    if (probabilities?.type !== 'float32' || probabilities.dims.join() !== '1,2') {
      throw contractError(`${path}: expected probabilities of two classes as float32`);
    }
    return (probabilities.data as Float32Array)[1]!;
  };
}

async function readJson<T>(path: string, schema: z.ZodMiniType<T>): Promise<T> {
  const text = (await read(path)).toString('utf8');
  const document: unknown = attempt(() => JSON.parse(text), path);
  // zod/mini carries no messages of its own, and its full set of languages is 250 KB.
  const parsed = schema.safeParse(document, { error: en().localeError });
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'document'}: ${issue.message}`);
  throw contractError(`${path}: ${faults.join('; ')}`);
}

async function read(path: string): Promise<Buffer> {
  return readFile(path).catch((error: NodeJS.ErrnoException) => {
    const remedy = 'a model folder holds model.onnx, manifest.json and golden.json';
    throw contractError(`${path}: cannot be read (${error.code}): ${remedy}`, { cause: error });
  });
}

/** Runs `make` and puts the place in front of what it complains about. */
function attempt<T>(make: () => T, place: string): T {
  try {
    return make();
  } catch (error) {
    throw contractError(`${place}: ${(error as Error).message}`, { cause: error });
  }
}
