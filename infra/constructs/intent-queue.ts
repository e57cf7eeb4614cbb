import { Duration } from 'aws-cdk-lib';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';

/** A lost message is a lost exit until the outbox sends it again, so what failed is kept as long as SQS can. */
const KEPT = Duration.days(14);

/**
 * Timeout of the function that reads the queue: up to 5 s from claim to POST, 8 s for the POST itself, and time to
 * settle. Whatever it does has then ended well before the message is seen again.
 */
export const EXECUTION_TIMEOUT = Duration.seconds(20);

/** The FIFO queue of one strategy's intents, and where intents go that could not be executed. */
export class IntentQueue extends Construct {
  readonly queue: Queue;
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.deadLetters = new Queue(this, 'DeadLetters', {
      fifo: true,
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: KEPT,
    });
    this.queue = new Queue(this, 'Queue', {
      fifo: true,
      // The intent's id is the deduplication id. By content, the second of two equal orders would vanish.
      contentBasedDeduplication: false,
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      // The delay before a failed intent is tried again; Lambda wants six times the timeout of the reader.
      visibilityTimeout: Duration.seconds(6 * EXECUTION_TIMEOUT.toSeconds()),
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: 5 },
    });
  }
}

/** A standard queue for descriptions of slices that a strategy could not take; Lambda cannot write to a FIFO one. */
export function parkedSlices(scope: Construct): Queue {
  return new Queue(scope, 'ParkedSlices', {
    encryption: QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    retentionPeriod: KEPT,
  });
}
