import { Duration } from 'aws-cdk-lib';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { Construct } from 'constructs';
import { type barAgeEnv, barAgeMetric } from '#functions/bar-age/env.ts';
import type { EnvOf } from '#functions/env.ts';
import type { Keeping } from './keeping.ts';
import { RooneyFunction } from './rooney-function.ts';
import type { Tables } from './tables.ts';

/** What the checker looks at. */
export interface BarAgeProps {
  readonly environment: string;
  readonly universe: readonly string[];
  readonly tables: Tables;
  readonly keeping: Keeping;
}

/** Says every minute, around the clock, how many minutes late the newest bar is: zero while the market is closed. */
export class BarAge extends Construct {
  readonly checker: RooneyFunction;
  /** Minutes; emitted by the checker. */
  readonly minutes: Metric;

  constructor(scope: Construct, id: string, { environment, universe, tables, keeping }: BarAgeProps) {
    super(scope, id);
    const env: EnvOf<typeof barAgeEnv> = {
      ENVIRONMENT: environment,
      BAR_TABLE: tables.bars.tableName,
      UNIVERSE: universe.join(','),
    };
    this.checker = new RooneyFunction(this, 'Checker', {
      entry: 'functions/bar-age/handler.ts',
      environment: env,
      memoryMiB: 256,
      timeout: Duration.seconds(10),
      keeping,
    });
    tables.grantReadBars(this.checker);
    // A late look at the clock says nothing, so a failed one is not repeated: the next minute comes anyway.
    const target = new LambdaFunction(this.checker, { retryAttempts: 0, maxEventAge: Duration.minutes(1) });
    new Rule(this, 'EveryMinute', { schedule: Schedule.rate(Duration.minutes(1)), targets: [target] });
    this.minutes = new Metric({
      namespace: barAgeMetric.namespace,
      metricName: barAgeMetric.name,
      dimensionsMap: { service: barAgeMetric.service, environment },
      statistic: 'Maximum',
      period: Duration.minutes(1),
    });
  }
}
