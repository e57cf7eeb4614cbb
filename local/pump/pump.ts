import type { LocalClients } from '../emulators/clients.ts';
import type { SqsEmulator } from '../emulators/sqs.ts';
import type { LocalFunction } from '../local-function.ts';
import { Quiet } from '../quiet.ts';
import type { ReplayClock } from '../replay-clock.ts';
import type { LocalStack, MappingSpec } from '../template.ts';
import { KinesisMapping } from './kinesis-mapping.ts';
import { ReadLimit } from './read-limit.ts';
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
  const limits = new Map<string, ReadLimit>();
  for (const spec of stack.kinesisMappings.filter(({ enabled }) => enabled)) {
    kinesis.push(await startStream(spec, parts, { onProgress, limits }));
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
  const { clients, clock, pace, onError } = parts;
  const allowed = Math.min(spec.concurrencyMax ?? TIMED_CONCURRENCY, TIMED_CONCURRENCY);
  return new SqsMapping(spec, {
    clients,
    concurrency: pace === 'timed' ? allowed : 1,
    invoke: (event) => functionOf(spec, parts).invoke(event, clock.now()),
    onProgress,
    onError,
  });
}

async function startStream(
  spec: MappingSpec,
  parts: PumpParts,
  { onProgress, limits }: { readonly onProgress: () => void; readonly limits: Map<string, ReadLimit> },
): Promise<KinesisMapping> {
  const { clients, clock, pace, onError } = parts;
  const limited = pace === 'timed' && !spec.eventSourceArn.includes('/consumer/');
  const limitOf = (shard: string): ReadLimit => {
    const limit = limits.get(shard) ?? new ReadLimit();
    limits.set(shard, limit);
    return limit;
  };
  return await KinesisMapping.start(spec, {
    clients,
    functionArn: functionOf(spec, parts).arn,
    invoke(event) {
      // The record may be read before the ingest service has told us of its put.
      clock.advanceTo(closeTimeOfLast(event));
      return functionOf(spec, parts).invoke(event, clock.now());
    },
    readLimitOf: (shardId) => (limited ? limitOf(`${spec.eventSourceArn} ${shardId}`) : null),
    onProgress,
    onError,
  });
}

function functionOf({ functionName }: MappingSpec, { functions }: PumpParts): LocalFunction {
  return functions.get(functionName)!;
}

async function unfinished(queues: readonly SqsMapping[], sqs: SqsEmulator): Promise<number> {
  const depths = await sqs.depths();
  const own = queues.map(({ queueName }) => depths.get(queueName) ?? { visible: 0, inFlight: 0, delayed: 0 });
  return own.reduce((sum, { visible, inFlight, delayed }) => sum + visible + inFlight + delayed, 0);
}
