import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { cmeCalendar } from '#core/market/cme-hours.ts';
import { startRun } from './local-run.ts';

const configPath = fileURLToPath(new URL('../config/dev.yml', import.meta.url));
const FROM = '2026-02-05';
const SESSIONS = 3;
const MIB = 1024 * 1024;

/** Heap after a forced collection at the end of each of three sessions, of every function and of the ingest service. */
export async function memory(): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'rooney-heap-'));
  const heapFile = join(folder, 'ingest');
  writeFileSync(heapFile, '');
  const closes = new Set(sessionCloses());
  const heaps = new Map<string, number[]>();
  const note = (name: string, bytes: number) => heaps.set(name, [...(heaps.get(name) ?? []), bytes]);
  const supervisor = await startRun({
    configPath,
    speed: 'max',
    source: { kind: 'generator', seed: 1, from: FROM, to: null, sessions: SESSIONS },
    ingestEnvironment: {
      NODE_OPTIONS: `--import=${new URL('heap-on-signal.mjs', import.meta.url).href}`,
      HEAP_FILE: heapFile,
    },
    async onQuiet(closeTimeMs) {
      if (!closes.has(closeTimeMs)) return;
      for (const { name, heapUsedBytes } of supervisor.cloud.functions.values()) {
        for (const bytes of await heapUsedBytes()) note(name, bytes);
      }
      note('ingest-service', await ingestHeap(supervisor.ingestPid ?? 0, heapFile));
    },
  });
  try {
    await supervisor.run();
    return [...heaps].map(([name, bytes]) => heapLine(name, bytes));
  } finally {
    await supervisor.stop();
    rmSync(folder, { recursive: true });
  }
}

function sessionCloses(): number[] {
  const calendar = cmeCalendar();
  const closes: number[] = [];
  let session = calendar.session('equity-index', FROM);
  while (session !== null && closes.length < SESSIONS) {
    closes.push(session.closeMs);
    session = calendar.nextSession('equity-index', session.tradeDate);
  }
  return closes;
}

async function ingestHeap(pid: number, heapFile: string): Promise<number> {
  const before = readFileSync(heapFile, 'utf8');
  process.kill(pid, 'SIGUSR2');
  for (let wait = 0; wait < 100; wait++) {
    await sleep(50);
    const now = readFileSync(heapFile, 'utf8');
    if (now.length > before.length && now.endsWith('\n')) return Number(now.slice(before.length));
  }
  throw new Error('the ingest service did not say how large its heap is');
}

function heapLine(name: string, bytes: readonly number[]): string {
  const sizes = bytes.map((one) => (one / MIB).toFixed(1)).join(', ');
  const growth = (bytes.at(-1) ?? 0) / (bytes[0] ?? 1);
  return `heap of ${name.padEnd(34)} ${sizes} MiB after each session; last over first ${growth.toFixed(2)}`;
}
