import { hash } from './random.ts';
import type { RecordBatch } from './record-batch.ts';

const SECOND_NS = 1_000_000_000n;

/** How long records take from the market to the gateway, in market time. */
export interface DelayOptions {
  readonly latencyNs: bigint;
  /** A part of it, different from second to second, comes on top. */
  readonly jitterNs: bigint;
  readonly seed: number;
}

/** When the records of a batch reach the gateway; never falling. Without a delay it is when they are available. */
export function dueTimes(batch: RecordBatch, { latencyNs, jitterNs, seed }: DelayOptions): BigUint64Array {
  if (latencyNs === 0n && jitterNs === 0n) return batch.availableNs;
  const due = new BigUint64Array(batch.length);
  let lastNs = 0n;
  for (let index = 0; index < due.length; index++) {
    const availableNs = batch.availableNs[index]!;
    // It follows from the time alone, so every session and every pass sees the same.
    const share = BigInt(hash(`${seed}:${availableNs / SECOND_NS}`) >>> 0);
    const dueNs = availableNs + latencyNs + ((jitterNs * share) >> 32n);
    lastNs = dueNs > lastNs ? dueNs : lastNs;
    due[index] = lastNs;
  }
  return due;
}
