import {
  CreateStreamCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  type KinesisClient,
  waitUntilStreamExists,
} from '@aws-sdk/client-kinesis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { kinesisClient, kinesisSliceStream } from '#adapters/kinesis/slice-stream.ts';
import { decodeSlice } from '#core/market/slice.ts';
import { type KinesisEmulator, startKinesis } from '#local/emulators/kinesis.ts';
import { localSettings } from '../dynamodb/emulated-table.ts';
import { emptySlice } from '../slice-log-contract.ts';

const SHARD = 'shardId-000000000000';
let emulator: KinesisEmulator;
let client: KinesisClient;
beforeAll(async () => {
  emulator = await startKinesis();
  client = kinesisClient({ endpoint: emulator.endpoint, ...localSettings });
});
afterAll(async () => {
  client.destroy();
  await emulator.stop();
});

/** A put into a stream that is still being made is refused, as by the service. */
async function createStream(StreamName: string): Promise<void> {
  await client.send(new CreateStreamCommand({ StreamName, ShardCount: 1 }));
  await waitUntilStreamExists({ client, maxWaitTime: 10, minDelay: 0.02, maxDelay: 0.1 }, { StreamName });
}

test('slices are on one shard in the order in which they were announced, also when nobody waited in between', async () => {
  const StreamName = 'slices';
  await createStream(StreamName);
  const stream = kinesisSliceStream({ client, streamName: StreamName });
  const slices = ['15:00', '15:01', '15:02', '15:03'].map((time) => emptySlice(`2014-03-05T${time}`));
  expect(stream.lastSequenceNumber()).toBeNull();
  await Promise.all(slices.map((slice) => stream.announce(slice)));
  const start = { StreamName, ShardId: SHARD, ShardIteratorType: 'TRIM_HORIZON' } as const;
  const { ShardIterator } = await client.send(new GetShardIteratorCommand(start));
  const { Records = [] } = await client.send(new GetRecordsCommand({ ShardIterator }));
  expect(Records.map(({ Data }) => decodeSlice(new TextDecoder().decode(Data)))).toEqual(slices);
  expect(stream.lastSequenceNumber()).toBe(Records.at(-1)?.SequenceNumber);
});

test('a slice that cannot be announced is an error, and does not stand in the way of the next', async () => {
  const stream = kinesisSliceStream({ client, streamName: 'later' });
  await expect(stream.announce(emptySlice('2014-03-05T15:00'))).rejects.toThrow(/later/);
  await createStream('later');
  await stream.announce(emptySlice('2014-03-05T15:01'));
  expect(stream.lastSequenceNumber()).not.toBeNull();
});
