import { App, Stack } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '#config/load.ts';
import { parkedSlices } from '#infra/constructs/intent-queue.ts';
import { keepingOf } from '#infra/constructs/keeping.ts';
import { MarketStream } from '#infra/constructs/market-stream.ts';
import { addEnvironment, createApp } from '#infra/rooney-app.ts';
import { configPath, ofType, propertiesOf, templateOf, variablesOf } from './synthesised.ts';

const environments = ['dev', 'paper', 'prod'].map((environment) => ({
  environment,
  config: loadConfig(configPath(environment)),
  template: templateOf(environment),
}));
const prod = environments[2]!.template;

describe.each(environments)('the template of $environment', ({ config, template }) => {
  test('holds no address of a webhook and no value of a secret, only names', () => {
    const text = JSON.stringify(template);
    // The simulator beside the service has an address, which leads nowhere else.
    expect(text).not.toMatch(/https?:(?!\/\/127\.0\.0\.1)|traderspost\.io|\/webhook\//i);
    expect(ofType(template, 'AWS::SecretsManager::Secret')).toEqual([]);
    expect(text).not.toContain('{{resolve:');
  });

  test('has one unit for each strategy and the checker of bars, and no other function', () => {
    const ids = propertiesOf(template, 'AWS::Lambda::Function').map((fn) => variablesOf(fn).STRATEGY_ID);
    expect(ids).toEqual([...config.strategies.flatMap(({ id }) => [id, id]), undefined]);
  });

  test('pays for no NAT gateway and lets nothing in', () => {
    expect(ofType(template, 'AWS::EC2::NatGateway')).toEqual([]);
    expect(ofType(template, 'AWS::EC2::SecurityGroupIngress')).toEqual([]);
    const groups = propertiesOf(template, 'AWS::EC2::SecurityGroup');
    expect(groups.map(({ SecurityGroupIngress }) => SecurityGroupIngress)).toEqual([undefined]);
    expect(ofType(template, 'AWS::EC2::VPCEndpoint')).toHaveLength(2);
  });

  test('needs no answer of AWS to be made', () => {
    expect(JSON.stringify(template)).not.toMatch(/dummy|12345/);
    expect(propertiesOf(template, 'AWS::EC2::Subnet').map(({ AvailabilityZone }) => AvailabilityZone)).toEqual(
      [0, 1].map((zone) => ({ 'Fn::Select': [zone, { 'Fn::GetAZs': '' }] })),
    );
  });

  test('runs the ingest service only where something feeds it, and says nothing of late bars elsewhere', () => {
    const [service] = propertiesOf(template, 'AWS::ECS::Service');
    const late = propertiesOf(template, 'AWS::CloudWatch::Alarm').find(
      ({ MetricName }) => MetricName === 'BarAgeMinutes',
    );
    const fed = config.ingest.feed !== 'none';
    expect([service!.DesiredCount !== 0, late!.ActionsEnabled]).toEqual([fed, fed]);
    expect(service!.DeploymentConfiguration).toMatchObject({
      DeploymentCircuitBreaker: { Enable: true, Rollback: true },
    });
  });

  test('keeps every log for a stated time', () => {
    const groups = propertiesOf(template, 'AWS::Logs::LogGroup');
    expect(groups).toHaveLength(ofType(template, 'AWS::Lambda::Function').length + 1);
    expect(groups.filter(({ RetentionInDays }) => RetentionInDays === undefined)).toEqual([]);
  });

  test('encrypts the stream, and can restore any second of the last weeks of its tables', () => {
    expect(propertiesOf(template, 'AWS::Kinesis::Stream')).toEqual([
      expect.objectContaining({
        ShardCount: 1,
        StreamEncryption: { EncryptionType: 'KMS', KeyId: 'alias/aws/kinesis' },
      }),
    ]);
    for (const table of propertiesOf(template, 'AWS::DynamoDB::Table')) {
      expect(table.PointInTimeRecoverySpecification).toEqual({ PointInTimeRecoveryEnabled: true });
    }
  });

  test('has nothing that the AWS Solutions rules find, but what is acknowledged with a reason', () => {
    const app = createApp({ templateOnly: true });
    const stack = addEnvironment(app, configPath(config.environment));
    expect(new AwsSolutionsChecks(app).validateScope(stack).violations).toEqual([]);
  });
});

describe('production', () => {
  test('survives the removal of its stack: records are kept and cannot be deleted by mistake', () => {
    for (const type of ['AWS::DynamoDB::Table', 'AWS::Kinesis::Stream', 'AWS::Logs::LogGroup']) {
      const kept = ofType(prod, type);
      expect(kept.length).toBeGreaterThan(0);
      for (const [, resource] of kept) expect(resource).toMatchObject({ DeletionPolicy: 'Retain' });
    }
    for (const table of propertiesOf(prod, 'AWS::DynamoDB::Table')) expect(table.DeletionProtectionEnabled).toBe(true);
  });
});

describe('the stream', () => {
  test('refuses a fifth standard consumer, and takes a fast one beside four', () => {
    const stack = new Stack(new App());
    const market = new MarketStream(stack, 'Market', { keeping: keepingOf('dev') });
    const parked = parkedSlices(stack);
    const strategy = environments[0]!.config.strategies[0]!;
    const standard = { ...strategy, latency: 'standard' } as const;
    for (let n = 1; n <= 4; n++) market.eventsFor(stack, standard, parked);
    market.eventsFor(stack, { ...strategy, latency: 'fast' }, parked);
    expect(() => market.eventsFor(stack, standard, parked)).toThrow(/standard consumer 5 .*latency to fast/);
  });
});
