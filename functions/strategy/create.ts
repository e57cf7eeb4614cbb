import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { dynamoBarHistory } from '#adapters/dynamodb/bar-history.ts';
import { dynamoClient } from '#adapters/dynamodb/client.ts';
import { dynamoLedger } from '#adapters/dynamodb/ledger.ts';
import { dynamoSliceLog } from '#adapters/dynamodb/slice-log.ts';
import { loadVetoModelIfPresent } from '#adapters/onnx/veto-model.ts';
import { sqsClient, sqsIntentQueue } from '#adapters/sqs/intent-queue.ts';
import { ssmClient, ssmModeSource } from '#adapters/ssm/mode-source.ts';
import { loadConfig } from '#config/load.ts';
import { strategyOf } from '#config/strategy.ts';
import { kindOf } from '#core/errors.ts';
import { cmeCalendar } from '#core/market/cme-hours.ts';
import { decodeSlice } from '#core/market/slice.ts';
import type { Clock, VetoModel } from '#core/ports.ts';
import type { Strategy } from '#core/strategy/strategy.ts';
import { makeTrader } from '#core/trader.ts';
import { readEnv } from '../env.ts';
import { failedSlicesMetric, strategyEnv } from './env.ts';
import { type BatchResponse, type KinesisBatch, kinesisBatch } from './kinesis-batch.ts';

/** Builds one strategy's handler: slices in order, a partial batch response at the first that fails. */
export async function createHandler(
  env: Readonly<Record<string, string | undefined>>,
  clock: Clock,
): Promise<(event: unknown, context: Context) => Promise<BatchResponse>> {
  const names = readEnv(strategyEnv, env);
  const strategy = strategyOf(loadConfig(names.CONFIG_FILE), names.STRATEGY_ID);
  const logger = new Logger({ serviceName: strategy.id });
  const metrics = new Metrics({
    namespace: failedSlicesMetric.namespace,
    serviceName: strategy.id,
    defaultDimensions: { environment: names.ENVIRONMENT },
  });
  const table = { client: dynamoClient(), tableName: names.BAR_TABLE };
  const calendar = cmeCalendar();
  const sliceLog = dynamoSliceLog(table);
  const trade = makeTrader(strategy, {
    sliceLog,
    ledger: dynamoLedger({ ...table, tableName: names.LEDGER_TABLE }),
    history: dynamoBarHistory({ ...table, sliceLog }),
    queue: sqsIntentQueue({ client: sqsClient(), queueUrl: names.INTENT_QUEUE_URL }),
    modes: ssmModeSource({
      client: ssmClient(),
      names: { global: names.GLOBAL_MODE_PARAMETER, own: names.STRATEGY_MODE_PARAMETER },
    }),
    models: await modelsOf(strategy, names.MODELS_DIR, logger),
    nonce: randomUUID,
    clock,
    calendar,
  });

  async function tradeInOrder(event: unknown): Promise<BatchResponse> {
    const batch: KinesisBatch = kinesisBatch(event);
    for (const { sequenceNumber, text } of batch) {
      try {
        const { seen, decisions, intents, troubles } = await trade(decodeSlice(text));
        for (const trouble of troubles) logger.error(trouble);
        if (troubles.length > 0) metrics.addMetric(failedSlicesMetric.name, MetricUnit.Count, troubles.length);
        metrics.addMetric('Slices', MetricUnit.Count, seen ? 0 : 1);
        metrics.addMetric('Intents', MetricUnit.Count, intents.length);
        for (const { id, action, reason, contract } of decisions)
          logger.info('decision', { id, action, reason, contract });
      } catch (error) {
        logger.error(`slice ${sequenceNumber} failed (${kindOf(error)})`, error as Error);
        metrics.addMetric(failedSlicesMetric.name, MetricUnit.Count, 1);
        return { batchItemFailures: [{ itemIdentifier: sequenceNumber }] };
      }
    }
    return { batchItemFailures: [] };
  }
  return middy(tradeInOrder).use(injectLambdaContext(logger)).use(logMetrics(metrics));
}

/** The models that the strategy's lines have. One that is refused counts as absent, and the policy says what follows. */
async function modelsOf(strategy: Strategy, folder: string, logger: Logger): Promise<Record<string, VetoModel>> {
  const models: Record<string, VetoModel> = {};
  if (strategy.veto === 'off') return models;
  for (const { root } of strategy.lines) {
    const model = await loadVetoModelIfPresent(join(folder, strategy.id, root)).catch((error: unknown) => {
      logger.error(`the model of ${strategy.id} ${root} is refused`, error as Error);
      return null;
    });
    if (model !== null) models[root] = model;
  }
  return models;
}
