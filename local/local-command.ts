import { accessSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadConfig } from '#config/load.ts';
import { contractError } from '#core/errors.ts';
import { errorText } from './error-text.ts';
import { type Interruption, watchInterruption } from './interruption.ts';
import { readDatabento } from './live-source.ts';
import { type LocalFlags, localHelp, readLocalFlags } from './local-flags.ts';
import type { MarketSpec } from './market-data.ts';
import { createProgress, type ProgressLine } from './progress.ts';
import { reportText } from './report.ts';
import { type RunSettings, type Supervisor, startSupervisor } from './supervisor.ts';

/** Generated sessions begin on a fixed date, so that the same seed gives the same orders on every day. */
const GENERATED_FROM = '2026-02-05';
/** Lines about failures that are tried again; the logs have all of them. */
const TROUBLES_MAX = 20;

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
  const complain = (error: unknown): unknown => process.stderr.write(`rooney local: ${errorText(error)}\n`);
  const interruption = watchInterruption(complain);
  try {
    return await runSystem(flags, interruption);
  } catch (error) {
    if (!interruption.signal.aborted) {
      complain(error);
      return 1;
    }
    const { signalName, exitCode } = interruption.ending();
    complain(`stopped by ${signalName} before the end of the data`);
    return exitCode;
  } finally {
    interruption.end();
  }
}

async function runSystem(flags: LocalFlags, interruption: Interruption): Promise<number> {
  const startedMs = performance.now();
  // With --json, standard output is for the result alone.
  const out = flags.json ? process.stderr : process.stdout;
  const say = (line: string): unknown => out.write(`${line}\n`);
  const progress = createProgress(process.stderr);
  const onTrouble = limited(TROUBLES_MAX, (text) => {
    progress.clear();
    say(text);
  });
  const supervisor = await startSupervisor({ ...settingsOf(flags), say, onTrouble }, interruption.signal);
  try {
    say(`ready in ${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
    const ending = await replay(supervisor, progress);
    // A live feed goes on until somebody has had enough.
    const failure = flags.live && interruption.signal.aborted ? null : ending;
    const { record, result } = await supervisor.record();
    if (flags.json && !failure) process.stdout.write(`${JSON.stringify(result)}\n`);
    // What was committed before a failure stays readable.
    else say(`\n${reportText(record, result)}`);
    if (failure) throw failure.error;
    if (!flags.once && !flags.live) {
      say('\nThe data have ended; the system stays up until Ctrl-C.');
      await Promise.race([interruption.raised, supervisor.failed]);
    }
    return 0;
  } finally {
    await supervisor.stop();
  }
}

/** Runs to the end of the data; null, or what ended it before. */
async function replay(supervisor: Supervisor, progress: ProgressLine): Promise<{ readonly error: unknown } | null> {
  progress.show(() => supervisor.progress());
  try {
    await supervisor.run();
    return null;
  } catch (error) {
    return { error };
  } finally {
    progress.stop();
  }
}

function settingsOf(flags: LocalFlags): Omit<RunSettings, 'say' | 'onTrouble'> {
  const source = flags.live ? readDatabento(process.env) : marketOf(flags);
  const rootFolder = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');
  const configPath = flags.config === null ? join(rootFolder, 'config/dev.yml') : resolve(flags.config);
  const config = loadConfig(configPath);
  return { rootFolder, configPath, config, speed: flags.speed, source };
}

function marketOf({ data, from, to, seed, sessions }: LocalFlags): MarketSpec {
  if (data === null) {
    const first = from ?? GENERATED_FROM;
    if (to !== null && first > to)
      throw contractError(`--to ${to} is before ${first}, where the generated sessions begin`);
    return { kind: 'generator', seed, from: first, to, sessions: sessions ?? 1 };
  }
  const path = resolve(data);
  try {
    accessSync(path);
  } catch (error) {
    throw contractError(`--data ${data}: there is no such file or folder that can be read`, { cause: error });
  }
  return { kind: 'file', path, from, to };
}

/** Passes on the first lines, then says once that there are more. */
function limited(linesMax: number, print: (text: string) => void): (text: string) => void {
  let lines = 0;
  return (text) => {
    lines += 1;
    if (lines <= linesMax) print(text);
    if (lines === linesMax) print('further failures are only in the logs');
  };
}
