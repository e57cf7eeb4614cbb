import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { IntentQueue } from '#core/ports.ts';
import { encodeIntent } from '#core/trading/intent-message.ts';
import { boundedRequests } from '../bounded-requests.ts';

/** An SQS client that gives up on a dead socket. */
export function sqsClient(): SQSClient {
  return new SQSClient(boundedRequests());
}

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
