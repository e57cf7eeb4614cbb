import type { Violation } from './fuzz-campaign.ts';

/** What a fuzzing thread is given. */
export interface FuzzTask {
  readonly seed: number;
  /** Mutated inputs by target. */
  readonly inputs: Readonly<Record<TargetName, number>>;
  /** Where the thread leaves the input that it is about to run, so that it is known when the thread does not come back. */
  readonly trace: SharedArrayBuffer;
}
export const targetNames = ['decoder', 'control', 'zstd'] as const;
export type TargetName = (typeof targetNames)[number];

/** What the thread says after each batch, and at the end. */
export interface FuzzReport {
  readonly target: TargetName;
  readonly inputs: number;
  readonly isEnd: boolean;
  readonly blocks: number;
  readonly corpus: number;
  readonly digest: number;
  readonly arrayBuffersMax: number;
  readonly rssMax: number;
  readonly violations: readonly Violation[];
  /** Characters reached, by file; at the end. */
  readonly reached: ReadonlyMap<string, Uint8Array> | null;
}

/** In the trace: a counter, the length of the input, the number of the target; the bytes follow. */
export const TRACE_WORDS = 3;
