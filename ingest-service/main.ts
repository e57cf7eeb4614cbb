import { dynamoBarHistory } from '#adapters/dynamodb/bar-history.ts';
import { dynamoClient } from '#adapters/dynamodb/client.ts';
import { dynamoSliceLog } from '#adapters/dynamodb/slice-log.ts';
import { kinesisClient, kinesisSliceStream } from '#adapters/kinesis/slice-stream.ts';
import { contractError, kindOf } from '#core/errors.ts';
import { cmeCalendar } from '#core/market/cme-hours.ts';
import { makeSlicer } from '#core/market/slicing.ts';
import type { Clock } from '#core/ports.ts';
import { readEnv } from '#functions/env.ts';
import { type IngestEnv, ingestEnv } from './env.ts';
import { type IngestCounts, ingest } from './ingest.ts';
import type { IngestMessage } from './messages.ts';
import { steppedPace, timedPace } from './pace.ts';
import { eventsThrough, sourceOf } from './source.ts';

const clock: Clock = { now: () => Date.now(), monotonic: () => performance.now() };
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
  const message = error instanceof Error ? error.message : String(error);
  console.error(kindOf(error) === 'contract' ? message : error);
  tell({ type: 'failed', message });
  process.exitCode = 1;
} finally {
  if (process.connected) process.disconnect();
}

async function run(env: IngestEnv): Promise<IngestCounts> {
  const { UNIVERSE: universe, SPEED, TO } = env;
  const calendar = cmeCalendar();
  const { feed, announceFromTradeDate, setAsideBars } = sourceOf(env, calendar, clock.now());
  const table = { client: dynamoClient(), tableName: env.BAR_TABLE };
  const kinesis = kinesisClient();
  const sliceLog = dynamoSliceLog(table);
  const events = feed.events();
  const { signal } = stop;
  try {
    const counts = await ingest({
      events: TO === undefined ? events : eventsThrough(events, TO, { calendar, universe }),
      slicer: makeSlicer({ universe, calendar, source: feed.source, announceFromTradeDate }),
      history: dynamoBarHistory({ ...table, sliceLog }),
      sliceLog,
      stream: kinesisSliceStream({ client: kinesis, streamName: env.STREAM_NAME }),
      pace: SPEED === 'stepped' ? steppedPace(process, signal) : timedPace(SPEED, { clock, signal }),
      clock,
      report: tell,
      signal,
    });
    if (counts.isComplete && counts.slices === 0) throw nothingAnnounced(env, counts);
    return { ...counts, setAside: counts.setAside + setAsideBars() };
  } finally {
    table.client.destroy();
    kinesis.destroy();
  }
}

function nothingAnnounced({ FROM = 'its beginning', TO = 'its end' }: IngestEnv, { bars }: IngestCounts): Error {
  return contractError(`nothing to announce: the source holds ${bars} bars and no session from ${FROM} to ${TO}`);
}

function tell(message: IngestMessage): void {
  if (process.connected) process.send?.(message);
  if (message.type === 'ready') log('info', 'history is stored', { firstCloseTimeMs: message.firstCloseTimeMs });
  if (message.type === 'announced' && message.gap) log('warn', 'gap', { closeTimeMs: message.closeTimeMs });
}

function log(level: 'info' | 'warn', message: string, fields: Readonly<Record<string, unknown>>): void {
  const timestamp = new Date(clock.now()).toISOString();
  console.log(JSON.stringify({ level, message, service: 'ingest', timestamp, ...fields }));
}
