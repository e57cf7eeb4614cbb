import { fileURLToPath } from 'node:url';
import { loadConfig } from '#config/load.ts';
import { type RunSettings, type Supervisor, startSupervisor } from '#local/supervisor.ts';

/** What a measured run is started with. */
export type MeasuredRun = Pick<
  RunSettings,
  'configPath' | 'speed' | 'source' | 'ingestEnvironment' | 'onAnnounced' | 'onQuiet'
>;

/** Starts the local system in this process, silently. */
export async function startRun(run: MeasuredRun): Promise<Supervisor> {
  const rootFolder = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');
  const config = loadConfig(run.configPath);
  return await startSupervisor(
    { rootFolder, config, say: () => undefined, onTrouble: (text) => console.error(text), ...run },
    new AbortController().signal,
  );
}
