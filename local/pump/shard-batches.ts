import type { Invocation } from '../worker-host.ts';
import { type BatchOutcome, batchOutcome } from './batch-response.ts';
import type { Discard, ShardRecord } from './kinesis-event.ts';

/** How a stream mapping treats failures. */
export interface RetryRules {
  readonly reportBatchItemFailures: boolean;
  readonly bisect: boolean;
  /** Retries after the first try of a batch; -1 for no limit. */
  readonly retriesMax: number;
  /** Age at which a record is given up, checked before each try; -1 for no limit. */
  readonly recordAgeMaxMs: number;
  /** Pause after the n-th failed or throttled try in a row, n from 1. AWS does not document its own. */
  readonly retryDelayMs: (failures: number) => number;
}

/** What the treatment of a batch needs from outside. */
export interface BatchPorts {
  invoke(batch: readonly ShardRecord[]): Promise<Invocation>;
  /** Tells the on-failure destination about records that are given up. */
  discard(discard: Discard): Promise<void>;
  /** Waits; rejects when the mapping is stopped. */
  sleep(delayMs: number): Promise<void>;
  nowMs(): number;
  /** Moves the checkpoint behind this record. */
  checkpoint(record: ShardRecord): void;
}

/** What is known about a stretch of records that has been tried. */
interface Progress {
  readonly batch: readonly ShardRecord[];
  /** Invocations of exactly this stretch that count against the retries. */
  readonly invocations: number;
  readonly lastFailure: 'Unhandled' | null;
}

/** Exponential from a quarter of a second to thirty: eight tries in the first minute, as observed on AWS. */
export function observedRetryDelayMs(failures: number): number {
  return Math.min(30_000, 250 * 2 ** (failures - 1));
}

/**
 * Works on one batch of a shard until every record is done with: accepted by the function, or discarded.
 *
 * A partial response moves the checkpoint before the lowest sequence number it names, and the rest starts over with a
 * fresh count. A failure without progress is tried again, or halved when `bisect` is set, which costs no retry; the first
 * half is finished before the second. When the retries are used up, the whole rest is discarded, good records included.
 */
export async function finishBatch(batch: readonly ShardRecord[], rules: RetryRules, ports: BatchPorts): Promise<void> {
  let progress: Progress = { batch, invocations: 0, lastFailure: null };
  let pauses = 0;
  while (true) {
    progress = await withoutExpired(progress, rules, ports);
    if (progress.batch.length === 0) return;
    const ids = new Set(progress.batch.map(({ sequenceNumber }) => sequenceNumber));
    const outcome = batchOutcome(await ports.invoke(progress.batch), ids, rules.reportBatchItemFailures);
    if (outcome.kind === 'success') return checkpointAt(progress.batch, ports);
    const rest = remainder(progress.batch, outcome);
    if (rest.length < progress.batch.length) {
      checkpointAt(progress.batch.slice(0, -rest.length), ports);
      progress = { batch: rest, invocations: 0, lastFailure: null };
      pauses = 0;
    } else if (outcome.kind !== 'throttled') {
      if (rules.bisect && rest.length > 1) return finishHalves(rest, rules, ports);
      const lastFailure = outcome.kind === 'failure' ? outcome.functionError : null;
      progress = { batch: rest, invocations: progress.invocations + 1, lastFailure };
      if (rules.retriesMax >= 0 && progress.invocations > rules.retriesMax) {
        return giveUp(progress, 'RetryAttemptsExhausted', ports);
      }
    }
    pauses += 1;
    await ports.sleep(rules.retryDelayMs(pauses));
  }
}

async function finishHalves(batch: readonly ShardRecord[], rules: RetryRules, ports: BatchPorts): Promise<void> {
  const middle = Math.ceil(batch.length / 2);
  await ports.sleep(rules.retryDelayMs(1));
  await finishBatch(batch.slice(0, middle), rules, ports);
  await finishBatch(batch.slice(middle), rules, ports);
}

/** Cuts off and discards the records at the head that are too old by now. */
async function withoutExpired(progress: Progress, rules: RetryRules, ports: BatchPorts): Promise<Progress> {
  if (rules.recordAgeMaxMs < 0) return progress;
  const oldestMs = ports.nowMs() - rules.recordAgeMaxMs;
  const fresh = progress.batch.findIndex(({ arrivedMs }) => arrivedMs >= oldestMs);
  const expired = fresh < 0 ? progress.batch.length : fresh;
  if (expired === 0) return progress;
  await giveUp({ ...progress, batch: progress.batch.slice(0, expired) }, 'RecordAgeExceeded', ports);
  return { ...progress, batch: progress.batch.slice(expired) };
}

async function giveUp(progress: Progress, condition: Discard['condition'], ports: BatchPorts): Promise<void> {
  const { batch, lastFailure } = progress;
  // Records that were too old on arrival are reported with one invocation although there was none.
  const invocations = Math.max(1, progress.invocations);
  await ports.discard({ batch, condition, invocations, functionError: lastFailure });
  checkpointAt(batch, ports);
}

/** What is to be tried again: everything from the lowest sequence number that was named, which is the first in the batch. */
function remainder(batch: readonly ShardRecord[], outcome: BatchOutcome): readonly ShardRecord[] {
  if (outcome.kind !== 'partial') return batch;
  return batch.slice(batch.findIndex(({ sequenceNumber }) => outcome.ids.includes(sequenceNumber)));
}

function checkpointAt(batch: readonly ShardRecord[], ports: BatchPorts): void {
  const last = batch.at(-1);
  if (last) ports.checkpoint(last);
}
