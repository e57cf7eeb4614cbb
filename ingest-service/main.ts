import { type DatabentoFeed, openDatabentoFeed } from '#adapters/databento/databento-feed.ts';
import { dynamoBarHistory } from '#adapters/dynamodb/bar-history.ts';
import { dynamoClient } from '#adapters/dynamodb/client.ts';
import { dynamoSliceLog } from '#adapters/dynamodb/slice-log.ts';
import { kinesisClient, kinesisSliceStream } from '#adapters/kinesis/slice-stream.ts';
import { rememberedSecret, secretsClient } from '#adapters/secrets/secret.ts';
import { contractError, kindOf } from '#core/errors.ts';
import { cmeCalendar } from '#core/market/cme-hours.ts';
import { makeSlicer } from '#core/market/slicing.ts';
import type { Clock } from '#core/ports.ts';
import { readEnv } from '#functions/env.ts';
import { type IngestEnv, ingestEnv } from './env.ts';
import { type IngestCounts, ingest } from './ingest.ts';
import type { IngestMessage, SupervisorMessage } from './messages.ts';
import { openPace, type Pace, steppedPace, timedPace } from './pace.ts';
import { lastAnnouncedMs } from './resume.ts';

const clock: Clock = { now: () => Date.now(), monotonic: () => performance.now() };
const calendar = cmeCalendar();
const stop = new AbortController();

// Fargate stops a task with SIGTERM, a terminal with SIGINT; a supervisor that died takes its child with it.
process.on('SIGTERM', () => stop.abort());
process.on('SIGINT', () => stop.abort());
process.on('disconnect', () => stop.abort());

try {
  const env = readEnv(ingestEnv, process.env);
  const counts = await run(env);
  if (counts.isComplete) {
    const { slices, bars, gaps, setAside } = counts;
    tell({ type: 'done', slices, bars, gaps, setAside });
  }
  log('info', counts.isComplete ? 'the source has ended' : 'stopped', { ...counts });
} catch (error) {
  // What was under way when the service was told to stop may have ended in any way.
  if (stop.signal.aborted) log('info', 'stopped', {});
  else fail(error);
} finally {
  if (process.connected) process.disconnect();
}

function fail(error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  console.error(kindOf(error) === 'invariant' ? error : message);
  tell({ type: 'failed', message });
  process.exitCode = 1;
}

async function run(env: IngestEnv): Promise<IngestCounts> {
  const table = { client: dynamoClient(), tableName: env.BAR_TABLE };
  const kinesis = kinesisClient();
  const sliceLog = dynamoSliceLog(table);
  let isReady = false;
  const onReady = (): void => {
    if (!isReady) tell({ type: 'ready', historyEndMs: feed.history.toMs });
    isReady = true;
  };
  const feed = await openFeed(env, onReady);
  try {
    const { UNIVERSE: universe } = env;
    const lastMs = await lastAnnouncedMs({ sliceLog, calendar, universe, history: feed.history });
    const isHistory = (closeTimeMs: number): boolean => (lastMs === null ? !feed.isLive : closeTimeMs <= lastMs);
    const counts = await ingest({
      events: feed.events(),
      slicer: makeSlicer({ universe, calendar, source: feed.source, isHistory, previousCloseTimeMs: lastMs }),
      history: dynamoBarHistory({ ...table, sliceLog }),
      sliceLog,
      stream: kinesisSliceStream({ client: kinesis, streamName: env.STREAM_NAME }),
      pace: paceOf(env),
      clock,
      onReady,
      report: tell,
      signal: stop.signal,
    });
    return endOf(counts, feed);
  } finally {
    table.client.destroy();
    kinesis.destroy();
  }
}

/** Opens the feed, which ends when the service is stopped, or where the supervisor says that its source does. */
async function openFeed(env: IngestEnv, onLive: () => void): Promise<DatabentoFeed> {
  const secrets = secretsClient();
  const key = await rememberedSecret(secrets, env.KEY_SECRET)
    .read()
    .finally(() => secrets.destroy());
  const feed = await openDatabentoFeed({
    key: key.trim(),
    dataset: env.DATASET,
    universe: env.UNIVERSE,
    calendar,
    historySessions: env.HISTORY_SESSIONS,
    historyUsdMax: env.HISTORY_USD_MAX,
    host: env.LIVE_HOST,
    port: env.LIVE_PORT,
    historicalUrl: env.HISTORICAL_URL,
    signal: stop.signal,
    onLog: log,
    onLive,
  });
  process.on('message', (message: SupervisorMessage | null) => {
    if (message?.type === 'last') feed.endAt(message.closeTimeMs);
  });
  return feed;
}

function paceOf({ SPEED }: IngestEnv): Pace {
  const { signal } = stop;
  if (SPEED === undefined) return openPace(signal);
  return SPEED === 'stepped' ? steppedPace(process, signal) : timedPace(SPEED, { clock, signal });
}

/** The counts of a run with what the feed itself did not use; a source without a single minute to announce is an error. */
function endOf(counts: IngestCounts, feed: DatabentoFeed): IngestCounts {
  const unused = feed.unused();
  log('info', 'bars not used', { ...unused });
  if (counts.isComplete && counts.slices === 0) {
    const from = new Date(feed.history.toMs).toISOString();
    throw contractError(`nothing to announce: the source holds ${counts.bars} bars and no session from ${from} on`);
  }
  return { ...counts, setAside: counts.setAside + unused.setAside };
}

function tell(message: IngestMessage): void {
  if (process.connected) process.send?.(message);
  if (message.type === 'ready') {
    log('info', 'history is stored', { historyEnd: new Date(message.historyEndMs).toISOString() });
  }
  if (message.type === 'announced' && message.gap) log('warn', 'gap', { closeTimeMs: message.closeTimeMs });
}

function log(level: 'info' | 'warn' | 'error', message: string, fields: object): void {
  const timestamp = new Date(clock.now()).toISOString();
  console.log(JSON.stringify({ level, message, service: 'ingest', timestamp, ...fields }));
}
