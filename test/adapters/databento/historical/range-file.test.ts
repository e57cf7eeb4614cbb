import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { appendFile, readFile, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test, vi } from 'vitest';
import type { DbnRecord } from '#adapters/databento/dbn/record.ts';
import { openDbn } from '#adapters/databento/dbn/stream.ts';
import type { BodyFault } from '#adapters/databento/gateway/historical-body.ts';
import type { HistoricalCall } from '#adapters/databento/gateway/historical-server.ts';
import type { RangeRequest } from '#adapters/databento/historical/parameters.ts';
import { type MadeRecord, madeSource, madeStartNs, madeTrade } from './made-source.ts';
import { madeEndNs, type Served, served, testKey } from './served.ts';

const folder = mkdtempSync(join(tmpdir(), 'rooney-range-'));
afterAll(() => rmSync(folder, { recursive: true }));

let count = 0;
function newPath(): string {
  count += 1;
  return join(folder, `range-${count}.dbn.zst`);
}

/** Trades of which several share each time, and some are equal. */
const trades: readonly MadeRecord[] = Array.from({ length: 60 }, (_, index) =>
  madeTrade(101 + (index % 2), BigInt(index >> 2) * 1_000_000_000n, 1 + ((index >> 1) % 2)),
);
const expected = trades.map(({ record }) => record);
const request: RangeRequest = {
  dataset: 'GLBX.MDP3',
  schema: 'trades',
  symbols: ['ES.FUT'],
  stypeIn: 'parent',
  start: madeStartNs,
  end: madeEndNs,
};

/** What an unfinished download has left beside a path. */
function leftAt(path: string): readonly string[] {
  return readdirSync(folder).filter((name) => name.startsWith(`${basename(path)}.`));
}

async function recordsIn(path: string): Promise<readonly DbnRecord[]> {
  return await Array.fromAsync((await openDbn(createReadStream(path))).records());
}

/** A server of the trades whose answers stop short as `plan.cuts` says, one after another. */
async function cutting(plan: { cuts: BodyFault[] }): Promise<Served> {
  return await served({
    records: trades,
    flushBytes: 48,
    fault({ name }: HistoricalCall) {
      const cut = name === 'timeseries.get_range' ? plan.cuts.shift() : undefined;
      return cut === undefined ? null : { cut };
    },
  });
}

describe('a range in a file', () => {
  test('is one DBN file that appears when it is complete, and nothing else stays', async () => {
    const path = newPath();
    const { client } = await served({ records: trades });
    const file = await client().timeseries.getRangeToFile(request, path, { maxUsd: 1, checkpointBytes: 500 });
    expect(file).toEqual({ path, bytes: readFileSync(path).length, records: 60, resumedRecords: 0 });
    expect(await recordsIn(path)).toEqual(expected);
    expect(leftAt(path)).toEqual([]);
  });

  test('has every record once, wherever the download is cut off and however often the process starts anew', async () => {
    const plan = { cuts: [] as BodyFault[] };
    const { client } = await cutting(plan);
    const reader = client({ attemptsMax: 1, maxUsd: 1 });
    const cut = fc.record({
      afterBytes: fc.integer({ min: 0, max: 1_500 }),
      by: fc.constantFrom('cut' as const, 'end' as const),
    });
    const runs = fc.asyncProperty(
      fc.array(cut, { maxLength: 4 }),
      fc.integer({ min: 1, max: 1_000 }),
      async (cuts, checkpointBytes) => {
        const path = newPath();
        plan.cuts = [...cuts];
        for (let tries = 0; !existsSync(path); tries++) {
          expect(tries).toBeLessThanOrEqual(cuts.length);
          await reader.timeseries.getRangeToFile(request, path, { checkpointBytes }).catch((error: unknown) => {
            expect(error).toMatchObject({ code: expect.stringMatching(/^(connection|truncated)$/) });
          });
        }
        expect(await recordsIn(path)).toEqual(expected);
        expect(leftAt(path)).toEqual([]);
      },
    );
    await fc.assert(runs, { numRuns: 40 });
  });

  /** A path at which a download was left off, long before its first checkpoint was due. */
  async function leftOff(served: Served, plan: { cuts: BodyFault[] }): Promise<string> {
    const path = newPath();
    plan.cuts = [{ afterBytes: 600, by: 'cut' }];
    const reader = served.client({ attemptsMax: 1, maxUsd: 1 });
    await expect(reader.timeseries.getRangeToFile(request, path)).rejects.toMatchObject({ code: 'connection' });
    expect(existsSync(path)).toBe(false);
    return path;
  }

  test('survives a process killed while it wrote behind the last checkpoint', async () => {
    const plan = { cuts: [] as BodyFault[] };
    const there = await cutting(plan);
    const path = await leftOff(there, plan);
    await appendFile(`${path}.part`, Buffer.alloc(10_000, 'half of a frame'));
    await writeFile(`${path}.part.json.new`, '{"format":');
    const file = await there.client({ maxUsd: 1 }).timeseries.getRangeToFile(request, path);
    expect(file.resumedRecords).toBeGreaterThan(0);
    expect(await recordsIn(path)).toEqual(expected);
  });

  test('survives a process that is killed in the middle', async () => {
    const path = newPath();
    const cuts: BodyFault[] = [{ afterBytes: 700, by: 'hang' }];
    const there = await cutting({ cuts });
    const script = `
      import { HistoricalClient } from '#adapters/databento/historical/client.ts';
      const [baseUrl, path, key, start, end] = process.argv.slice(1);
      const client = new HistoricalClient({ baseUrl, key, maxUsd: 1 });
      const request = { dataset: 'GLBX.MDP3', schema: 'trades', symbols: ['ES.FUT'], stypeIn: 'parent' };
      const range = { ...request, start: BigInt(start), end: BigInt(end) };
      await client.timeseries.getRangeToFile(range, path, { checkpointBytes: 1 });`;
    const values = [there.server.url, path, testKey, String(madeStartNs), String(madeEndNs)];
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script, ...values], { stdio: 'inherit' });
    const ended = once(child, 'exit');
    await vi.waitFor(() => expect(readFileSync(`${path}.part.json`, 'utf8')).toMatch(/"records":[1-9]/), 20_000);
    child.kill('SIGKILL');
    expect(await ended).toEqual([null, 'SIGKILL']);
    const file = await there.client({ maxUsd: 1 }).timeseries.getRangeToFile(request, path);
    expect(file.resumedRecords).toBeGreaterThan(0);
    expect(await recordsIn(path)).toEqual(expected);
    expect(leftAt(path)).toEqual([]);
  });

  test('is asked and paid for only from where it was left off', async () => {
    const plan = { cuts: [] as BodyFault[] };
    const there = await cutting(plan);
    const path = await leftOff(there, plan);
    await there.client({ maxUsd: 1 }).timeseries.getRangeToFile(request, path);
    const starts = there.calls.map(({ parameters }) => BigInt(parameters.get('start')!));
    expect(starts.length).toBe(4);
    expect(starts[2]).toBeGreaterThan(madeStartNs);
    expect(starts[3]).toBe(starts[2]);
  });

  test('is not mixed with the beginning of another request', async () => {
    const plan = { cuts: [] as BodyFault[] };
    const there = await cutting(plan);
    const path = await leftOff(there, plan);
    const reader = there.client({ maxUsd: 1 });
    await expect(reader.timeseries.getRangeToFile({ ...request, limit: 5 }, path)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringMatching(/unfinished download of another request; delete both or choose another path/),
    });
    await reader.timeseries.getRangeToFile(request, path);
    expect(await recordsIn(path)).toEqual(expected);
  });

  test.each<[string, (path: string) => Promise<void>, RegExp]>([
    [
      'its record is no record',
      (path) => writeFile(`${path}.part.json`, '{}'),
      /no unfinished download of this version/,
    ],
    ['its beginning is shorter than recorded', (path) => truncate(`${path}.part`, 10), /the first is too short/],
    ['its beginning is gone', async (path) => rmSync(`${path}.part`), /cannot be opened/],
  ])('is not continued when %s', async (_, spoil, message) => {
    const plan = { cuts: [] as BodyFault[] };
    const there = await cutting(plan);
    const path = await leftOff(there, plan);
    await spoil(path);
    const calls = there.calls.length;
    const attempt = there.client({ maxUsd: 1 }).timeseries.getRangeToFile(request, path);
    await expect(attempt).rejects.toMatchObject({ code: 'usage', message: expect.stringMatching(message) });
    expect(there.calls.length).toBe(calls);
  });

  test('is begun anew by the next call when the data has changed in between', async () => {
    const plan = { cuts: [] as BodyFault[] };
    const path = await leftOff(await cutting(plan), plan);
    const changed = trades.map(({ record }, index) =>
      madeTrade(record.instrument_id, BigInt(index >> 2) * 1_000_000_000n, 9),
    );
    const { timeseries } = (await served({ records: changed })).client({ maxUsd: 1 });
    await expect(timeseries.getRangeToFile(request, path)).rejects.toThrow(/the data has changed/);
    expect(leftAt(path)).toEqual([]);
    await timeseries.getRangeToFile(request, path);
    expect(await recordsIn(path)).toEqual(changed.map(({ record }) => record));
  });

  test('does not replace a file that is there, and costs nothing then', async () => {
    const path = newPath();
    await writeFile(path, 'mine');
    const { client, calls } = await served({ records: trades });
    await expect(client({ maxUsd: 1 }).timeseries.getRangeToFile(request, path)).rejects.toThrow(/exists already/);
    expect(await readFile(path, 'utf8')).toBe('mine');
    expect(calls).toEqual([]);
  });

  test('leaves nothing behind when it is refused', async () => {
    const path = newPath();
    const { client } = await served({ records: trades });
    await expect(client().timeseries.getRangeToFile(request, path)).rejects.toMatchObject({ code: 'cost' });
    expect(leftAt(path)).toEqual([]);
  });

  test('cannot be continued, and leaves nothing, when its records are not in the order of time', async () => {
    const path = newPath();
    const hourNs = 3_600_000_000_000n;
    // So late that the server has given the others by then.
    const more = Array.from({ length: 100 }, (_, index) => BigInt(20 + index));
    const late = [9n, 10n, 5n, ...more].map((afterNs) => madeTrade(101, afterNs, Number(afterNs)));
    const records = late.map((made, hour) => ({ ...made, availableNs: madeStartNs + BigInt(2 * hour) * hourNs }));
    const { client, calls } = await served({
      source: madeSource(records, 1),
      now: () => madeStartNs + 400n * hourNs,
      flushBytes: 48,
      fault: ({ name }) => (name === 'timeseries.get_range' ? { cut: { afterBytes: 500, by: 'cut' } } : null),
    });
    const timeseries = client({ maxUsd: 1 }).timeseries;
    const all = { ...request, end: madeStartNs + 300n * hourNs };
    await expect(timeseries.getRangeToFile(all, path, { checkpointBytes: 1 })).rejects.toMatchObject({
      code: 'connection',
    });
    expect(calls.map(({ name }) => name)).toEqual(['metadata.get_cost', 'timeseries.get_range']);
    expect(leftAt(path)).toEqual([]);
  });
});
