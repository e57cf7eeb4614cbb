import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { logMetrics } from '@aws-lambda-powertools/metrics/middleware';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { dynamoClient } from '#adapters/dynamodb/client.ts';
import { dynamoSliceLog } from '#adapters/dynamodb/slice-log.ts';
import { barAgeMinutes, EXPECTED_LOOKBACK_MS } from '#core/market/bar-age.ts';
import { cmeCalendar } from '#core/market/cme-hours.ts';
import { instrumentOf } from '#core/market/instrument.ts';
import type { Clock } from '#core/ports.ts';
import { readEnv } from '../env.ts';
import { barAgeEnv, barAgeMetric } from './env.ts';

/**
 * Builds the checker that says around the clock how late the newest slice is: 0 when on time or when the market is
 * closed. It knows the calendar and reads the record, so that neither a silent ingester nor a weekend deceives it.
 */
export async function createHandler(
  env: Readonly<Record<string, string | undefined>>,
  clock: Clock,
): Promise<(event: unknown, context: Context) => Promise<{ barAgeMinutes: number }>> {
  const names = readEnv(barAgeEnv, env);
  const metrics = new Metrics({
    namespace: barAgeMetric.namespace,
    serviceName: barAgeMetric.service,
    defaultDimensions: { environment: names.ENVIRONMENT },
  });
  const log = dynamoSliceLog({ client: dynamoClient(), tableName: names.BAR_TABLE });
  const calendar = cmeCalendar();
  const groups = [...new Set(names.UNIVERSE.map((root) => instrumentOf(root).group))];

  async function measure(): Promise<{ barAgeMinutes: number }> {
    const nowMs = clock.now();
    const newest = await log.newest(nowMs - EXPECTED_LOOKBACK_MS, nowMs);
    const age = barAgeMinutes({ calendar, groups, nowMs, newestCloseMs: newest?.closeTimeMs ?? null });
    metrics.addMetric(barAgeMetric.name, MetricUnit.Count, age);
    return { barAgeMinutes: age };
  }
  return middy(measure).use(logMetrics(metrics));
}
