import { KinesisClient, type KinesisClientConfig, PutRecordCommand } from '@aws-sdk/client-kinesis';
import { encodeSlice } from '#core/market/slice.ts';
import type { SliceStream } from '#core/ports.ts';
import { boundedRequests } from '../bounded-requests.ts';

// One key, because the order of all slices is total.
const PARTITION_KEY = 'slices';

/** A Kinesis client that gives up on a dead socket. */
export function kinesisClient(overrides: KinesisClientConfig = {}): KinesisClient {
  return new KinesisClient({ ...boundedRequests(), ...overrides });
}

/** A slice stream on Kinesis that remembers where it put the last slice. */
export interface KinesisSliceStream extends SliceStream {
  /** Sequence number of the record put last; null before the first. */
  lastSequenceNumber(): string | null;
}

/** Announces slices as JSON, one record each. Each put names the one before it, so that the order on the shard is ours. */
export function kinesisSliceStream({
  client,
  streamName,
}: {
  readonly client: KinesisClient;
  readonly streamName: string;
}): KinesisSliceStream {
  const encoder = new TextEncoder();
  let last: string | undefined;
  let turn: Promise<void> = Promise.resolve();

  async function put(bytes: Uint8Array): Promise<void> {
    const { SequenceNumber } = await client.send(
      new PutRecordCommand({
        StreamName: streamName,
        PartitionKey: PARTITION_KEY,
        Data: bytes,
        ...(last === undefined ? {} : { SequenceNumberForOrdering: last }),
      }),
    );
    last = SequenceNumber;
  }

  return {
    lastSequenceNumber: () => last ?? null,
    announce(slice) {
      const announced = turn.then(() => put(encoder.encode(encodeSlice(slice))));
      // A failed put is its caller's to know; the next one must not wait for it for ever.
      turn = announced.catch(() => undefined);
      return announced;
    },
  };
}
