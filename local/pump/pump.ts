import type { GetRecordsCommandOutput } from '@aws-sdk/client-kinesis';
import type { LocalClients } from '../emulators/clients.ts';
import type { SqsEmulator } from '../emulators/sqs.ts';
import type { LocalFunction } from '../local-function.ts';
import { Quiet } from '../quiet.ts';
import type { ReplayClock } from '../replay-clock.ts';
import type { LocalStack, MappingSpec } from '../template.ts';
import type { Invocation } from '../worker-host.ts';
import { KinesisMapping, streamArnOf } from './kinesis-mapping.ts';
import { ReadLimit } from './read-limit.ts';
import { observedRetryDelayMs } from './shard-batches.ts';
import { SharedReads } from './shared-reads.ts';
import { closeTimeOfLast } from './slice-time.ts';
import { SqsMapping } from './sqs-mapping.ts';

/** `stepped`: every mapping reads when it hears of a put. `timed`: standard ones look once a second and share reads. */
export type Pace = 'stepped' | 'timed';

/** What the event sources are joined by. */
export interface PumpParts {
  readonly clients: LocalClients;
  readonly sqs: SqsEmulator;
  /** By name. */
  readonly functions: ReadonlyMap<string, LocalFunction>;
  readonly clock: ReplayClock;
  readonly pace: Pace;
  /** Hears of invocations that failed and records that were given up. */
  readonly onTrouble: (text: string) => void;
  /** Hears of whatever ends a mapping. */
  readonly onError: (error: unknown) => void;
}

/** All event source mappings of a template, running. */
export interface Pump {
  /** Says that something was put on a stream. */
  wake(): void;
  /** Waits until every stream mapping is past the last record and every queue with a mapping is empty. */
  untilQuiet(signal: AbortSignal): Promise<void>;
  stop(): Promise<void>;
}

/** Environments of one function that work on a queue at once at real pace. In lock-step one, so that order is fixed. */
export const TIMED_CONCURRENCY = 2;

/** Starts every enabled mapping of the template. */
export async function startPump(stack: LocalStack, parts: PumpParts): Promise<Pump> {
  const kinesis: KinesisMapping[] = [];
  const queues: SqsMapping[] = [];
  const quiet = new Quiet({
    streamsIdle: () => kinesis.every((mapping) => mapping.isIdle),
    intentsLeft: () => unfinished(queues, parts.sqs),
  });
  const onProgress = (): void => quiet.progress();
  for (const spec of stack.sqsMappings.filter(({ enabled }) => enabled)) {
    queues.push(startQueue(spec, parts, onProgress));
  }
  const shards = new Shards();
  for (const spec of stack.kinesisMappings.filter(({ enabled }) => enabled)) {
    kinesis.push(await startStream(spec, parts, { onProgress, shards }));
  }
  return {
    wake() {
      for (const mapping of kinesis) mapping.wake();
    },
    untilQuiet: (signal) => quiet.wait(signal),
    async stop() {
      await Promise.all([...kinesis, ...queues].map((mapping) => mapping.stop()));
    },
  };
}

function startQueue(spec: MappingSpec, parts: PumpParts, onProgress: () => void): SqsMapping {
  const { clients, pace, onError } = parts;
  const allowed = Math.min(spec.concurrencyMax ?? TIMED_CONCURRENCY, TIMED_CONCURRENCY);
  return new SqsMapping(spec, {
    clients,
    concurrency: pace === 'timed' ? allowed : 1,
    invoke: (event) => invoke(spec, parts, event),
    onProgress,
    onError,
  });
}

async function startStream(
  spec: MappingSpec,
  parts: PumpParts,
  { onProgress, shards }: { readonly onProgress: () => void; readonly shards: Shards },
): Promise<KinesisMapping> {
  const { clients, clock, pace, onTrouble, onError } = parts;
  const streamArn = streamArnOf(spec);
  const isLimited = pace === 'timed' && spec.eventSourceArn === streamArn;
  return await KinesisMapping.start(spec, {
    clients,
    functionArn: functionOf(spec, parts).arn,
    invoke(event) {
      // The record may be read before the ingest service has told us of its put.
      clock.advanceTo(closeTimeOfLast(event));
      return invoke(spec, parts, event);
    },
    readLimitOf: (shardId) => (isLimited ? shards.of(streamArn, shardId).limit : null),
    sharedReadsOf: pace === 'stepped' ? (shardId) => shards.of(streamArn, shardId).reads : undefined,
    retryDelayMs: pace === 'stepped' ? hastenedRetryDelayMs : observedRetryDelayMs,
    onProgress,
    onDiscard: ({ batch, condition }) =>
      onTrouble(`${spec.functionName}: gave up ${batch.length} records, ${condition}`),
    onError,
  });
}

/** In lock-step nobody else goes on meanwhile, and the data stand still. */
function hastenedRetryDelayMs(failures: number): number {
  return observedRetryDelayMs(failures) / 25;
}

/** Runs an event at the time of the replay, and says so when it fails as a whole or in part. */
async function invoke(spec: MappingSpec, parts: PumpParts, event: object): Promise<Invocation> {
  const invocation = await functionOf(spec, parts).invoke(event, parts.clock.now());
  const failure = failureText(invocation);
  if (failure) parts.onTrouble(`${spec.functionName}: ${failure}`);
  return invocation;
}

function failureText(invocation: Invocation): string | null {
  if (invocation.status === 'throttled') return 'an invocation was throttled';
  if (invocation.status === 'failed') return `${invocation.error.errorType}: ${invocation.error.errorMessage}`;
  const failures = (invocation.payload as { batchItemFailures?: unknown } | null)?.batchItemFailures;
  return Array.isArray(failures) && failures.length > 0 ? `reported ${failures.length} of its records as failed` : null;
}

/** What all mappings of one shard have in common. */
class Shards {
  readonly #shards = new Map<string, { limit: ReadLimit; reads: SharedReads<GetRecordsCommandOutput> }>();

  of(streamArn: string, shardId: string): { limit: ReadLimit; reads: SharedReads<GetRecordsCommandOutput> } {
    const key = `${streamArn} ${shardId}`;
    const shard = this.#shards.get(key) ?? { limit: new ReadLimit(), reads: new SharedReads() };
    this.#shards.set(key, shard);
    return shard;
  }
}

function functionOf({ functionName }: MappingSpec, { functions }: PumpParts): LocalFunction {
  return functions.get(functionName)!;
}

async function unfinished(queues: readonly SqsMapping[], sqs: SqsEmulator): Promise<number> {
  const depths = await sqs.depths();
  const own = queues.map(({ queueName }) => depths.get(queueName) ?? { visible: 0, inFlight: 0, delayed: 0 });
  return own.reduce((sum, { visible, inFlight, delayed }) => sum + visible + inFlight + delayed, 0);
}
