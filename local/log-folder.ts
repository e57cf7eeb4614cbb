import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** Runs whose logs are kept beside those of the runs that still go on. */
const KEPT_MAX = 5;

/**
 * Makes the folder for the logs of one run, `<parent>/<start>-<process>`, so that two runs at once never write to the same
 * file, and removes what older runs left there. Throws when the folder cannot be written.
 */
export function makeLogFolder(parent: string, { startedMs, pid }: { startedMs: number; pid: number }): string {
  const name = `${new Date(startedMs).toISOString().replace(/[-:]|\.\d+Z/g, '')}-${pid}`;
  mkdirSync(join(parent, name), { recursive: true });
  const others = readdirSync(parent).filter((other) => other !== name && !isRunning(processOf(other)));
  for (const other of others.sort().slice(0, -KEPT_MAX)) rmSync(join(parent, other), { recursive: true, force: true });
  return join(parent, name);
}

function processOf(name: string): number | null {
  const pid = Number(name.split('-')[1]);
  return Number.isInteger(pid) && pid > 0 ? pid : null;
}

function isRunning(pid: number | null): boolean {
  if (pid === null) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's process is a running one too.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
