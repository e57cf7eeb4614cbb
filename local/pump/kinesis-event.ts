import type { _Record } from '@aws-sdk/client-kinesis';
import { LOCAL_ACCOUNT, LOCAL_REGION } from '../emulators/emulators.ts';

/** A record as the pump keeps it between two tries. */
export interface ShardRecord {
  readonly sequenceNumber: string;
  readonly partitionKey: string;
  /** Base64. */
  readonly content: string;
  readonly arrivedMs: number;
}

/** Where the records of a mapping come from. */
export interface ShardSource {
  readonly eventSourceArn: string;
  readonly streamArn: string;
  readonly shardId: string;
}

/** Takes what the SDK returned for one record. */
export function shardRecord(record: _Record): ShardRecord {
  return {
    sequenceNumber: record.SequenceNumber ?? '',
    partitionKey: record.PartitionKey ?? '',
    content: Buffer.from(record.Data ?? []).toString('base64'),
    arrivedMs: record.ApproximateArrivalTimestamp?.getTime() ?? 0,
  };
}

/** The event Lambda makes of a batch. Arrival times are in seconds with a fraction. */
export function kinesisEvent(batch: readonly ShardRecord[], source: ShardSource): object {
  return {
    Records: batch.map((record) => ({
      kinesis: {
        kinesisSchemaVersion: '1.0',
        partitionKey: record.partitionKey,
        sequenceNumber: record.sequenceNumber,
        data: record.content,
        approximateArrivalTimestamp: record.arrivedMs / 1000,
      },
      eventSource: 'aws:kinesis',
      eventVersion: '1.0',
      eventID: `${source.shardId}:${record.sequenceNumber}`,
      eventName: 'aws:kinesis:record',
      invokeIdentityArn: `arn:aws:iam::${LOCAL_ACCOUNT}:role/local`,
      awsRegion: LOCAL_REGION,
      eventSourceARN: source.eventSourceArn,
    })),
  };
}

/** Why and when a stretch of records was given up. */
export interface Discard {
  readonly batch: readonly ShardRecord[];
  readonly condition: 'RetryAttemptsExhausted' | 'RecordAgeExceeded';
  readonly invocations: number;
  /** Null when the last failure was a partial response. */
  readonly functionError: 'Unhandled' | null;
}

/** The message Lambda sends to an on-failure queue: metadata only, never the records. */
export function discardMessage(
  discard: Discard,
  source: ShardSource & { readonly functionArn: string; readonly requestId: string; readonly timeMs: number },
): object {
  const { batch, condition } = discard;
  const [first] = batch;
  const last = batch.at(-1);
  const exhausted = condition === 'RetryAttemptsExhausted';
  return {
    requestContext: {
      requestId: source.requestId,
      functionArn: `${source.functionArn}:$LATEST`,
      condition,
      approximateInvokeCount: discard.invocations,
    },
    ...(exhausted && {
      responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: discard.functionError },
    }),
    version: '1.0',
    timestamp: new Date(source.timeMs).toISOString(),
    KinesisBatchInfo: {
      shardId: source.shardId,
      startSequenceNumber: first?.sequenceNumber,
      endSequenceNumber: last?.sequenceNumber,
      approximateArrivalOfFirstRecord: new Date(first?.arrivedMs ?? 0).toISOString(),
      approximateArrivalOfLastRecord: new Date(last?.arrivedMs ?? 0).toISOString(),
      batchSize: batch.length,
      streamArn: source.streamArn,
    },
  };
}
