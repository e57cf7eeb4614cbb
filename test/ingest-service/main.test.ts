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
import { kinesisClient } from '#adapters/kinesis/slice-stream.ts';
import type { IngestMessage } from '#ingest-service/messages.ts';
import { type KinesisEmulator, startKinesis } from '#local/emulators/kinesis.ts';
import { type EmulatedTables, emulatedTables, localSettings } from '../adapters/dynamodb/emulated-table.ts';

const main = fileURLToPath(new URL('../../ingest-service/main.ts', import.meta.url));
let tables: EmulatedTables;
let table: Table;
let kinesis: KinesisEmulator;
const children: ChildProcess[] = [];
beforeAll(async () => {
  tables = await emulatedTables();
  table = await tables.create('bars');
  kinesis = await startKinesis();
  const client = kinesisClient({ endpoint: kinesis.endpoint, ...localSettings });
  await client.send(new CreateStreamCommand({ StreamName: 'slices', ShardCount: 1 }));
  client.destroy();
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await tables.stop();
  await kinesis.stop();
});

/** The service as a child of this test, which reads its messages one by one. */
function start(env: Readonly<Record<string, string>>) {
  const child = spawn(process.execPath, [main], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: {
      ENVIRONMENT: 'test',
      UNIVERSE: 'ES,6E',
      BAR_TABLE: 'bars',
      STREAM_NAME: 'slices',
      FEED: 'generator',
      FROM: '2026-09-15',
      SPEED: 'stepped',
      AWS_REGION: localSettings.region,
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
      AWS_ENDPOINT_URL_DYNAMODB: tables.endpoint,
      AWS_ENDPOINT_URL_KINESIS: kinesis.endpoint,
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
    const service = start({});
    const ready = await service.next();
    const firstCloseTimeMs = Date.parse('2026-09-14T22:01Z');
    expect(ready).toEqual({ type: 'ready', firstCloseTimeMs });
    const first = await service.step();
    expect(first).toMatchObject({ type: 'announced', closeTimeMs: firstCloseTimeMs, gap: false });
    expect(await service.step()).toMatchObject({ type: 'announced', closeTimeMs: firstCloseTimeMs + 60_000 });
    service.child.kill('SIGTERM');
    const { code, stdout, stderr } = await service.ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.at(-1)).toMatchObject({ service: 'ingest', message: 'stopped', slices: 2 });

    const sliceLog = dynamoSliceLog(table);
    const history = dynamoBarHistory({ ...table, sliceLog });
    let stored = 0;
    for await (const slice of sliceLog.between(firstCloseTimeMs, firstCloseTimeMs + 86_400_000)) {
      stored += 1;
      expect(Object.keys(slice.leads)).toEqual(['ES', '6E']);
      const contract = slice.leads.ES ?? '';
      const window = await history.window(
        { root: 'ES', contract, timeframe: 'session', lookback: 9 },
        slice.closeTimeMs,
      );
      expect(window.length).toBe(3);
    }
    expect(stored).toBe(2);
  });

  test('stops when its supervisor dies', async () => {
    const service = start({ HISTORY_SESSIONS: '0' });
    await service.next();
    service.child.disconnect();
    expect(await service.ended).toMatchObject({ code: 0 });
  });
});

describe('what the ingest service cannot work with', () => {
  test.each([
    [{ FEED: 'file' }, /DATA_PATH is missing/],
    [{ FEED: 'file', DATA_PATH: '/nowhere/bars.csv' }, /\/nowhere\/bars\.csv/],
    [{ FROM: '2026-09-15', TO: '2026-09-14' }, /FROM 2026-09-15 is after TO 2026-09-14/],
    [{ UNIVERSE: 'ES,XX' }, /unknown root "XX"/],
    [{ BAR_TABLE: '', STREAM_NAME: '' }, /BAR_TABLE .*STREAM_NAME/],
    [{ FEED: 'generator', FROM: '2026-09-12', TO: '2026-09-13' }, /nothing to announce/],
  ])('%o ends with 1, says why without a stack, and tells the supervisor', async (env, reason) => {
    const service = start(env);
    const told = await service.next();
    const { code, stderr } = await service.ended;
    expect(code).toBe(1);
    expect(told).toMatchObject({ type: 'failed', message: expect.stringMatching(reason) });
    expect(stderr).toMatch(reason);
    expect(stderr).not.toMatch(/ at .*\.ts:/);
  });
});
