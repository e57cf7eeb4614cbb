import { features } from '#core/features/registry.ts';
import type { VetoModel } from '#core/ports.ts';

/** A model that reads every feature and judges by their last digits: about half of all entries pass. */
export const fakeModel: VetoModel = {
  modelId: 'fake',
  features: features.map(({ id }) => id),
  threshold: 0.5,
  async probability(row) {
    const digits = row.reduce((sum, value) => sum + Math.abs(value) * 1_000, 0);
    return digits - Math.floor(digits);
  },
};
