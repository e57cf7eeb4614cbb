import { describe, expect, test } from 'vitest';
import { loadConfig } from '#config/load.ts';
import type { Resource } from '#infra/template.ts';
import {
  configPath,
  ofType,
  type Properties,
  propertiesOf,
  statementsOf,
  templateOf,
  variablesOf,
} from './synthesised.ts';

const template = templateOf('dev');
const config = loadConfig(configPath('dev'));

/** The logical id that a reference or an attribute of a resource names. */
function target(value: unknown): string {
  const { Ref, 'Fn::GetAtt': attribute } = value as { Ref?: string; 'Fn::GetAtt'?: [string, string] };
  return Ref ?? attribute![0];
}

function resource(id: unknown): Resource {
  return template.Resources[target(id)]!;
}

function functionsOf(strategyId: string): { id: string; entry: unknown; properties: Properties }[] {
  return ofType(template, 'AWS::Lambda::Function')
    .filter(([, fn]) => variablesOf(fn.Properties!).STRATEGY_ID === strategyId)
    .map(([id, fn]) => ({ id, entry: fn.Metadata!['rooney:entry'], properties: fn.Properties! }));
}

function mappingOf(functionId: string): Properties {
  const found = propertiesOf(template, 'AWS::Lambda::EventSourceMapping').filter(
    ({ FunctionName }) => target(FunctionName) === functionId,
  );
  expect(found).toHaveLength(1);
  return found[0]!;
}

describe.each(config.strategies)('the unit of strategy $id', (strategy) => {
  const functions = functionsOf(strategy.id);
  const [decides, executes] = functions;
  const slices = mappingOf(decides!.id);
  const intents = mappingOf(executes!.id);

  test('is one strategy function and one execution function, named by the file they start from', () => {
    expect(functions.map(({ entry }) => entry)).toEqual([
      'functions/strategy/handler.ts',
      'functions/execution/handler.ts',
    ]);
  });

  test('hears of slices in order, from the oldest kept, by the consumer its latency asks for', () => {
    expect(slices).toMatchObject({ StartingPosition: 'TRIM_HORIZON', ParallelizationFactor: 1, BatchSize: 10 });
    expect(resource(slices.EventSourceArn).Type).toBe(
      strategy.latency === 'fast' ? 'AWS::Kinesis::StreamConsumer' : 'AWS::Kinesis::Stream',
    );
  });

  test('gives up on a poison slice after finite tries, splits the batch before, and parks it in a standard queue', () => {
    expect(slices.MaximumRetryAttempts).toBeGreaterThan(0);
    expect(slices.MaximumRetryAttempts).toBeLessThanOrEqual(20);
    expect(slices.MaximumRecordAgeInSeconds).toBeGreaterThan(0);
    expect(slices.BisectBatchOnFunctionError).toBe(true);
    const { Destination } = (slices.DestinationConfig as { OnFailure: { Destination: unknown } }).OnFailure;
    expect(resource(Destination)).toMatchObject({ Type: 'AWS::SQS::Queue' });
    expect(resource(Destination).Properties!.FifoQueue).toBeUndefined();
    const send = statementsOf(template, decides!.properties).find(({ Action }) => Action.includes('sqs:SendMessage'));
    expect([send!.Resource].flat()).toContainEqual(Destination);
  });

  test('reports which item failed, for slices and for intents', () => {
    for (const { FunctionResponseTypes } of [slices, intents]) {
      expect(FunctionResponseTypes).toEqual(['ReportBatchItemFailures']);
    }
  });

  test('sends intents through a FIFO queue of its own that deduplicates by id, never by content', () => {
    const queue = resource(intents.EventSourceArn).Properties!;
    expect(queue).toMatchObject({ FifoQueue: true, ContentBasedDeduplication: false });
    expect(variablesOf(decides!.properties).INTENT_QUEUE_URL).toEqual({ Ref: target(intents.EventSourceArn) });
    expect(intents.BatchSize).toBe(1);
  });

  test('retries an intent after six timeouts of its function, five times, then keeps it in a FIFO dead-letter queue', () => {
    const queue = resource(intents.EventSourceArn).Properties!;
    // 5 s from claim to POST, 8.5 s for the POST, and time to settle; no longer, because it delays the next try.
    expect(executes!.properties.Timeout).toBe(20);
    expect(queue.VisibilityTimeout).toBeGreaterThanOrEqual(6 * (executes!.properties.Timeout as number));
    const redrive = queue.RedrivePolicy as { maxReceiveCount: number; deadLetterTargetArn: unknown };
    expect(redrive.maxReceiveCount).toBe(5);
    expect(resource(redrive.deadLetterTargetArn).Properties).toMatchObject({
      FifoQueue: true,
      MessageRetentionPeriod: 1_209_600,
    });
  });

  test('runs on the Node and the processor that the ONNX layer was made for', () => {
    expect(decides!.properties).toMatchObject({ Runtime: 'nodejs24.x', Architectures: ['x86_64'], MemorySize: 1024 });
    const [layer] = decides!.properties.Layers as unknown[];
    expect(resource(layer)).toMatchObject({
      Type: 'AWS::Lambda::LayerVersion',
      Properties: { CompatibleArchitectures: ['x86_64'], CompatibleRuntimes: ['nodejs24.x'] },
    });
  });
});

describe('strategies', () => {
  test('share no function, queue, consumer or mode', () => {
    const owned = config.strategies.flatMap(({ id }) => {
      const { INTENT_QUEUE_URL, STRATEGY_MODE_PARAMETER } = variablesOf(functionsOf(id)[0]!.properties);
      const { DestinationConfig } = mappingOf(functionsOf(id)[0]!.id);
      return [INTENT_QUEUE_URL, STRATEGY_MODE_PARAMETER, DestinationConfig].map((value) => JSON.stringify(value));
    });
    expect(new Set(owned).size).toBe(3 * config.strategies.length);
    expect(ofType(template, 'AWS::SQS::Queue')).toHaveLength(3 * config.strategies.length);
    expect(ofType(template, 'AWS::Lambda::EventSourceMapping')).toHaveLength(2 * config.strategies.length);
  });
});
