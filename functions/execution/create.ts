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
import { cachedSecret, secretsClient } from '#adapters/secrets/secret.ts';
import { tradersPostRoute } from '#adapters/traderspost/client.ts';
import { kindOf } from '#core/errors.ts';
import type { OrderRoute } from '#core/execution/order.ts';
import { makeExecutor } from '#core/executor.ts';
import { cmeCalendar } from '#core/market/cme-hours.ts';
import type { Clock } from '#core/ports.ts';
import { decodeIntent } from '#core/trading/intent-message.ts';
import { readEnv } from '../env.ts';
import { executionEnv } from './env.ts';

/** A POST takes at most 8.5 s, which the function's timeout allows for. */
const POST_LIMITS = { connectTimeoutMs: 2_000, headersTimeoutMs: 5_000, bodyTimeoutMs: 1_000 };

/** Builds one strategy's execution handler: intents of a group in order; all from the first failure on come again. */
export async function createHandler(
  env: Readonly<Record<string, string | undefined>>,
  clock: Clock,
): Promise<(event: SQSEvent, context: Context) => Promise<unknown>> {
  const names = readEnv(executionEnv, env);
  const logger = new Logger({ serviceName: `${names.STRATEGY_ID}-execution` });
  const metrics = new Metrics({
    namespace: 'Rooney',
    serviceName: names.STRATEGY_ID,
    defaultDimensions: { environment: names.ENVIRONMENT },
  });
  const webhookUrl = cachedSecret(secretsClient(), names.WEBHOOK_SECRET_NAME);
  const route: OrderRoute = names.ROUTE === 'none' ? noneRoute() : tradersPostRoute({ webhookUrl, ...POST_LIMITS });
  if (names.ROUTE !== 'none') await readAhead(webhookUrl, logger);
  const execute = makeExecutor(names.STRATEGY_ID, {
    ledger: dynamoLedger({ client: dynamoClient(), tableName: names.LEDGER_TABLE }),
    route,
    calendar: cmeCalendar(),
    nonce: randomUUID,
    clock,
  });

  async function executeRecord({ messageId, body }: SQSRecord): Promise<void> {
    try {
      const intent = decodeIntent(body, `message ${messageId}`);
      const executed = await execute(intent);
      logger.info('intent', { id: intent.id, executed });
      const outcome = executed.kind === 'settled' ? executed.outcome.kind : executed.kind;
      metrics.addMetric(`Intent-${outcome}`, MetricUnit.Count, 1);
    } catch (error) {
      logger.error(`message ${messageId} failed (${kindOf(error)})`, error as Error);
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

/** Reads the webhook address before the first claim, because a claim may not wait for it. A failure is tried again later. */
async function readAhead(webhookUrl: () => Promise<string>, logger: Logger): Promise<void> {
  try {
    await webhookUrl();
  } catch (error) {
    logger.error('the webhook address could not be read', error as Error);
  }
}
