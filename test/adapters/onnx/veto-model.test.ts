import { createHash } from 'node:crypto';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { registryHash } from '#adapters/onnx/registry-hash.ts';
import { loadVetoModel, loadVetoModelIfPresent } from '#adapters/onnx/veto-model.ts';
import { type ModelGolden, type ModelManifest, modelGoldenSchema } from '#core/strategy/model-manifest.ts';

const sample = fileURLToPath(new URL('../../../models/ibs-es/ES', import.meta.url));
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'veto-model-'));
  await cp(sample, folder, { recursive: true });
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

/** Rewrites one JSON file of the copied model; `change` gets the parsed content and alters it. */
async function alter<T>(file: 'manifest.json' | 'golden.json', change: (content: T) => void): Promise<void> {
  const path = join(folder, file);
  const content = JSON.parse(await readFile(path, 'utf8')) as T;
  change(content);
  await writeFile(path, JSON.stringify(content));
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

async function refusal(): Promise<Error & { kind?: string }> {
  return loadVetoModel(folder).then(
    () => expect.unreachable('the model was loaded'),
    (error: Error) => error,
  );
}

describe('the committed sample forest', () => {
  test('answers every golden row as the training library did', async () => {
    const model = await loadVetoModel(sample);
    const golden = modelGoldenSchema.parse(JSON.parse(await readFile(join(sample, 'golden.json'), 'utf8')));
    expect(golden.rows.length).toBeGreaterThanOrEqual(10);
    for (const { inputs, probability } of golden.rows) {
      expect(Math.abs((await model.probability(inputs)) - probability)).toBeLessThan(1e-6);
    }
  });

  test('is on both sides of its threshold', async () => {
    const { threshold } = await loadVetoModel(sample);
    const golden = modelGoldenSchema.parse(JSON.parse(await readFile(join(sample, 'golden.json'), 'utf8')));
    const probabilities = golden.rows.map(({ probability }) => probability);
    expect(Math.min(...probabilities)).toBeLessThan(threshold);
    expect(Math.max(...probabilities)).toBeGreaterThan(threshold);
  });

  test('says that it is a sample from generated bars', async () => {
    const manifest = JSON.parse(await readFile(join(sample, 'manifest.json'), 'utf8')) as ModelManifest;
    expect(manifest).toMatchObject({ sample: true, provenance: 'generated' });
    expect(manifest.spans.generatorSeed).not.toBeNull();
  });
});

describe('loading a model', () => {
  test('gives what the manifest says', async () => {
    const manifest = JSON.parse(await readFile(join(sample, 'manifest.json'), 'utf8')) as ModelManifest;
    const model = await loadVetoModel(folder);
    expect(model.modelId).toBe(manifest.modelId);
    expect(model.threshold).toBe(manifest.threshold);
    expect(model.features).toEqual(manifest.features.map(({ id }) => id));
  });

  test('a folder that does not exist is no model', async () => {
    expect(await loadVetoModelIfPresent(join(folder, 'NQ'))).toBeNull();
    expect(await loadVetoModelIfPresent(folder)).not.toBeNull();
  });

  test('a row of another width is refused', async () => {
    const model = await loadVetoModel(folder);
    await expect(model.probability([0.1])).rejects.toThrow(/expected a row of 3 values, got 1/);
  });

  test.each(['manifest.json', 'golden.json', 'model.onnx'])('without %s is refused', async (file) => {
    await rm(join(folder, file));
    const error = await refusal();
    expect(error).toMatchObject({ kind: 'contract' });
    expect(error.message).toContain(`${join(folder, file)}: cannot be read (ENOENT)`);
    await expect(loadVetoModelIfPresent(folder)).rejects.toThrow(file);
  });

  test.each([
    ['another schema version', { schemaVersion: 2 }, 'schemaVersion'],
    ['an unknown key', { note: 'hello' }, 'note'],
    ['a threshold above one', { threshold: 1.2 }, 'threshold'],
    ['no features', { features: [] }, 'features'],
    ['a missing field', { provenance: undefined }, 'provenance'],
    [
      'a fill for a missing feature',
      { features: [{ id: 'ibs-1h', version: 1, nullPolicy: 0 }] },
      'features.0.nullPolicy',
    ],
    ['a hash of other bytes', { sha256: '0'.repeat(64) }, 'sha256'],
    ['other formulas', { registryHash: '0'.repeat(64) }, 'registryHash'],
  ])('a manifest with %s is refused by name', async (_, change, field) => {
    await alter<ModelManifest>('manifest.json', (manifest) => Object.assign(manifest, change));
    const error = await refusal();
    expect(error).toMatchObject({ kind: 'contract' });
    expect(error.message).toContain(join(folder, 'manifest.json'));
    expect(error.message).toContain(field);
  });

  test('all faults of a manifest are told at once', async () => {
    await alter<ModelManifest>('manifest.json', (manifest) => Object.assign(manifest, { threshold: 2, sample: 'yes' }));
    const { message } = await refusal();
    expect(message).toContain('threshold');
    expect(message).toContain('sample');
  });

  test('a feature of another version is refused with both versions', async () => {
    await alter<Writable<ModelManifest>>('manifest.json', (manifest) => {
      manifest.features = manifest.features.map((one, i) => (i === 1 ? { ...one, version: 7 } : one));
    });
    expect((await refusal()).message).toMatch(/features\.1\.version of 'rsi-2-1h' is 7 but the registry has 1/);
  });

  test('an unknown feature is refused with the known ones', async () => {
    await alter<Writable<ModelManifest>>('manifest.json', (manifest) => {
      manifest.features = [{ id: 'vix-1d', version: 1, nullPolicy: 'veto' }];
    });
    expect((await refusal()).message).toMatch(/features\.0\.id: unknown feature 'vix-1d': known are ibs-1h/);
  });

  test('features in another order are refused', async () => {
    await alter<Writable<ModelManifest>>('manifest.json', (manifest) => {
      manifest.features = manifest.features.toReversed();
    });
    expect((await refusal()).message).toContain('registryHash');
  });

  test('a manifest that is not JSON is refused', async () => {
    await writeFile(join(folder, 'manifest.json'), '{');
    expect((await refusal()).message).toContain(join(folder, 'manifest.json'));
  });

  test('a golden probability that the model does not give is refused with its row', async () => {
    await alter<ModelGolden>('golden.json', ({ rows }) => {
      const third = rows[2]! as Writable<(typeof rows)[number]>;
      third.probability += third.probability > 0.5 ? -2e-6 : 2e-6;
    });
    expect((await refusal()).message).toContain(`${join(folder, 'golden.json')}: rows.2.probability`);
  });

  test('a golden row of another width is refused', async () => {
    await alter<ModelGolden>('golden.json', ({ rows }) => rows[0]!.inputs.push(1));
    expect((await refusal()).message).toContain('rows.0.inputs has 4 values but the manifest 3 features');
  });

  test('bytes that are no ONNX model are refused, though the hash is theirs', async () => {
    const bytes = Buffer.from('not a model');
    await writeFile(join(folder, 'model.onnx'), bytes);
    await alter<Writable<ModelManifest>>('manifest.json', (manifest) => {
      manifest.sha256 = createHash('sha256').update(bytes).digest('hex');
    });
    expect((await refusal()).message).toContain(`${join(folder, 'model.onnx')}: onnxruntime cannot open it`);
  });

  test('a model that reads more features than its manifest names is refused', async () => {
    await alter<Writable<ModelManifest>>('manifest.json', (manifest) => {
      manifest.features = manifest.features.slice(0, 2);
      manifest.registryHash = registryHash(manifest.features.map(({ id }) => id));
    });
    await alter<ModelGolden>('golden.json', ({ rows }) => {
      for (const row of rows) row.inputs.pop();
    });
    expect((await refusal()).message).toContain(`${join(folder, 'model.onnx')}: onnxruntime refuses the row`);
  });
});
