import { Duration } from 'aws-cdk-lib';
import { Stream, StreamConsumer, StreamEncryption, StreamMode } from 'aws-cdk-lib/aws-kinesis';
import { type IEventSource, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { KinesisConsumerEventSource, KinesisEventSource, SqsDlq } from 'aws-cdk-lib/aws-lambda-event-sources';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { StrategyConfig } from '#config/schema.ts';
import { STANDARD_CONSUMERS_MAX } from '#config/totals.ts';
import { contractError } from '#core/errors.ts';
import type { Keeping } from './keeping.ts';

/** How long a slice stays in the stream. The table keeps it for good, so this only has to cover a paused consumer. */
const RETENTION = Duration.hours(24);

/** The stream of slices. One shard: the order is total, and a slice a minute fills no fraction of it. */
export class MarketStream extends Construct {
  readonly stream: Stream;
  private standardConsumers = 0;

  constructor(scope: Construct, id: string, { keeping }: { readonly keeping: Keeping }) {
    super(scope, id);
    this.stream = new Stream(this, 'Slices', {
      streamMode: StreamMode.PROVISIONED,
      shardCount: 1,
      retentionPeriod: RETENTION,
      encryption: StreamEncryption.MANAGED,
      removalPolicy: keeping.removalPolicy,
    });
  }

  /**
   * What makes a function hear of slices: in order, from the oldest kept, giving up on a poison slice after a few
   * tries and parking it. Throws when more standard consumers are asked for than one shard serves.
   */
  eventsFor(unit: Construct, strategy: StrategyConfig, parked: Queue): IEventSource {
    const props = {
      startingPosition: StartingPosition.TRIM_HORIZON,
      batchSize: 10,
      parallelizationFactor: 1,
      reportBatchItemFailures: true,
      bisectBatchOnError: true,
      // Both are infinite by default, and a poison slice would block the strategy for as long.
      retryAttempts: 10,
      maxRecordAge: RETENTION,
      onFailure: new SqsDlq(parked),
    };
    if (strategy.latency === 'standard') {
      this.standardConsumers += 1;
      if (this.standardConsumers > STANDARD_CONSUMERS_MAX) {
        throw contractError(
          `strategy ${strategy.id} is standard consumer ${this.standardConsumers} of stream ${strategy.stream}, which ` +
            `serves ${STANDARD_CONSUMERS_MAX}; set its latency to fast`,
        );
      }
      return new KinesisEventSource(this.stream, props);
    }
    const consumer = new StreamConsumer(unit, 'Consumer', { stream: this.stream, streamConsumerName: strategy.id });
    return new KinesisConsumerEventSource(consumer, props);
  }
}
