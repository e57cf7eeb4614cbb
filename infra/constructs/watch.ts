import { Duration, Stack } from 'aws-cdk-lib';
import { Alarm, type IMetric, Metric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Config } from '#config/schema.ts';
import { failedIntentsMetric, unknownOutcomesMetric } from '#functions/execution/env.ts';
import { failedSlicesMetric } from '#functions/strategy/env.ts';
import type { BarAge } from './bar-age.ts';
import type { StrategyUnit } from './strategy-unit.ts';

const MINUTE = Duration.minutes(1);

/** What is watched. */
export interface WatchProps {
  readonly config: Config;
  readonly barAge: BarAge;
  readonly units: readonly StrategyUnit[];
}

interface Bound {
  readonly metric: IMetric;
  /** Value that raises the alarm. */
  readonly from: number;
  /** Minutes in a row. */
  readonly minutes: number;
  readonly missing?: TreatMissingData;
  /** The state is shown, but nobody is told. */
  readonly silent?: boolean;
  readonly description: string;
}

/** The alarms, and the topic they all speak to. */
export class Watch extends Construct {
  readonly topic: Topic;
  private readonly action: SnsAction;

  constructor(scope: Construct, id: string, { config, barAge, units }: WatchProps) {
    super(scope, id);
    this.topic = new Topic(this, 'Alarms', { enforceSSL: true });
    // A topic with a policy of its own has lost the default one, which let alarms of the account speak to it.
    this.topic.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [this.topic.topicArn],
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    );
    this.action = new SnsAction(this.topic);
    if (config.alerts.email !== undefined) this.topic.addSubscription(new EmailSubscription(config.alerts.email));
    this.watchBars(barAge, config);
    for (const unit of units) this.watchUnit(unit, config);
  }

  private watchBars(barAge: BarAge, { ingest }: Config): void {
    this.alarm('BarAge', {
      metric: barAge.minutes,
      // One look a minute, half a minute of grace: a dead feed is known 90 to 150 s after its last minute.
      from: 1,
      minutes: 1,
      // The checker speaks around the clock, so silence means that it is dead.
      missing: TreatMissingData.BREACHING,
      // Where nothing feeds the environment its bars are always late, and nobody has to be told.
      silent: ingest.feed === 'none',
      description: 'A minute of session has no slice, or nobody looked. See the log of the ingest service.',
    });
    this.watchErrors('BarAgeErrors', barAge.checker);
  }

  private watchUnit(unit: StrategyUnit, { environment }: Config): void {
    const { strategyId, strategy, execution, intents, parked } = unit;
    this.alarm(`${strategyId}-IteratorAge`, {
      metric: strategy.metric('IteratorAge', { statistic: 'Maximum', period: MINUTE }),
      from: Duration.minutes(2).toMilliseconds(),
      minutes: 3,
      description: `${strategyId} decides on slices that are older than two minutes. See the log of its function.`,
    });
    this.watchErrors(`${strategyId}-StrategyErrors`, strategy);
    this.watchErrors(`${strategyId}-ExecutionErrors`, execution);
    // What a function reports as a failed item of its batch is no error of the function to Lambda.
    for (const { namespace, name } of [failedSlicesMetric, failedIntentsMetric, unknownOutcomesMetric]) {
      const dimensionsMap = { service: strategyId, environment };
      this.alarm(`${strategyId}-${name}`, {
        metric: new Metric({ namespace, metricName: name, dimensionsMap, statistic: 'Sum', period: MINUTE }),
        from: 1,
        minutes: 1,
        description: `${strategyId}-${name}: something failed or its outcome is not known; see the log of its function.`,
      });
    }
    this.watchDepth(`${strategyId}-ParkedSlices`, parked);
    this.watchDepth(`${strategyId}-DeadIntents`, intents.deadLetters);
  }

  private watchErrors(id: string, fn: IFunction): void {
    this.alarm(id, {
      metric: fn.metricErrors({ statistic: 'Sum', period: MINUTE }),
      from: 1,
      minutes: 1,
      description: `${id}: an invocation failed; see its log.`,
    });
  }

  private watchDepth(id: string, queue: Queue): void {
    this.alarm(id, {
      metric: queue.metricApproximateNumberOfMessagesVisible({ statistic: 'Maximum', period: MINUTE }),
      from: 1,
      minutes: 1,
      description: `${id}: something could not be worked on and waits in the dead-letter queue to be looked at.`,
    });
  }

  private alarm(id: string, { metric, from, minutes, missing, silent, description }: Bound): Alarm {
    const alarm = new Alarm(this, id, {
      metric,
      threshold: from,
      evaluationPeriods: minutes,
      datapointsToAlarm: minutes,
      treatMissingData: missing ?? TreatMissingData.NOT_BREACHING,
      alarmDescription: description,
      actionsEnabled: silent !== true,
    });
    alarm.addAlarmAction(this.action);
    alarm.addOkAction(this.action);
    return alarm;
  }
}
