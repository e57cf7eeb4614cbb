import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Duration, Validations } from 'aws-cdk-lib';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { AccountConfig, StrategyConfig } from '#config/schema.ts';
import type { EnvOf } from '#functions/env.ts';
import type { executionEnv } from '#functions/execution/env.ts';
import type { strategyEnv } from '#functions/strategy/env.ts';
import { EXECUTION_TIMEOUT, IntentQueue, parkedSlices } from './intent-queue.ts';
import type { Keeping } from './keeping.ts';
import { repository } from './lambda-code.ts';
import type { MarketStream } from './market-stream.ts';
import { grantReadModes, type Modes } from './modes.ts';
import type { OnnxLayer } from './onnx-layer.ts';
import { RooneyFunction } from './rooney-function.ts';
import type { Tables } from './tables.ts';

/** What a unit is made from, and the parts of the environment it joins. */
export interface StrategyUnitProps {
  readonly environment: string;
  /** File of the configuration, absolute; it goes into the function as it is. */
  readonly configPath: string;
  readonly strategy: StrategyConfig;
  readonly account: AccountConfig;
  readonly market: MarketStream;
  readonly tables: Tables;
  readonly modes: Modes;
  readonly onnx: OnnxLayer;
  readonly keeping: Keeping;
}

/** Everything one strategy has to itself: two functions with their roles, a queue, dead letters, a mode. */
export class StrategyUnit extends Construct {
  readonly strategyId: string;
  readonly strategy: RooneyFunction;
  readonly execution: RooneyFunction;
  readonly intents: IntentQueue;
  readonly parked: Queue;

  constructor(scope: Construct, id: string, props: StrategyUnitProps) {
    super(scope, id);
    this.strategyId = props.strategy.id;
    this.intents = new IntentQueue(this, 'Intents');
    this.parked = parkedSlices(this);
    Validations.of(this.parked).acknowledge({
      id: 'AwsSolutions-SQS3',
      reason: 'This is where failures end: its messages are only looked at, and its depth raises an alarm.',
    });
    const own = {
      ENVIRONMENT: props.environment,
      STRATEGY_ID: props.strategy.id,
      LEDGER_TABLE: props.tables.ledger.tableName,
    };
    this.strategy = this.strategyFunction(props, own);
    this.execution = this.executionFunction(props, own);
    for (const grantee of [this.strategy, this.execution]) props.tables.grantLedger(grantee, props.strategy.id);
  }

  private strategyFunction(props: StrategyUnitProps, own: OwnEnv): RooneyFunction {
    const { strategy, market, tables, modes, onnx, keeping, configPath } = props;
    const mode = modes.of(strategy.id);
    const models = `models/${strategy.id}`;
    const env: EnvOf<typeof strategyEnv> = {
      ...own,
      CONFIG_FILE: 'config.yml',
      MODELS_DIR: 'models',
      BAR_TABLE: tables.bars.tableName,
      INTENT_QUEUE_URL: this.intents.queue.queueUrl,
      GLOBAL_MODE_PARAMETER: modes.global.ref,
      STRATEGY_MODE_PARAMETER: mode.ref,
    };
    const fn = new RooneyFunction(this, 'Strategy', {
      entry: 'functions/strategy/handler.ts',
      files: [
        { from: configPath, to: 'config.yml' },
        ...(existsSync(join(repository, models)) ? [{ from: join(repository, models), to: models }] : []),
      ],
      environment: env,
      memoryMiB: 1024,
      timeout: Duration.seconds(30),
      layers: [onnx],
      keeping,
    });
    fn.addEventSource(market.eventsFor(this, strategy, this.parked));
    tables.grantReadBars(fn);
    grantReadModes(fn, [modes.global, mode]);
    this.intents.queue.grantSendMessages(fn);
    return fn;
  }

  private executionFunction(props: StrategyUnitProps, own: OwnEnv): RooneyFunction {
    const { account, keeping } = props;
    const env: EnvOf<typeof executionEnv> = {
      ...own,
      INTENT_QUEUE_URL: this.intents.queue.queueUrl,
      ROUTE: account.route,
      WEBHOOK_SECRET_NAME: account.webhookSecret ?? '',
    };
    const fn = new RooneyFunction(this, 'Execution', {
      entry: 'functions/execution/handler.ts',
      environment: env,
      memoryMiB: 512,
      timeout: EXECUTION_TIMEOUT,
      keeping,
    });
    // One at a time: an intent that fails holds up nothing but its own group.
    fn.addEventSource(new SqsEventSource(this.intents.queue, { batchSize: 1, reportBatchItemFailures: true }));
    if (account.webhookSecret !== undefined) {
      Secret.fromSecretNameV2(this, 'Webhook', account.webhookSecret).grantRead(fn);
    }
    return fn;
  }
}

/** Variables that both functions of a unit have. */
type OwnEnv = Pick<EnvOf<typeof strategyEnv>, 'ENVIRONMENT' | 'STRATEGY_ID' | 'LEDGER_TABLE'>;
