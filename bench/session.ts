import { fileURLToPath } from 'node:url';
import { generatorFeed } from '#adapters/generator/generator-feed.ts';
import { loadConfig } from '#config/load.ts';
import { strategyOf } from '#config/strategy.ts';
import { cmeCalendar } from '#core/market/cme-hours.ts';
import { plainLoop } from '#test/simulation/plain-loop.ts';
import { startRun } from './local-run.ts';
import { against } from './statistics.ts';

const configPath = fileURLToPath(new URL('../config/dev.yml', import.meta.url));
const FROM = '2026-02-05';
const HISTORY_FROM = '2026-02-02';

/** One generated session of 19 roots through the emulators, beside the same session through a loop in memory. */
export async function session(): Promise<string[]> {
  const config = loadConfig(configPath);
  const { universe } = config.market;
  const plainMs = await timed(async () => {
    for (const { id } of config.strategies) {
      const feed = generatorFeed({
        seed: 1,
        universe,
        firstTradeDate: HISTORY_FROM,
        sessions: 4,
        calendar: cmeCalendar(),
      });
      const strategy = { ...strategyOf(config, id), veto: 'off' as const };
      await plainLoop(feed, { strategy, universe, announceFromTradeDate: FROM });
    }
  });
  const supervisor = await startRun({
    configPath,
    speed: 'max',
    source: { kind: 'generator', seed: 1, from: FROM, to: null, sessions: 1 },
  });
  try {
    const cpu = process.cpuUsage();
    const wallMs = await timed(() => supervisor.run());
    const { user, system } = process.cpuUsage(cpu);
    const { slices } = supervisor.progress();
    return [
      against(`one session of ${universe.length} roots, ${slices} slices, speed max`, wallMs / 1000, {
        unit: 's',
        bound: 60,
      }),
      `  ${((slices / wallMs) * 1000).toFixed(0)} slices/s; ${((user + system) / 1000 / slices).toFixed(1)} ms CPU a slice in the supervisor and its threads`,
      `  the same session in a loop in memory: ${(slices / (plainMs / 1000)).toFixed(0)} slices/s, ${(wallMs / plainMs).toFixed(0)} times as fast (the ceiling)`,
    ];
  } finally {
    await supervisor.stop();
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
}
