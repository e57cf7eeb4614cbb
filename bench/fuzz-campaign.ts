import { makeRandom, type Random } from '#adapters/databento/gateway/random.ts';
import { INPUT_BYTES_MAX, Mutator, madeCuts, type Structure } from '#test/adapters/databento/fuzz/mutations.ts';
import { type FuzzInput, type FuzzTarget, shapeOf } from '#test/adapters/databento/fuzz/target.ts';
import type { BlockCoverage } from './fuzz-coverage.ts';

/** A property that did not hold, with the smallest input found for it. */
export interface Violation {
  readonly target: string;
  readonly what: string;
  readonly hex: string;
  readonly cuts: readonly number[];
  readonly terms: unknown;
  count: number;
}

/** What is told of a campaign while it goes on. */
export interface CampaignWatch {
  /** Called with each input before it is run. */
  onInput(input: FuzzInput): void;
  onBatch(campaign: Campaign, inputs: number): void;
}

interface Kept {
  readonly input: FuzzInput;
  readonly structure: Structure;
}

interface Candidate {
  readonly input: FuzzInput;
  readonly parent: FuzzInput;
}

const BATCH = 1000;
const SHRINK_TRIES_MAX = 3000;

/** Runs a target on mutated inputs, and keeps those that reach something new. The same seed gives the same inputs. */
export class Campaign {
  readonly target: FuzzTarget;
  readonly violations = new Map<string, Violation>();
  readonly #random: Random;
  readonly #mutator: Mutator;
  readonly #coverage: BlockCoverage;
  readonly #watch: CampaignWatch;
  readonly #corpus: Kept[] = [];
  readonly #ways = new Set<string>();
  /** Of all inputs, in order. */
  digest = 0;

  constructor(
    target: FuzzTarget,
    seed: number,
    { coverage, watch }: { coverage: BlockCoverage; watch: CampaignWatch },
  ) {
    this.target = target;
    this.#random = makeRandom(seed, target.name);
    this.#mutator = new Mutator(this.#random);
    this.#coverage = coverage;
    this.#watch = watch;
  }

  get corpusSize(): number {
    return this.#corpus.length;
  }

  /** Runs so many mutated inputs, after those to begin with. */
  async run(count: number): Promise<void> {
    for (const input of this.target.seeds()) {
      this.#keep(input);
      await this.#check(input, null);
    }
    this.#coverage.add(this.#coverage.look());
    for (let done = 0; done < count; done += BATCH) {
      const batch = Array.from({ length: Math.min(BATCH, count - done) }, () => this.#candidate());
      for (const { input, parent } of batch) await this.#check(input, parent);
      const fresh = this.#coverage.look();
      if (this.#coverage.hasNew(fresh)) {
        await this.#keepNew(batch);
        // What ran the first time only is not looked for again.
        this.#coverage.add(fresh);
      }
      this.#watch.onBatch(this, batch.length);
    }
  }

  #candidate(): Candidate {
    const random = this.#random;
    const { input: parent, structure } = this.#corpus[random.below(this.#corpus.length)]!;
    const other = this.#corpus[random.below(this.#corpus.length)]!.input.bytes;
    const bytes = this.#mutator.mutate(parent.bytes, structure, other);
    const input = { bytes, cuts: madeCuts(random), terms: this.target.termsOf(parent, random) };
    for (let at = 0; at < bytes.length; at += 16) this.digest = (Math.imul(this.digest, 31) + bytes[at]!) | 0;
    return { input, parent };
  }

  #keep(input: FuzzInput): void {
    this.#corpus.push({ input, structure: this.target.structureOf(input) });
  }

  async #check(input: FuzzInput, parent: FuzzInput | null): Promise<void> {
    this.#watch.onInput(input);
    const { violation, way } = await this.target.check(input, parent);
    if (violation !== null) await this.#note(violation, input, parent);
    if (this.#ways.has(way)) return;
    this.#ways.add(way);
    if (parent !== null) this.#keep(input);
  }

  /** Finds the inputs of a batch that reach what was never reached. */
  async #keepNew(batch: readonly Candidate[]): Promise<void> {
    for (const { input, parent } of batch) {
      this.#watch.onInput(input);
      await this.target.check(input, parent);
    }
    const fresh = this.#coverage.look();
    if (!this.#coverage.hasNew(fresh)) return;
    if (batch.length === 1) {
      this.#keep(batch[0]!.input);
      this.#coverage.add(fresh);
      return;
    }
    const half = batch.length >> 1;
    await this.#keepNew(batch.slice(0, half));
    await this.#keepNew(batch.slice(half));
  }

  async #note(what: string, input: FuzzInput, parent: FuzzInput | null): Promise<void> {
    const shape = shapeOf(what);
    const known = this.violations.get(shape);
    if (known !== undefined) {
      known.count += 1;
      return;
    }
    const smallest = await this.#shrink(shape, input, parent);
    const { violation } = await this.target.check(smallest, parent);
    this.violations.set(shape, {
      target: this.target.name,
      what: violation ?? what,
      hex: Buffer.from(smallest.bytes).toString('hex'),
      cuts: smallest.cuts,
      terms: smallest.terms,
      count: 1,
    });
  }

  /** Takes bytes away as long as the same property fails. */
  async #shrink(shape: string, input: FuzzInput, parent: FuzzInput | null): Promise<FuzzInput> {
    let [smallest, tries] = [input, 0];
    const accept = async (smaller: FuzzInput): Promise<boolean> => {
      tries += 1;
      const { violation } = await this.target.check(smaller, parent);
      if (violation === null || shapeOf(violation) !== shape) return false;
      smallest = smaller;
      return true;
    };
    await accept({ ...smallest, cuts: [INPUT_BYTES_MAX] });
    for (let size = input.bytes.length >> 1; size > 0; size >>= 1) {
      for (let at = 0; at < smallest.bytes.length && tries < SHRINK_TRIES_MAX; ) {
        const { bytes } = smallest;
        const without = new Uint8Array(Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + size)]));
        if (!(await accept({ ...smallest, bytes: without }))) at += size;
      }
    }
    return smallest;
  }
}
