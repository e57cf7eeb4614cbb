import { randomUUID } from 'node:crypto';
import { processPartialResponse, SqsFifoPartialProcessorAsync } from '@aws-lambda-powertools/batch';
import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware';
import middy from '@middy/core';
import type { Context, SQSEvent, SQSRecord } from 'aws-lambda';
import { dynamoClient } from '#adapters/dynamodb/client.ts';
import { dynamoLedger } from '#adapters/dynamodb/ledger.ts';
import { noneRoute } from '#adapters/none-route.ts';
import { rememberedSecret, type Secret, secretsClient } from '#adapters/secrets/secret.ts';
import { retrySoon, sqsClient } from '#adapters/sqs/intent-queue.ts';
import { tradersPostRoute } from '#adapters/traderspost/client.ts';
import { kindOf } from '#core/errors.ts';
import { type Executed, makeExecutor } from '#core/executor.ts';
import { cmeCalendar } from '#core/market/cme-hours.ts';
import type { Clock, OrderRoute } from '#core/ports.ts';
import { decodeIntent } from '#core/trading/intent-message.ts';
import { readEnv } from '../env.ts';
import { executionEnv, failedIntentsMetric, unknownOutcomesMetric } from './env.ts';

/**
 * A POST takes at most their sum, 8 s, which the function's timeout allows for. TradersPost answers in 0.4 s and its own
 * clients wait 5 s or 10 s; a longer wait would hold up the exits behind a function that died for six times as long.
 */
const POST_LIMITS = { connectTimeoutMs: 2_000, headersTimeoutMs: 5_000, bodyTimeoutMs: 1_000 };

/** Builds one strategy's execution handler: intents of a group in order; all from the first failure on come again. */
export async function createHandler(
  env: Readonly<Record<string, string | undefined>>,
  clock: Clock,
): Promise<(event: SQSEvent, context: Context) => Promise<unknown>> {
  const names = readEnv(executionEnv, env);
  const logger = new Logger({ serviceName: `${names.STRATEGY_ID}-execution` });
  const metrics = new Metrics({
    namespace: failedIntentsMetric.namespace,
    serviceName: names.STRATEGY_ID,
    defaultDimensions: { environment: names.ENVIRONMENT },
  });
  const webhook = names.ROUTE === 'none' ? null : rememberedSecret(secretsClient(), names.WEBHOOK_SECRET_NAME);
  const route: OrderRoute =
    webhook === null ? noneRoute() : tradersPostRoute({ webhookUrl: webhook.known, ...POST_LIMITS });
  const ledger = dynamoLedger({ client: dynamoClient(), tableName: names.LEDGER_TABLE });
  await readAhead(webhook, logger);
  // Connects and loads what the first order would otherwise wait for; what it reads is read again by every claim.
  await ledger.load(names.STRATEGY_ID).catch((error: Error) => logger.error('the ledger could not be read', error));
  const execute = makeExecutor(names.STRATEGY_ID, {
    ledger,
    route,
    calendar: cmeCalendar(),
    nonce: randomUUID,
    clock,
  });

  const retry = retrySoon({ client: sqsClient(), queueUrl: names.INTENT_QUEUE_URL });

  async function executeRecord({ messageId, body, receiptHandle }: SQSRecord): Promise<void> {
    try {
      const intent = decodeIntent(body, `message ${messageId}`);
      await readAhead(webhook, logger);
      const executed = await execute(intent);
      logger.info('intent', { id: intent.id, executed });
      const outcome = executed.kind === 'settled' ? executed.outcome.kind : executed.kind;
      metrics.addMetric(`Intent-${outcome}`, MetricUnit.Count, 1);
      if (outcome === 'unknown') metrics.addMetric(unknownOutcomesMetric.name, MetricUnit.Count, 1);
      if (isRefusedAccess(executed)) webhook?.forget();
    } catch (error) {
      logger.error(`message ${messageId} failed (${kindOf(error)})`, error as Error);
      metrics.addMetric(failedIntentsMetric.name, MetricUnit.Count, 1);
      await retry(receiptHandle).catch((unseen: Error) => logger.error('no sooner retry', unseen));
      throw error;
    }
  }

  async function executeInOrder(event: SQSEvent, context: Context) {
    // A processor keeps the state of one invocation, so each invocation gets its own.
    const processor = new SqsFifoPartialProcessorAsync();
    return await processPartialResponse(event, executeRecord, processor, { context, throwOnFullBatchFailure: false });
  }
  return middy(executeInOrder).use(injectLambdaContext(logger)).use(logMetrics(metrics));
}

/** The webhook refused our address: it may have been renewed, so it is read again before the next order. */
function isRefusedAccess(executed: Executed): boolean {
  const { outcome } = executed.kind === 'settled' ? executed : { outcome: null };
  return outcome?.kind === 'rejected' && outcome.family === 'CONFIG';
}

/** Reads the webhook address before a claim, because a claim may not wait for it. Without it the order is not sent. */
async function readAhead(webhook: Secret | null, logger: Logger): Promise<void> {
  try {
    await webhook?.read();
  } catch (error) {
    logger.error('the webhook address could not be read', error as Error);
  }
}
