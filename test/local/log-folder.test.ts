import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeLogFolder } from '#local/log-folder.ts';

let parent: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'rooney-logs-'));
});
afterEach(() => rmSync(parent, { recursive: true }));

const startedMs = Date.UTC(2026, 1, 5, 14, 30, 9);
/** No system gives so large a number to a process. */
const GONE = 2 ** 30;

test('every run logs to a folder of its own', () => {
  const folders = [1, 2].map((pid) => makeLogFolder(parent, { startedMs, pid }));
  expect(folders).toEqual([join(parent, '20260205T143009-1'), join(parent, '20260205T143009-2')]);
  expect(readdirSync(parent)).toHaveLength(2);
});

test('the logs of the last five runs that have ended are kept, and those of every run that goes on', () => {
  const running = `20200101T000000-${process.pid}`;
  const ended = Array.from({ length: 7 }, (_, day) => `2021010${day + 1}T000000-${GONE}`);
  for (const name of [running, ...ended]) {
    mkdirSync(join(parent, name));
    writeFileSync(join(parent, name, 'ingest.log'), 'a line\n');
  }
  makeLogFolder(parent, { startedMs, pid: GONE });
  expect(readdirSync(parent)).toEqual([running, ...ended.slice(2), `20260205T143009-${GONE}`]);
});
