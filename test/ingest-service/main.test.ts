import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { CreateStreamCommand } from '@aws-sdk/client-kinesis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dynamoBarHistory } from '#adapters/dynamodb/bar-history.ts';
import { dynamoSliceLog } from '#adapters/dynamodb/slice-log.ts';
import type { Table } from '#adapters/dynamodb/table.ts';
import { generatorFeed } from '#adapters/generator/generator-feed.ts';
import { kinesisClient } from '#adapters/kinesis/slice-stream.ts';
import { MINUTE_MS } from '#core/market/timeframe.ts';
import type { IngestMessage } from '#ingest-service/messages.ts';
import { type KinesisEmulator, startKinesis } from '#local/emulators/kinesis.ts';
import { type SecretsStandIn, startSecrets } from '#local/emulators/secrets.ts';
import { collected } from '../adapters/collected.ts';
import { KEY, type Simulators, startSimulators } from '../adapters/databento/simulated-feed.ts';
import { type EmulatedTables, emulatedTables, localSettings } from '../adapters/dynamodb/emulated-table.ts';
import { calendar, utc } from '../core/market/feed-events.ts';

const main = fileURLToPath(new URL('../../ingest-service/main.ts', import.meta.url));
const universe = ['ES', '6E'];
/** The session of 2026-09-15, after one of history. */
const OPEN_MS = utc('2026-09-14T22:00');
const CLOSE_MS = utc('2026-09-15T21:00');
const events = await collected(
  generatorFeed({ seed: 1, universe, firstTradeDate: '2026-09-14', sessions: 2, calendar }).events(),
);

let tables: EmulatedTables;
let table: Table;
let kinesis: KinesisEmulator;
let secrets: SecretsStandIn;
const simulators: Simulators[] = [];
const children: ChildProcess[] = [];
beforeAll(async () => {
  tables = await emulatedTables();
  table = await tables.create('bars');
  kinesis = await startKinesis();
  secrets = await startSecrets(() => 1_000);
  secrets.put('key', `${KEY}\n`);
  secrets.put('other-key', 'db-anotherapikey12345678901EEEEE');
  const client = kinesisClient({ endpoint: kinesis.endpoint, ...localSettings });
  await client.send(new CreateStreamCommand({ StreamName: 'slices', ShardCount: 1 }));
  client.destroy();
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  for (const one of simulators) await one.stop();
  await Promise.all([tables.stop(), kinesis.stop(), secrets.stop()]);
});

/** The service as a child of this test, which reads its messages one by one, at a market that stands at an instant. */
async function start(startMs: number, env: Readonly<Record<string, string>> = {}) {
  const simulated = await startSimulators({ events, universe, startMs });
  simulators.push(simulated);
  const { gateway, historicalUrl } = simulated;
  const child = spawn(process.execPath, [main], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: {
      ENVIRONMENT: 'test',
      UNIVERSE: universe.join(),
      BAR_TABLE: 'bars',
      STREAM_NAME: 'slices',
      DATASET: 'GLBX.MDP3',
      KEY_SECRET: 'key',
      LIVE_HOST: '127.0.0.1',
      LIVE_PORT: String(gateway.port),
      HISTORICAL_URL: historicalUrl,
      HISTORY_SESSIONS: '1',
      SPEED: 'stepped',
      AWS_REGION: localSettings.region,
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
      AWS_ENDPOINT_URL_DYNAMODB: tables.endpoint,
      AWS_ENDPOINT_URL_KINESIS: kinesis.endpoint,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.endpoint,
      ...env,
    },
  });
  children.push(child);
  const ended = Promise.all([once(child, 'exit'), text(child.stdout as Readable), text(child.stderr as Readable)]).then(
    ([[code], stdout, stderr]) => ({ code: code as number | null, stdout, stderr }),
  );
  return {
    child,
    ended,
    async next(): Promise<IngestMessage> {
      const [message] = await once(child, 'message');
      return message as IngestMessage;
    },
    async step(): Promise<IngestMessage> {
      const answer = this.next();
      child.send({ type: 'advance' });
      return answer;
    },
  };
}

describe('the ingest service under a supervisor', () => {
  test('stores its history, announces one slice for each step, and ends with 0 when it is stopped', async () => {
    const service = await start(OPEN_MS);
    expect(await service.next()).toEqual({ type: 'ready', historyEndMs: OPEN_MS });
    const first = await service.step();
    expect(first).toMatchObject({ type: 'announced', closeTimeMs: OPEN_MS + MINUTE_MS, gap: false });
    expect(await service.step()).toMatchObject({ type: 'announced', closeTimeMs: OPEN_MS + 2 * MINUTE_MS });
    service.child.kill('SIGTERM');
    const { code, stdout, stderr } = await service.ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.at(-1)).toMatchObject({ service: 'ingest', message: 'stopped', slices: 2 });
    expect(stdout).not.toContain(KEY);

    const sliceLog = dynamoSliceLog(table);
    const history = dynamoBarHistory({ ...table, sliceLog });
    const slices = await Array.fromAsync(sliceLog.between(OPEN_MS, CLOSE_MS));
    expect(slices).toHaveLength(2);
    for (const { leads, grade, closeTimeMs } of slices) {
      expect([Object.keys(leads), grade]).toEqual([universe, 'proved']);
      const request = { root: 'ES', contract: leads.ES ?? '', timeframe: 'session', lookback: 9 } as const;
      expect((await history.window(request, closeTimeMs)).length).toBe(1);
    }
  });

  test('started again in the middle of the session, announces what was missed meanwhile, late rather than never', async () => {
    const service = await start(OPEN_MS + 30 * MINUTE_MS);
    expect(await service.next()).toMatchObject({ type: 'ready' });
    for (let minute = 3; minute <= 31; minute++) {
      expect(await service.step()).toMatchObject({ type: 'announced', closeTimeMs: OPEN_MS + minute * MINUTE_MS });
    }
    const sliceLog = dynamoSliceLog(table);
    const slices = await Array.fromAsync(sliceLog.between(OPEN_MS, CLOSE_MS));
    expect(slices).toHaveLength(31);
    slices.slice(1).forEach((slice, index) => {
      expect(slice.previousCloseTimeMs).toBe(slices[index]?.closeTimeMs);
      expect(slice.closeTimeMs).toBe((slice.previousCloseTimeMs ?? 0) + MINUTE_MS);
    });
    service.child.kill('SIGTERM');
    expect(await service.ended).toMatchObject({ code: 0 });
  });

  test('ends where the source does, with its counts', async () => {
    await tables.create('other-bars');
    const service = await start(CLOSE_MS - 2 * MINUTE_MS, { SPEED: '600000', BAR_TABLE: 'other-bars' });
    const said: IngestMessage[] = [];
    service.child.on('message', (message) => said.push(message as IngestMessage));
    service.child.send({ type: 'last', closeTimeMs: CLOSE_MS });
    expect(await service.ended).toMatchObject({ code: 0 });
    const bars = events.filter(({ kind }) => kind === 'bar').length;
    expect(said.at(-1)).toEqual({ type: 'done', slices: 2, bars, gaps: 0, setAside: 0 });
    expect(said.at(-2)).toMatchObject({ type: 'announced', closeTimeMs: CLOSE_MS });
  });

  test('stops when its supervisor dies', async () => {
    const service = await start(OPEN_MS);
    await service.next();
    service.child.disconnect();
    expect(await service.ended).toMatchObject({ code: 0 });
  });
});

describe('what the ingest service cannot work with', () => {
  test.each([
    [{ KEY_SECRET: 'nowhere' }, /secret nowhere could not be read/],
    [{ KEY_SECRET: 'other-key' }, /401/],
    [{ UNIVERSE: 'ES,XX' }, /unknown root "XX"/],
    [{ BAR_TABLE: '', STREAM_NAME: '' }, /BAR_TABLE .*STREAM_NAME/],
    [{ SPEED: 'fast', HISTORICAL_URL: 'here' }, /HISTORICAL_URL .*SPEED/],
  ])('%o ends with 1, says why without a stack, and tells the supervisor', async (env, reason) => {
    const service = await start(OPEN_MS, env);
    const told = await service.next();
    const { code, stderr } = await service.ended;
    expect(code).toBe(1);
    expect(told).toMatchObject({ type: 'failed', message: expect.stringMatching(reason) });
    expect(stderr).toMatch(reason);
    expect(stderr).not.toMatch(/ at .*\.ts:/);
  });

  test('is a source that holds nothing to announce', async () => {
    await tables.create('no-bars');
    const service = await start(CLOSE_MS, { BAR_TABLE: 'no-bars' });
    service.child.send({ type: 'last', closeTimeMs: CLOSE_MS });
    expect(await service.next()).toMatchObject({ type: 'ready' });
    expect(await service.next()).toMatchObject({ message: expect.stringMatching(/nothing to announce/) });
  });
});
