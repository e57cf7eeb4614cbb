import { type FeatureWindows, featureRow } from '../features/registry.ts';
import type { VetoModel } from '../ports.ts';

/** What a strategy does without a model: `required` vetoes, `optional` lets pass; `off` asks no model even if there is one. */
export type VetoPolicy = 'required' | 'optional' | 'off';

/**
 * The answer to one entry candidate; kept with the decision.
 *
 * `passed`: the model agrees, or the policy is `off` and `model` is null. `model`: its probability is below the
 * threshold. `model-failed`: it gave no probability in [0, 1]. `missing-feature`: the row is incomplete. `no-model`:
 * there is none, which vetoes by policy `required` only.
 */
export interface Verdict {
  readonly vetoed: boolean;
  readonly reason: 'passed' | 'model' | 'model-failed' | 'missing-feature' | 'no-model';
  /** Probability of a profitable trade in [0, 1]; null when the model was not asked or failed. */
  readonly probability: number | null;
  readonly threshold: number | null;
  /** Id of the model that judged or would have; null when there is none or none was asked. */
  readonly model: string | null;
  /** Ids of the features that could not be computed. */
  readonly missing: readonly string[];
  /** What the model was shown, by feature id; null for one that could not be computed. */
  readonly row: Readonly<Record<string, number | null>>;
}

/** What is asked: a candidate is described by the windows that end at its signal bar. */
export interface VetoQuestion {
  readonly policy: VetoPolicy;
  readonly model: VetoModel | null;
  readonly windows: FeatureWindows;
}

/**
 * Asks the model about one entry candidate.
 *
 * Never throws for what the model does: one that fails is a veto, so that it cannot hold up the exits of its slice.
 */
export async function askVeto({ policy, model, windows }: VetoQuestion): Promise<Verdict> {
  if (policy === 'off') return { ...unasked, vetoed: false, reason: 'passed' };
  if (model === null) return { ...unasked, vetoed: policy === 'required', reason: 'no-model' };
  const { modelId, features, threshold } = model;
  const { values, missing } = featureRow(features, windows);
  const row = Object.fromEntries(features.map((id, i) => [id, missing.includes(id) ? null : (values[i] ?? null)]));
  const asked = { threshold, model: modelId, probability: null, row };
  if (missing.length > 0) return { ...asked, vetoed: true, reason: 'missing-feature', missing };
  const probability = await model.probability(values).catch(() => Number.NaN);
  if (!(probability >= 0 && probability <= 1)) return { ...asked, vetoed: true, reason: 'model-failed', missing };
  const vetoed = probability < threshold;
  return { ...asked, probability, vetoed, reason: vetoed ? 'model' : 'passed', missing };
}

const unasked = { probability: null, threshold: null, model: null, missing: [], row: {} };
