import { PutRecordCommand } from '@aws-sdk/client-kinesis';
import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { afterEach, describe, expect, test } from 'vitest';
import { createCloud, type LocalCloud } from '#local/cloud.ts';
import type { CloudTemplate } from '#local/intrinsics.ts';
import { createReplayClock, type ReplayClock } from '#local/replay-clock.ts';
import type { SeenInvocation } from './emulated-pump.ts';

const entry = { 'rooney:entry': 'test/local/fixtures/scripted/handler.ts' };
const mappingTo = (id: string, retriesMax: number): Record<string, unknown> => ({
  EventSourceArn: { 'Fn::GetAtt': ['Slices', 'Arn'] },
  FunctionName: { Ref: id },
  StartingPosition: 'TRIM_HORIZON',
  FunctionResponseTypes: ['ReportBatchItemFailures'],
  MaximumRetryAttempts: retriesMax,
  DestinationConfig: { OnFailure: { Destination: { 'Fn::GetAtt': ['Parked', 'Arn'] } } },
});
const template: CloudTemplate = {
  Resources: {
    Slices: { Type: 'AWS::Kinesis::Stream', Properties: { ShardCount: 1 } },
    Parked: { Type: 'AWS::SQS::Queue' },
    One: {
      Type: 'AWS::Lambda::Function',
      Metadata: entry,
      Properties: {
        Timeout: 5,
        MemorySize: 256,
        Environment: { Variables: { CONFIG_FILE: 'config.yml', MODELS_DIR: 'models' } },
      },
    },
    Two: { Type: 'AWS::Lambda::Function', Metadata: entry, Properties: { Timeout: 5, MemorySize: 256 } },
    OneSource: { Type: 'AWS::Lambda::EventSourceMapping', Properties: mappingTo('One', 1) },
    TwoSource: { Type: 'AWS::Lambda::EventSourceMapping', Properties: mappingTo('Two', 1) },
  },
};

let cloud: LocalCloud | null = null;
let clock: ReplayClock;
const seen: Record<string, SeenInvocation[]> = { One: [], Two: [] };
const troubles: string[] = [];
afterEach(async () => {
  await cloud?.stop();
  cloud = null;
});

async function started(): Promise<LocalCloud> {
  clock = createReplayClock();
  cloud = await createCloud({
    rootFolder: process.cwd(),
    configPath: '/checkout/config/dev.yml',
    template: Promise.resolve(template),
    clock,
    pace: 'stepped',
    onOutput: (name, text) => seen[name]?.push(JSON.parse(text) as SeenInvocation),
    onTrouble: (text) => troubles.push(text),
    onFailure: (error) => expect.unreachable(error.message),
  });
  await cloud.start();
  return cloud;
}

/** Puts a record, announces it as a slice that closed at `closeTimeMs`, and waits until all is done with. */
async function announce(running: LocalCloud, text: string, closeTimeMs: number): Promise<void> {
  await running.clients.kinesis.send(
    new PutRecordCommand({ StreamName: 'Slices', PartitionKey: 'slices', Data: Buffer.from(text) }),
  );
  running.announced(closeTimeMs);
  await running.untilQuiet(new AbortController().signal);
}

describe('a local cloud in lock-step', () => {
  test('every function has seen a slice, at its time, before the next one', async () => {
    const running = await started();
    for (const closeTimeMs of [60_000, 120_000, 180_000]) {
      await announce(running, JSON.stringify({ closeTimeMs }), closeTimeMs);
      const counts = Object.values(seen).map(
        (invocations) => invocations.filter(({ now }) => now === closeTimeMs).length,
      );
      // A slice is no word the function knows, so it fails once, is tried once more and is given up.
      expect(counts).toEqual([2, 2]);
    }
    expect(clock.now()).toBe(180_000);
    const { Attributes } = await running.clients.sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: 'Parked', AttributeNames: ['ApproximateNumberOfMessages'] }),
    );
    expect(Attributes).toEqual({ ApproximateNumberOfMessages: '6' });
    expect(troubles.filter((text) => text === 'One: gave up 1 records, RetryAttemptsExhausted')).toHaveLength(3);
    expect(running.stack.kinesisMappings).toHaveLength(2);
  });

  test('a function finds what lies beside its bundle in the cloud where the checkout has it', async () => {
    await announce(await started(), 'ok', 60_000);
    expect(seen.One?.at(-1)?.environment).toMatchObject({
      CONFIG_FILE: '/checkout/config/dev.yml',
      MODELS_DIR: `${process.cwd()}/models`,
      AWS_LAMBDA_FUNCTION_NAME: 'One',
    });
    expect(seen.One?.at(-1)?.environment).not.toHaveProperty('PATH');
  });
});
