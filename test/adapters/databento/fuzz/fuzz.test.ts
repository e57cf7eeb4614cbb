import { afterEach, describe, expect, test, vi } from 'vitest';
import { DbnDecoder } from '#adapters/databento/dbn/decoder.ts';
import { makeRandom } from '#adapters/databento/gateway/random.ts';
import { controlTarget } from './control-target.ts';
import { decoderTarget } from './decoder-target.ts';
import { Mutator, madeCuts } from './mutations.ts';
import { referenceWalk } from './reference-walk.ts';
import type { FuzzInput, FuzzTarget } from './target.ts';
import { zstdTarget } from './zstd-target.ts';

/** Mutated inputs of a target, the same for the same seed. */
function* mutated(target: FuzzTarget, count: number): Generator<{ input: FuzzInput; parent: FuzzInput }, void> {
  const random = makeRandom(7, target.name);
  const mutator = new Mutator(random);
  const seeds = target.seeds().map((input) => ({ input, structure: target.structureOf(input) }));
  for (let index = 0; index < count; index++) {
    const { input: parent, structure } = seeds[random.below(seeds.length)]!;
    const bytes = mutator.mutate(parent.bytes, structure, seeds[random.below(seeds.length)]!.input.bytes);
    yield { parent, input: { bytes, cuts: madeCuts(random), terms: target.termsOf(parent, random) } };
  }
}

/** Of the whole, which `npm run bench -- fuzz` runs, guided by coverage. */
const samples = [
  { target: decoderTarget, count: 12_000 },
  { target: controlTarget, count: 12_000 },
  { target: zstdTarget, count: 300 },
];

describe('what comes from outside and is wrong', () => {
  test.each(samples)('$target.name: inputs as they are hold every property', async ({ target }) => {
    for (const input of target.seeds()) expect((await target.check(input, null)).violation).toBeNull();
  });

  test.each(samples)(
    '$target.name: gives an error that says where, or what is in the bytes',
    async ({ target, count }) => {
      const violations: string[] = [];
      for (const { input, parent } of mutated(target, count)) {
        const { violation } = await target.check(input, parent);
        if (violation !== null) violations.push(`${violation}: ${Buffer.from(input.bytes).toString('hex')}`);
      }
      expect(violations.slice(0, 3)).toEqual([]);
    },
  );

  test('the reference that the decoder is held to says what is wrong with bytes', () => {
    const header = [0x44, 0x42, 0x4e, 3, 120, 0, 0, 0, ...Array.from({ length: 120 }, () => 0)];
    const record = [14, 0x21, ...Array.from({ length: 54 }, () => 0)];
    const walk = (bytes: number[]) => referenceWalk(Uint8Array.from(bytes));
    expect(walk([...header, ...record, ...record])).toMatchObject({
      records: [
        { at: 128, length: 56, layoutBytes: 56 },
        { at: 184, length: 56, layoutBytes: 56 },
      ],
      ending: 'end',
    });
    expect(walk([...header, ...record.slice(0, 50)])).toMatchObject({ records: [], ending: 'cut', endAt: 128 });
    expect(walk([...header, ...record, 3, 0x21])).toMatchObject({ ending: 'short', endAt: 184 });
    expect(walk(header.slice(0, 100))).toMatchObject({ ending: 'cut-header' });
    expect(walk([0x44, 0x42, 0x4e, 4, 120, 0, 0, 0])).toMatchObject({ ending: 'newer' });
    expect(walk([1, 2, 3])).toMatchObject({ ending: 'no-dbn' });
  });
});

describe('what a decoder sets aside', () => {
  afterEach(() => vi.unstubAllGlobals());

  test('is at most twice the bytes that have arrived, whatever the header says, and one record', () => {
    let largest = 0;
    const Counted = class extends Uint8Array<ArrayBuffer> {
      constructor(...given: [number] | [ArrayBuffer, number, number]) {
        super(...(given as [ArrayBuffer, number, number]));
        if (typeof given[0] === 'number') largest = Math.max(largest, given[0]);
      }
    };
    const inputs = [...mutated(decoderTarget, 3_000)];
    vi.stubGlobal('Uint8Array', Counted);
    for (const { input } of inputs) {
      largest = 0;
      const decoder = new DbnDecoder({ upgrade: false });
      try {
        for (let at = 0; at < input.bytes.length; at += 100) {
          decoder.feed(input.bytes.subarray(at, at + 100), () => undefined);
        }
      } catch {
        // Only what it sets aside counts here.
      }
      expect(largest).toBeLessThanOrEqual(Math.max(1024, 2 * input.bytes.length));
    }
  });
});
