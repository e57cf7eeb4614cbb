import { describe, expect, test } from 'vitest';
import { loadConfig } from '#config/load.ts';
import { barAgeMetric } from '#functions/bar-age/env.ts';
import { failedIntentsMetric, unknownOutcomesMetric } from '#functions/execution/env.ts';
import { failedSlicesMetric } from '#functions/strategy/env.ts';
import { configPath, ofType, type Properties, propertiesOf, templateOf } from './synthesised.ts';

const template = templateOf('dev');
const { strategies } = loadConfig(configPath('dev'));
const alarms = propertiesOf(template, 'AWS::CloudWatch::Alarm');

function on(metric: string): Properties[] {
  return alarms.filter(({ MetricName }) => MetricName === metric);
}

/** What the alarms on a metric are about, one text each. */
function subjects(metric: string): string[] {
  return on(metric).map(({ Dimensions }) => JSON.stringify(Dimensions));
}

describe('the alarms', () => {
  test('tell of a dead feed, and of a dead checker, within two minutes', () => {
    const [late] = on(barAgeMetric.name);
    expect(late).toMatchObject({
      Namespace: barAgeMetric.namespace,
      Statistic: 'Maximum',
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      Threshold: 1,
      Period: 60,
      EvaluationPeriods: 1,
      DatapointsToAlarm: 1,
      TreatMissingData: 'breaching',
      Dimensions: [
        { Name: 'environment', Value: 'dev' },
        { Name: 'service', Value: barAgeMetric.service },
      ],
    });
    expect(propertiesOf(template, 'AWS::Events::Rule')).toEqual([
      expect.objectContaining({ ScheduleExpression: 'rate(1 minute)', State: 'ENABLED' }),
    ]);
  });

  test('tell of every message in a dead-letter queue and of every parked slice', () => {
    const intents = propertiesOf(template, 'AWS::SQS::Queue').filter(
      ({ RedrivePolicy }) => RedrivePolicy !== undefined,
    );
    expect(intents).toHaveLength(strategies.length);
    expect(new Set(subjects('ApproximateNumberOfMessagesVisible')).size).toBe(2 * strategies.length);
    for (const alarm of on('ApproximateNumberOfMessagesVisible')) {
      expect(alarm).toMatchObject({ Threshold: 1, EvaluationPeriods: 1, TreatMissingData: 'notBreaching' });
    }
    for (const [id, queue] of ofType(template, 'AWS::SQS::Queue')) {
      const watched = subjects('ApproximateNumberOfMessagesVisible').some((text) => text.includes(`"${id}"`));
      expect(watched).toBe(queue.Properties!.RedrivePolicy === undefined);
    }
  });

  test('tell of every function that fails, and of a strategy that lags behind', () => {
    expect(new Set(subjects('Errors')).size).toBe(ofType(template, 'AWS::Lambda::Function').length);
    expect(new Set(subjects('IteratorAge')).size).toBe(strategies.length);
  });

  test('tell of what a function gave back as failed, which is no error of the function to Lambda', () => {
    for (const { namespace, name } of [failedSlicesMetric, failedIntentsMetric, unknownOutcomesMetric]) {
      expect(on(name).map(({ Dimensions }) => Dimensions)).toEqual(
        strategies.map(({ id }) => [
          { Name: 'environment', Value: 'dev' },
          { Name: 'service', Value: id },
        ]),
      );
      for (const alarm of on(name)) {
        expect(alarm).toMatchObject({ Namespace: namespace, Statistic: 'Sum', Threshold: 1, EvaluationPeriods: 1 });
      }
    }
  });

  test('are let onto their topic, whose own policy replaces the one that would let them', () => {
    const [[topic]] = ofType(template, 'AWS::SNS::Topic') as [[string, unknown]];
    const [policy] = propertiesOf(template, 'AWS::SNS::TopicPolicy');
    expect((policy!.PolicyDocument as { Statement: unknown[] }).Statement).toContainEqual(
      expect.objectContaining({
        Effect: 'Allow',
        Principal: { Service: 'cloudwatch.amazonaws.com' },
        Action: 'sns:Publish',
        Resource: { Ref: topic },
        Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
      }),
    );
  });

  test('all speak to one topic, when they begin and when they end', () => {
    const [[topic]] = ofType(template, 'AWS::SNS::Topic') as [[string, unknown]];
    for (const alarm of alarms) {
      expect(alarm).toMatchObject({ AlarmActions: [{ Ref: topic }], OKActions: [{ Ref: topic }] });
      expect(alarm.AlarmDescription).toMatch(/log|dead-letter queue/);
    }
  });
});
