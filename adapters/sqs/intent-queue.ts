import { ChangeMessageVisibilityCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { IntentQueue } from '#core/ports.ts';
import { encodeIntent } from '#core/trading/intent-message.ts';
import { boundedRequests } from '../bounded-requests.ts';

/** An SQS client that gives up on a dead socket. */
export function sqsClient(): SQSClient {
  return new SQSClient(boundedRequests());
}

/** The queue's own visibility timeout is for functions that died; one that failed and can say so is tried again sooner. */
const RETRY_AFTER_S = 5;

/**
 * A strategy's FIFO queue. One group per lane, so that an exit waits for its own root only; the intent's id is the
 * deduplication id, so that publishing one again within five minutes adds nothing.
 */
export function sqsIntentQueue({ client, queueUrl }: { client: SQSClient; queueUrl: string }): IntentQueue {
  return {
    async publish(intents) {
      for (const intent of intents) {
        await client.send(
          new SendMessageCommand({
            QueueUrl: queueUrl,
            MessageBody: encodeIntent(intent),
            MessageGroupId: `${intent.strategyId}:${intent.root}`,
            MessageDeduplicationId: intent.id,
          }),
        );
      }
    },
  };
}

/** Makes a message that failed visible again after a few seconds, because all of its lane waits behind it. */
export function retrySoon({ client, queueUrl }: { client: SQSClient; queueUrl: string }) {
  return async (receiptHandle: string): Promise<void> => {
    await client.send(
      new ChangeMessageVisibilityCommand({
        QueueUrl: queueUrl,
        ReceiptHandle: receiptHandle,
        VisibilityTimeout: RETRY_AFTER_S,
      }),
    );
  };
}
