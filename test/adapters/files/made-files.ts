import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { CSV_COLUMNS } from '#adapters/files/csv-bars.ts';
import { fileFeed } from '#adapters/files/file-feed.ts';
import { kindOf } from '#core/errors.ts';
import { cmeCalendar } from '#core/market/cme-hours.ts';
import type { FeedEvent } from '#core/market/feed.ts';
import { type MadeHeader, type MadeOhlc, madeBar, madeHeader } from '../databento/dbn/dbn-files.ts';

/** The regular hours of the exchange. */
export const calendar = cmeCalendar();
/** Roots that the made files may hold. */
export const ALL = ['ES', 'NQ', 'ZC'];

/** Temporary folder of this test file. */
export let folder = '';

let made = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rooney-bars-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** Writes a file into the folder of this test file and gives its path. */
export async function file(content: string | Uint8Array, name = 'bars'): Promise<string> {
  const path = join(folder, `${made++}-${name}`);
  await writeFile(path, content);
  return path;
}

/** Writes a folder of files and gives its path. */
export async function folderOf(files: Readonly<Record<string, string | Uint8Array>>): Promise<string> {
  const path = join(folder, `${made++}-folder`);
  await mkdir(path);
  for (const [name, content] of Object.entries(files)) await writeFile(join(path, name), content);
  return path;
}

/** Every event of a path. */
export async function eventsOf(path: string, universe: readonly string[] = ALL): Promise<FeedEvent[]> {
  const events: FeedEvent[] = [];
  for await (const event of fileFeed({ path, calendar, universe }).events()) events.push(event);
  return events;
}

/** The bars of a path as `15:00 ESH2026`, UTC. */
export async function barsOf(path: string, universe: readonly string[] = ALL): Promise<string[]> {
  return (await eventsOf(path, universe)).flatMap((event) =>
    event.kind === 'bar' ? [`${new Date(event.bar.openTimeMs).toISOString().slice(11, 16)} ${event.bar.contract}`] : [],
  );
}

/** The message of the contract error; nothing may have been yielded before it. */
export async function refusal(path: string, universe: readonly string[] = ALL): Promise<string> {
  const events: FeedEvent[] = [];
  try {
    for await (const event of fileFeed({ path, calendar, universe }).events()) events.push(event);
  } catch (error) {
    expect(events).toEqual([]);
    expect(kindOf(error)).toBe('contract');
    expect((error as Error).message).toContain(path);
    return (error as Error).message;
  }
  throw new Error('expected a contract error, the input was read');
}

/** A CSV file of lines under the header. */
export const csv = (...lines: readonly string[]): string => [CSV_COLUMNS, ...lines, ''].join('\n');
/** A line of Tuesday 2026-01-06, UTC. */
export const line = (clock: string, symbol = 'ESH2026', ohlcv = '1,2,0.5,1.5,10'): string =>
  `2026-01-06T${clock}Z,${symbol.replace(/.\d+$/, '')},${symbol},${ohlcv}`;
/** Three sound lines, 15:00 to 15:02. */
export const good = [line('15:00:00'), line('15:01:00'), line('15:02:00')];

/** 15:00 UTC of that day. */
export const openMs = Date.UTC(2026, 0, 6, 15);
/** A DBN header that maps id 7 to ESH6 on that day. */
export const esHeader: MadeHeader = { mappings: [{ rawSymbol: 'ESH6', intervals: [[20260106, 20260107, '7']] }] };
/** A DBN bar so many minutes after 15:00. */
export const dbnBar = (minute: number, instrumentId = 7, ohlc: MadeOhlc = [1, 2, 0.5, 1.5]) =>
  madeBar({ instrumentId, openTimeMs: openMs + minute * 60_000, ohlc });
/** A DBN file. */
export const dbn = (header: MadeHeader, ...records: Uint8Array[]): Buffer =>
  Buffer.concat([madeHeader(header), ...records]);
