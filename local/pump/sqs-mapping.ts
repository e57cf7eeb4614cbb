import { DeleteMessageBatchCommand, type Message, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import type { LocalClients } from '../emulators/clients.ts';
import type { MappingSpec } from '../template.ts';
import type { Invocation } from '../worker-host.ts';
import { batchOutcome } from './batch-response.ts';
import { sqsEvent } from './sqs-event.ts';

const WAIT_SECONDS = 20;

/** What a queue mapping works with besides its settings in the template. */
export interface SqsMappingPorts {
  readonly clients: LocalClients;
  invoke(event: object): Promise<Invocation>;
  /** Batches that may be worked on at once; each is another environment of the function. */
  readonly concurrency: number;
  /** Hears of the end of every receive and of every batch. */
  onProgress(): void;
  /** Hears of an error that ends the mapping: an emulator that is gone. */
  onError(error: unknown): void;
}

/**
 * An event source mapping from a queue to a function.
 *
 * What succeeded is deleted. What failed is left alone, so that it comes back when its visibility timeout ends; the
 * queue itself keeps the order of a group and moves a message to the dead-letter queue.
 */
export class SqsMapping {
  readonly queueName: string;
  readonly #spec: MappingSpec;
  readonly #ports: SqsMappingPorts;
  readonly #stopping = new AbortController();
  readonly #ended: Promise<unknown>;

  /** Begins to poll. */
  constructor(spec: MappingSpec, ports: SqsMappingPorts) {
    this.#spec = spec;
    this.#ports = ports;
    this.queueName = spec.eventSourceArn.split(':').at(-1) ?? '';
    this.#ended = Promise.all(Array.from({ length: ports.concurrency }, () => this.#poll()));
  }

  /** Ends polling; settles when no invocation is in flight any more. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#ended;
  }

  async #poll(): Promise<void> {
    try {
      while (!this.#stopping.signal.aborted) {
        const messages = await this.#receive();
        if (messages.length > 0) await this.#finish(messages);
        this.#ports.onProgress();
      }
    } catch (error) {
      if (!this.#stopping.signal.aborted) this.#ports.onError(error);
    }
  }

  async #receive(): Promise<readonly Message[]> {
    const { Messages = [] } = await this.#ports.clients.sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: this.queueName,
        MaxNumberOfMessages: Math.min(10, this.#spec.batchSize),
        WaitTimeSeconds: WAIT_SECONDS,
        MessageSystemAttributeNames: ['All'],
        MessageAttributeNames: ['All'],
      }),
      { abortSignal: this.#stopping.signal },
    );
    return Messages;
  }

  async #finish(messages: readonly Message[]): Promise<void> {
    const ids = new Set(messages.map(({ MessageId = '' }) => MessageId));
    const invocation = await this.#ports.invoke(sqsEvent(messages, this.#spec.eventSourceArn));
    const outcome = batchOutcome(invocation, ids, this.#spec.reportBatchItemFailures);
    // A throttled event was received all the same: it counts towards the dead-letter queue, as on AWS.
    if (outcome.kind === 'failure' || outcome.kind === 'throttled') return;
    const failed = outcome.kind === 'partial' ? outcome.ids : [];
    const done = messages.filter(({ MessageId = '' }) => !failed.includes(MessageId));
    if (done.length === 0) return;
    await this.#ports.clients.sqs.send(
      new DeleteMessageBatchCommand({
        QueueUrl: this.queueName,
        Entries: done.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle })),
      }),
    );
  }
}
