import { describe, expect, test } from 'vitest';
import type { CloudTemplate, TemplateResource } from '#local/intrinsics.ts';
import { readTemplate } from '#local/template.ts';

const SQS = 'http://127.0.0.1:9999';

const resources: Record<string, TemplateResource> = {
  Ledger: {
    Type: 'AWS::DynamoDB::Table',
    Properties: {
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      SSESpecification: { KMSMasterKeyId: { 'Fn::ImportValue': 'only a deployment knows' } },
    },
  },
  Dead: { Type: 'AWS::SQS::Queue', Properties: { FifoQueue: true } },
  Intents: {
    Type: 'AWS::SQS::Queue',
    Properties: {
      FifoQueue: true,
      QueueName: { 'Fn::Join': ['-', ['intents', { Ref: 'AWS::Region' }, 'a.fifo']] },
      VisibilityTimeout: 60,
      RedrivePolicy: { deadLetterTargetArn: { 'Fn::GetAtt': ['Dead', 'Arn'] }, maxReceiveCount: 5 },
    },
  },
  Parked: { Type: 'AWS::SQS::Queue' },
  Slices: { Type: 'AWS::Kinesis::Stream', Properties: { ShardCount: 2 } },
  Consumer: {
    Type: 'AWS::Kinesis::StreamConsumer',
    Properties: { ConsumerName: 'fast', StreamARN: { 'Fn::GetAtt': ['Slices', 'Arn'] } },
  },
  Mode: {
    Type: 'AWS::SSM::Parameter',
    Properties: { Name: '/rooney/dev/mode/global', Type: 'String', Value: 'REDUCE_ONLY', AllowedPattern: '^RUN$' },
  },
  Strategy: {
    Type: 'AWS::Lambda::Function',
    Metadata: { 'rooney:entry': 'functions/strategy/handler.ts' },
    Properties: {
      Role: { 'Fn::GetAtt': ['Role', 'Arn'] },
      Timeout: 30,
      MemorySize: 1024,
      Environment: {
        Variables: {
          TABLE: { Ref: 'Ledger' },
          QUEUE: { Ref: 'Intents' },
          MODE: { Ref: 'Mode' },
          TEXT: { 'Fn::Sub': ['$' + '{Ledger.Arn}/$' + '{extra}', { extra: { Ref: 'Slices' } }] },
        },
      },
    },
  },
  Helper: { Type: 'AWS::Lambda::Function', Properties: { Code: { ZipFile: 'CDK puts some of its own there' } } },
  FromStream: {
    Type: 'AWS::Lambda::EventSourceMapping',
    Properties: {
      EventSourceArn: { 'Fn::GetAtt': ['Consumer', 'ConsumerARN'] },
      FunctionName: { Ref: 'Strategy' },
      BatchSize: 10,
      BisectBatchOnFunctionError: true,
      MaximumRetryAttempts: 3,
      MaximumRecordAgeInSeconds: 300,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      StartingPosition: 'TRIM_HORIZON',
      DestinationConfig: { OnFailure: { Destination: { 'Fn::GetAtt': ['Parked', 'Arn'] } } },
    },
  },
  FromQueue: {
    Type: 'AWS::Lambda::EventSourceMapping',
    Properties: {
      EventSourceArn: { 'Fn::GetAtt': ['Intents', 'Arn'] },
      FunctionName: { 'Fn::GetAtt': ['Strategy', 'Arn'] },
    },
  },
  Task: {
    Type: 'AWS::ECS::TaskDefinition',
    Properties: {
      ContainerDefinitions: [
        {
          Image: { 'Fn::Sub': '$' + '{AWS::AccountId}.dkr.ecr.$' + '{Unknown}' },
          Environment: [{ Name: 'STREAM_NAME', Value: { Ref: 'Slices' } }],
        },
      ],
    },
  },
};

function templateWith(change: Record<string, TemplateResource> = {}): CloudTemplate {
  return { Resources: { ...resources, ...change } };
}

describe('what the local cloud reads from a template', () => {
  const stack = readTemplate(templateWith(), SQS);

  test('resolves names, ARNs and URLs the way the emulators have them', () => {
    expect(stack.functions).toEqual([
      {
        name: 'Strategy',
        arn: 'arn:aws:lambda:us-east-1:000000000000:function:Strategy',
        entry: 'functions/strategy/handler.ts',
        timeoutMs: 30_000,
        memoryMb: 1024,
        reservedConcurrency: null,
        environment: {
          TABLE: 'Ledger',
          QUEUE: `${SQS}/000000000000/intents-us-east-1-a.fifo`,
          MODE: '/rooney/dev/mode/global',
          TEXT: 'arn:aws:dynamodb:us-east-1:000000000000:table/Ledger/Slices',
        },
      },
    ]);
    expect(stack.ingestEnvironment).toEqual({ STREAM_NAME: 'Slices' });
  });

  test('keeps what the emulators know of tables, queues and streams, and leaves out what only a deployment knows', () => {
    expect(stack.tables[0]).toEqual({
      name: 'Ledger',
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
    });
    expect(stack.queues.map(({ name }) => name)).toEqual(['Dead.fifo', 'intents-us-east-1-a.fifo', 'Parked']);
    expect(stack.queues[1]?.RedrivePolicy).toEqual({
      deadLetterTargetArn: 'arn:aws:sqs:us-east-1:000000000000:Dead.fifo',
      maxReceiveCount: 5,
    });
    expect(stack.streams).toEqual([{ name: 'Slices', shardCount: 2 }]);
  });

  test('gives mappings the settings of the template and the defaults of Lambda', () => {
    expect(stack.kinesisMappings[0]).toEqual({
      id: 'FromStream',
      functionName: 'Strategy',
      eventSourceArn: 'arn:aws:kinesis:us-east-1:000000000000:stream/Slices/consumer/fast:1',
      enabled: true,
      batchSize: 10,
      reportBatchItemFailures: true,
      startingPosition: 'TRIM_HORIZON',
      bisect: true,
      retriesMax: 3,
      recordAgeMaxMs: 300_000,
      onFailureArn: 'arn:aws:sqs:us-east-1:000000000000:Parked',
      concurrencyMax: null,
    });
    expect(stack.sqsMappings[0]).toMatchObject({
      functionName: 'Strategy',
      batchSize: 10,
      reportBatchItemFailures: false,
      retriesMax: -1,
      recordAgeMaxMs: -1,
    });
  });

  test.each([
    [
      'a setting of a mapping that the pump does not reproduce',
      { TumblingWindowInSeconds: 60 },
      /FromStream.*Tumbling/s,
    ],
    ['parallel invocations of one shard', { ParallelizationFactor: 2 }, /FromStream.*ParallelizationFactor/s],
    [
      'an intrinsic that only a deployment resolves',
      { EventSourceArn: { 'Fn::ImportValue': 'x' } },
      /FromStream.*ImportValue/s,
    ],
    [
      'an attribute nobody has locally',
      { EventSourceArn: { 'Fn::GetAtt': ['Ledger', 'StreamArn'] } },
      /StreamArn of AWS::D/,
    ],
    ['a resource that is not there', { FunctionName: { Ref: 'Nobody' } }, /FromStream.*Nobody/s],
  ])('refuses %s and says where it is', (_name, change, message) => {
    const mapping = { ...resources.FromStream!, Properties: { ...resources.FromStream!.Properties, ...change } };
    expect(() => readTemplate(templateWith({ FromStream: mapping }), SQS)).toThrow(message);
  });
});
