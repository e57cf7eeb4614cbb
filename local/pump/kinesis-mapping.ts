import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import {
  GetRecordsCommand,
  type GetRecordsCommandOutput,
  GetShardIteratorCommand,
  ListShardsCommand,
} from '@aws-sdk/client-kinesis';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import type { LocalClients } from '../emulators/clients.ts';
import type { MappingSpec } from '../template.ts';
import type { Invocation } from '../worker-host.ts';
import { type Discard, discardMessage, kinesisEvent, type ShardSource, shardRecord } from './kinesis-event.ts';
import type { ReadLimit } from './read-limit.ts';
import { type BatchPorts, finishBatch, observedRetryDelayMs, type RetryRules } from './shard-batches.ts';
import type { SharedReads } from './shared-reads.ts';

/** Lambda looks at each shard once a second; it is also our safety net when a put was not heard of. */
const POLL_MS = 1000;
/** Iterators die after five minutes; a new one is taken before that. */
const ITERATOR_MS_MAX = 240_000;
const THROTTLED_READ_DELAY_MS = 200;

/** What a stream mapping works with besides its settings in the template. */
export interface KinesisMappingPorts {
  readonly clients: LocalClients;
  readonly functionArn: string;
  invoke(event: object): Promise<Invocation>;
  /** Shared limit of reads of a shard, for a standard consumer at real pace; null reads as soon as a put is heard of. */
  readLimitOf(shardId: string): ReadLimit | null;
  /** Reads of a shard shared with other mappings, in lock-step; without it each mapping reads for itself. */
  sharedReadsOf?(shardId: string): SharedReads<GetRecordsCommandOutput>;
  /** Hears of every read that found nothing more, after its records are done with. */
  onProgress(): void;
  /** Hears of records that were given up. */
  onDiscard?(discard: Discard): void;
  /** Hears of an error that ends the mapping: an emulator that is gone. */
  onError(error: unknown): void;
  readonly retryDelayMs?: RetryRules['retryDelayMs'];
  /** At-least-once delivery made visible: true hands a batch that succeeded over once more. */
  redeliver?(): boolean;
}

/** An event source mapping from a stream to a function: per shard one batch at a time, in order. */
export class KinesisMapping {
  readonly #shards: readonly ShardReader[];

  private constructor(shards: readonly ShardReader[]) {
    this.#shards = shards;
  }

  /** Finds the shards of the stream and begins to read them. */
  static async start(spec: MappingSpec, ports: KinesisMappingPorts): Promise<KinesisMapping> {
    const streamArn = streamArnOf(spec);
    const { Shards = [] } = await ports.clients.kinesis.send(new ListShardsCommand({ StreamARN: streamArn }));
    const shards = Shards.map(({ ShardId = '' }) => {
      const source = { eventSourceArn: spec.eventSourceArn, streamArn, shardId: ShardId };
      return new ShardReader(spec, source, ports);
    });
    return new KinesisMapping(shards);
  }

  /** Says that something was put on the stream. */
  wake(): void {
    for (const shard of this.#shards) shard.wake();
  }

  /** True when everything put before the last wake is behind the checkpoint. */
  get isIdle(): boolean {
    return this.#shards.every((shard) => shard.isIdle);
  }

  /** Ends reading; settles when no invocation is in flight any more. */
  async stop(): Promise<void> {
    await Promise.all(this.#shards.map((shard) => shard.stop()));
  }
}

/** The stream behind a mapping, whether it reads it itself or through a consumer. */
export function streamArnOf({ eventSourceArn }: MappingSpec): string {
  return eventSourceArn.split('/consumer/')[0] ?? '';
}

class ShardReader {
  readonly #spec: MappingSpec;
  readonly #source: ShardSource;
  readonly #ports: KinesisMappingPorts;
  readonly #stopping = new AbortController();
  readonly #ended: Promise<void>;
  readonly #limit: ReadLimit | null;
  readonly #sharedReads: SharedReads<GetRecordsCommandOutput> | undefined;
  #iterator: { readonly value: string; readonly takenMs: number } | null = null;
  #checkpoint: string | null = null;
  /** Puts heard of, and how many of them were heard of before the last read that found nothing more. */
  #puts = 0;
  #reached = -1;
  #hear: (() => void) | null = null;

  constructor(spec: MappingSpec, source: ShardSource, ports: KinesisMappingPorts) {
    this.#spec = spec;
    this.#source = source;
    this.#ports = ports;
    this.#limit = ports.readLimitOf(source.shardId);
    this.#sharedReads = ports.sharedReadsOf?.(source.shardId);
    this.#ended = this.#run().catch((error: unknown) => {
      if (!this.#stopping.signal.aborted) ports.onError(error);
    });
  }

  get isIdle(): boolean {
    return this.#reached >= this.#puts;
  }

  wake(): void {
    this.#puts += 1;
    this.#hear?.();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#ended;
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const puts = this.#puts;
      const startedMs = performance.now();
      const drained = await this.#readOnce();
      if (!drained) continue;
      this.#reached = puts;
      this.#ports.onProgress();
      if (this.#limit) await this.#sleep(Math.max(0, startedMs + POLL_MS - performance.now()));
      else if (this.#puts === puts) await this.#putOrPoll();
    }
  }

  /** Reads and finishes one batch; true when the shard had no more than that. */
  async #readOnce(): Promise<boolean> {
    while (this.#limit && !this.#limit.admit()) await this.#sleep(THROTTLED_READ_DELAY_MS);
    const answer = await this.#read();
    const next = answer.NextShardIterator;
    this.#iterator = next === undefined ? null : { value: next, takenMs: performance.now() };
    const batch = (answer.Records ?? []).map(shardRecord);
    if (batch.length === 0) return true;
    const ports = this.#batchPorts();
    const rules = { ...this.#spec, retryDelayMs: this.#ports.retryDelayMs ?? observedRetryDelayMs };
    await finishBatch(batch, rules, ports);
    if (this.#ports.redeliver?.()) await finishBatch(batch, rules, ports);
    return batch.length < this.#spec.batchSize && (answer.MillisBehindLatest ?? 0) === 0;
  }

  async #read(): Promise<GetRecordsCommandOutput> {
    const { batchSize } = this.#spec;
    const read = async (abortSignal?: AbortSignal): Promise<GetRecordsCommandOutput> =>
      await this.#ports.clients.kinesis.send(
        new GetRecordsCommand({ ShardIterator: await this.#currentIterator(), Limit: batchSize }),
        { abortSignal },
      );
    // A look at the shard that nobody asked for is there to find puts that were not heard of: it must not be shared.
    if (!this.#sharedReads || this.#reached >= this.#puts) return await read(this.#stopping.signal);
    return await this.#sharedReads.at(`${this.#checkpoint} ${this.#puts} ${batchSize}`, read);
  }

  async #currentIterator(): Promise<string> {
    if (this.#iterator && performance.now() - this.#iterator.takenMs < ITERATOR_MS_MAX) return this.#iterator.value;
    const position =
      this.#checkpoint === null
        ? { ShardIteratorType: this.#spec.startingPosition }
        : { ShardIteratorType: 'AFTER_SEQUENCE_NUMBER' as const, StartingSequenceNumber: this.#checkpoint };
    const { ShardIterator } = await this.#ports.clients.kinesis.send(
      new GetShardIteratorCommand({ StreamARN: this.#source.streamArn, ShardId: this.#source.shardId, ...position }),
    );
    this.#iterator = { value: ShardIterator ?? '', takenMs: performance.now() };
    return this.#iterator.value;
  }

  #batchPorts(): BatchPorts {
    return {
      invoke: (batch) => this.#ports.invoke(kinesisEvent(batch, this.#source)),
      discard: (discard) => this.#discard(discard),
      sleep: (delayMs) => this.#sleep(delayMs),
      nowMs: Date.now,
      checkpoint: ({ sequenceNumber }) => {
        this.#checkpoint = sequenceNumber;
      },
    };
  }

  async #discard(discard: Discard): Promise<void> {
    this.#ports.onDiscard?.(discard);
    if (this.#spec.onFailureArn === null) return;
    const source = {
      ...this.#source,
      functionArn: this.#ports.functionArn,
      requestId: randomUUID(),
      timeMs: Date.now(),
    };
    const queueName = this.#spec.onFailureArn.split(':').at(-1) ?? '';
    await this.#ports.clients.sqs.send(
      // The emulator finds queues by the last part of their URL, so the name alone is enough of one.
      new SendMessageCommand({ QueueUrl: queueName, MessageBody: JSON.stringify(discardMessage(discard, source)) }),
    );
  }

  /** Waits for the next put, or for the next look at the shard. */
  async #putOrPoll(): Promise<void> {
    const waking = new AbortController();
    const signal = AbortSignal.any([waking.signal, this.#stopping.signal]);
    this.#hear = () => waking.abort();
    await delay(POLL_MS, undefined, { signal }).catch(() => undefined);
    this.#hear = null;
  }

  /** Rejects when the mapping is stopped. */
  async #sleep(delayMs: number): Promise<void> {
    await delay(delayMs, undefined, { signal: this.#stopping.signal });
  }
}
