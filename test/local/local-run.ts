import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** Minutes that `csvBars` has when it is not asked for more. */
export const MINUTES = 20;

/** One-minute bars of ES in the middle of a session, as a CSV file; `change` may spoil a line. */
export function csvBars(change: (line: string, index: number) => string = (line) => line): string {
  const lines = Array.from({ length: MINUTES }, (_, index) => {
    const time = new Date(Date.UTC(2013, 9, 7, 14, index)).toISOString().replace('.000', '');
    return change(`${time},ES,ESZ2013,1670,1671,1669,1670.5,100`, index);
  });
  return `open_time_utc,root,contract,open,high,low,close,volume\n${lines.join('\n')}\n`;
}

/** `rooney local` in a process of its own. */
export interface StartedRun {
  readonly child: ChildProcess;
  /** What it has printed so far. */
  readonly text: { out: string; err: string };
  readonly ended: Promise<{ code: number | null; signal: string | null }>;
}

/** Starts the supervisor itself, without the launcher, so that a signal meets the right process. */
export function startRun(args: readonly string[], env: Readonly<Record<string, string>> = {}): StartedRun {
  return startCommand(process.execPath, ['cli/main.ts', 'local', ...args], env);
}

/** Starts a command and listens to what it prints. */
export function startCommand(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): StartedRun {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
  const text = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    text.out += piece;
  });
  child.stderr.setEncoding('utf8').on('data', (piece: string) => {
    text.err += piece;
  });
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal }));
  return { child, text, ended };
}

/** True where processes can be looked at. */
export const canSeeProcesses = existsSync('/proc/self/stat');

/** Processes whose parent is `pid`, by the system's own list. */
export function childrenOf(pid: number | undefined): number[] {
  const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return processes.map(Number).filter((candidate) => parentOf(candidate) === pid);
}

/** Whether a process is still there. */
export function isRunning(pid: number): boolean {
  return existsSync(`/proc/${pid}`);
}

function parentOf(pid: number): number | null {
  try {
    return Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[1]);
  } catch {
    return null;
  }
}
