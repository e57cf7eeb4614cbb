import type { Random } from '#adapters/databento/gateway/random.ts';
import type { Structure } from './mutations.ts';

/** An input with all that decides what becomes of it. */
export interface FuzzInput {
  readonly bytes: Uint8Array;
  /** Sizes of the chunks in which it is given, over and over. */
  readonly cuts: readonly number[];
  /** What the target needs besides. */
  readonly terms: unknown;
}

/** What became of an input. */
export interface Verdict {
  /** The property that does not hold, in words; null when all do. */
  readonly violation: string | null;
  /** Says in which way it went: inputs that go a new way are worth keeping. */
  readonly way: string;
}

/** Something to be fuzzed. */
export interface FuzzTarget {
  readonly name: string;
  /** Inputs to begin with. */
  seeds(): FuzzInput[];
  structureOf(input: FuzzInput): Structure;
  /** Other terms for a mutated input. */
  termsOf(input: FuzzInput, random: Random): unknown;
  /** `parent` is the input that was mutated; null for a seed. */
  check(input: FuzzInput, parent: FuzzInput | null): Verdict | Promise<Verdict>;
}

/** How many bytes two inputs have in common from the beginning. */
export function commonBytes(a: Uint8Array, b: Uint8Array): number {
  const end = Math.min(a.length, b.length);
  let at = 0;
  while (at < end && a[at] === b[at]) at += 1;
  return at;
}

/** A message without its numbers and quotations, of which there is no end. */
export function shapeOf(message: string): string {
  return message.replace(/"[^"]*"|\d+/g, '#');
}
