import { accessSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadConfig } from '#config/load.ts';
import { contractError, kindOf } from '#core/errors.ts';
import { type LocalFlags, localHelp, readLocalFlags } from './local-flags.ts';
import { showProgress } from './progress.ts';
import { reportText } from './report.ts';
import { type RunSettings, startSupervisor, type Supervisor } from './supervisor.ts';

/** Generated sessions begin on a fixed date, so that the same seed gives the same orders on every day. */
const GENERATED_FROM = '2026-11-17';
/** The launcher passes on a Ctrl-C that the terminal has already sent; two within this time are one. */
const SAME_SIGNAL_MS = 300;
const PARENT_LOOK_MS = 1000;

/** The command as the command line lists it. */
export const localCommand = {
  name: 'local',
  summary: 'the whole system on this machine, on recorded or generated sessions',
  help: localHelp,
  run: runLocal,
};

/** `rooney local`. Returns the exit code: 0 done, 1 failed, 2 wrong usage, 130 or 143 when a signal ended the run early. */
export async function runLocal(args: readonly string[]): Promise<number> {
  const flags = readLocalFlags(args);
  if (typeof flags === 'string') {
    process.stderr.write(`rooney local: ${flags}\n\n${localHelp}\n`);
    return 2;
  }
  if (flags.help) {
    process.stdout.write(`${localHelp}\n`);
    return 0;
  }
  const interruption = watchSignals();
  try {
    return await runSystem(flags, interruption);
  } catch (error) {
    if (interruption.signal.aborted) return interruption.exitCode();
    process.stderr.write(`rooney local: ${errorText(error)}\n`);
    return 1;
  } finally {
    interruption.end();
  }
}

async function runSystem(flags: LocalFlags, interruption: Interruption): Promise<number> {
  const startedMs = performance.now();
  // With --json, standard output is for the result alone.
  const out = flags.json ? process.stderr : process.stdout;
  const say = (line: string): boolean => out.write(`${line}\n`);
  const supervisor = await startSupervisor(settingsOf(flags, say));
  try {
    say(`ready in ${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
    const isComplete = await replay(supervisor, interruption.signal);
    const { record, result } = await supervisor.record();
    if (flags.json) process.stdout.write(`${JSON.stringify(result)}\n`);
    else say(`\n${reportText(record, result)}`);
    if (!isComplete) return interruption.exitCode();
    if (!flags.once) {
      say('\nThe data have ended; the system stays up until Ctrl-C.');
      await Promise.race([interruption.raised, supervisor.failed]);
    }
    return 0;
  } finally {
    await supervisor.stop();
  }
}

/** Runs to the end of the data; false when a signal ended it before. */
async function replay(supervisor: Supervisor, signal: AbortSignal): Promise<boolean> {
  const progress = showProgress(process.stderr, () => supervisor.progress());
  try {
    await supervisor.run(signal);
    return true;
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  } finally {
    progress.stop();
  }
}

function settingsOf(flags: LocalFlags, say: (line: string) => unknown): RunSettings {
  if (flags.live) {
    throw contractError(
      '--live needs a Databento key and a live feed, and this version replays files and generated sessions; ' +
        'leave --live away, or name a file with --data',
    );
  }
  const rootFolder = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');
  const configPath = flags.config === null ? join(rootFolder, 'config/dev.yml') : resolve(flags.config);
  const config = loadConfig(configPath);
  return { rootFolder, configPath, config, speed: flags.speed, feed: feedOf(flags), say: (line) => void say(line) };
}

/** Variables of the ingest service, see its `env.ts`. */
function feedOf({ data, from, to, seed, sessions }: LocalFlags): Record<string, string> {
  const span = { ...(from !== null && { FROM: from }), ...(to !== null && { TO: to }) };
  if (data === null) {
    const generated = { FEED: 'generator', FROM: GENERATED_FROM, SEED: String(seed) };
    return { ...generated, ...(sessions !== null && { SESSIONS: String(sessions) }), ...span };
  }
  const path = resolve(data);
  try {
    accessSync(path);
  } catch (error) {
    throw contractError(`--data ${data}: there is no such file or folder that can be read`, { cause: error });
  }
  return { FEED: 'file', DATA_PATH: path, ...span };
}

function errorText(error: unknown): string {
  const { code, message, path, stack } = error as NodeJS.ErrnoException;
  const place = path ?? '.rooney';
  if (code === 'ENOSPC') return `no space left on the disk, writing ${place}`;
  if (code === 'EACCES' || code === 'EROFS' || code === 'EPERM') return `${place} cannot be written (${code}); logs and the cache go there`;
  if (code === 'EADDRINUSE') return `a port is already in use: ${message}`;
  // An error of a known kind explains itself; of any other the place in the code is worth having.
  return kindOf(error) === 'invariant' ? (stack ?? message) : message;
}

interface Interruption {
  readonly signal: AbortSignal;
  /** Settles when a signal came. */
  readonly raised: Promise<void>;
  /** As a shell expects it after a signal. */
  exitCode(): number;
  end(): void;
}

/** Turns SIGINT, SIGTERM, SIGHUP and the death of the launcher into one abort; another one, later, ends at once. */
function watchSignals(): Interruption {
  const controller = new AbortController();
  const raised = Promise.withResolvers<void>();
  const codes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
  let exitCode = 143;
  let raisedMs = 0;
  const raise = (name: keyof typeof codes): void => {
    if (controller.signal.aborted) {
      if (performance.now() - raisedMs > SAME_SIGNAL_MS) process.exit(exitCode);
      return;
    }
    exitCode = codes[name];
    raisedMs = performance.now();
    controller.abort();
    raised.resolve();
  };
  const names = Object.keys(codes) as (keyof typeof codes)[];
  for (const name of names) process.on(name, raise);
  // Children and threads notice by themselves that this process has ended.
  const crash = (error: unknown): never => {
    process.stderr.write(`rooney local: ${errorText(error)}\n`);
    process.exit(1);
  };
  process.on('uncaughtException', crash).on('unhandledRejection', crash);
  const parent = process.ppid;
  const timer = setInterval(() => process.ppid !== parent && raise('SIGTERM'), PARENT_LOOK_MS).unref();
  return {
    signal: controller.signal,
    raised: raised.promise,
    exitCode: () => exitCode,
    end() {
      clearInterval(timer);
      for (const name of names) process.off(name, raise);
      process.off('uncaughtException', crash).off('unhandledRejection', crash);
    },
  };
}
