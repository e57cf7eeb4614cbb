import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { VetoModel } from '#core/ports.ts';
import { askVeto } from '#core/strategy/veto.ts';
import { anyHours, hourlyWindow } from '#test/core/features/hourly-window.ts';

const features = ['ibs-1h', 'rsi-2-1h'];
const hours = Array.from({ length: 22 }, (_, i) => [1001 + i, 999 + i, 1000 + i] as const);
const windows = { '1h': hourlyWindow(hours) };
const unasked = { probability: null, threshold: null, model: null, missing: [], row: {} };
/** What the two features say of `windows`. */
const row = { 'ibs-1h': 0.5, 'rsi-2-1h': 100 };

/** A model of threshold 0.5 that keeps the rows it was asked about. */
function modelAnswering(answer: () => Promise<number>): VetoModel & { readonly rows: (readonly number[])[] } {
  const rows: (readonly number[])[] = [];
  const probability = (row: readonly number[]) => {
    rows.push(row);
    return answer();
  };
  return { modelId: 'm', features, threshold: 0.5, probability, rows };
}
const sure = (probability: number) => modelAnswering(() => Promise.resolve(probability));

describe('veto', () => {
  test('without a model, required vetoes and optional passes', async () => {
    const noModel = { ...unasked, reason: 'no-model' };
    expect(await askVeto({ policy: 'required', model: null, windows })).toEqual({ ...noModel, vetoed: true });
    expect(await askVeto({ policy: 'optional', model: null, windows })).toEqual({ ...noModel, vetoed: false });
  });

  test('off passes and asks no model', async () => {
    const model = sure(0);
    const verdict = { ...unasked, vetoed: false, reason: 'passed' };
    expect(await askVeto({ policy: 'off', model, windows: {} })).toEqual(verdict);
    expect(await askVeto({ policy: 'off', model: null, windows })).toEqual(verdict);
    expect(model.rows).toEqual([]);
  });

  test.each(['required', 'optional'] as const)(
    '%s: below the threshold is a veto, at the threshold passes',
    async (policy) => {
      const asked = { threshold: 0.5, model: 'm', missing: [], row };
      expect(await askVeto({ policy, model: sure(0.49), windows })).toEqual({
        ...asked,
        vetoed: true,
        reason: 'model',
        probability: 0.49,
      });
      expect(await askVeto({ policy, model: sure(0.5), windows })).toEqual({
        ...asked,
        vetoed: false,
        reason: 'passed',
        probability: 0.5,
      });
    },
  );

  test('the model is asked about the row in its own order of features', async () => {
    const model = sure(1);
    await askVeto({ policy: 'required', model, windows });
    expect(model.rows).toEqual([[0.5, 100]]);
  });

  test.each(['required', 'optional'] as const)('%s: a missing feature is a veto that names it', async (policy) => {
    const model = sure(1);
    const short = { '1h': hourlyWindow(hours.slice(1)) };
    expect(await askVeto({ policy, model, windows: short })).toEqual({
      vetoed: true,
      reason: 'missing-feature',
      probability: null,
      threshold: 0.5,
      model: 'm',
      missing: ['rsi-2-1h'],
      row: { 'ibs-1h': 0.5, 'rsi-2-1h': null },
    });
    expect(model.rows).toEqual([]);
  });

  test.each([
    ['not a number', () => Promise.resolve(Number.NaN)],
    ['above one', () => Promise.resolve(1.01)],
    ['below zero', () => Promise.resolve(-0.01)],
    ['an error', () => Promise.reject(new Error('native'))],
  ])('a model that answers %s is a veto', async (_, answer) => {
    expect(await askVeto({ policy: 'required', model: modelAnswering(answer), windows })).toEqual({
      vetoed: true,
      reason: 'model-failed',
      probability: null,
      threshold: 0.5,
      model: 'm',
      missing: [],
      row,
    });
  });

  test('nothing passes a required veto but a complete row with a probability at or above the threshold', async () => {
    const anyWindow = anyHours({ minLength: 0, maxLength: 30 }).map(hourlyWindow);
    await fc.assert(
      fc.asyncProperty(anyWindow, fc.double({ min: -1, max: 2 }), async (window, probability) => {
        const verdict = await askVeto({ policy: 'required', model: sure(probability), windows: { '1h': window } });
        expect(verdict.vetoed).toBe(!(window.length >= 22 && probability >= 0.5 && probability <= 1));
      }),
    );
  });
});
