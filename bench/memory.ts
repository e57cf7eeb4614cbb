import { fileURLToPath } from 'node:url';
import { startRun } from './local-run.ts';

const configPath = fileURLToPath(new URL('../config/dev.yml', import.meta.url));
const SESSIONS = 3;
const MIB = 1024 * 1024;

/** Heap after a forced collection at the end of each of three sessions, of every function and of the ingest service. */
export async function memory(): Promise<string[]> {
  const heaps: { readonly name: string; readonly bytes: number[] }[] = [];
  const supervisor = await startRun({
    configPath,
    speed: 'max',
    feed: { FEED: 'generator', SEED: '1', FROM: '2026-02-05', SESSIONS: String(SESSIONS) },
  });
  try {
    await supervisor.run();
    return heaps.map(({ name, bytes }) => `${name} ${bytes.map((one) => (one / MIB).toFixed(1)).join(' ')} MiB`);
  } finally {
    await supervisor.stop();
  }
}
