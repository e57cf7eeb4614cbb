import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { failureLines, type SoakJob, type SoakSummary, totalLines } from './soak-report.ts';

/**
 * The soak test: `npm run test:soak [-- SEEDS [FIRST]]`, 100 seeds from 0 when nothing is given; one of ten also goes
 * through our feed. Ends with 1 when a bar was lost, came twice, came out of order or with other values.
 */
const [SEEDS, FIRST, CHILDREN, SEEDS_PER_FEED] = [100, 0, 2, 10];
const SECONDS_MAX = 60;

const [seeds = SEEDS, first = FIRST] = process.argv.slice(2).map(Number);
const jobs = Array.from({ length: seeds }, (_, index) => first + index).flatMap((seed): SoakJob[] => [
  { seed, way: 'client' },
  ...(seed % SEEDS_PER_FEED === 0 ? [{ seed, way: 'feed' } as const] : []),
]);
const summaries: SoakSummary[] = [];
const startedMs = performance.now();

/** Sends one job after the other to a process of its own. */
async function work(): Promise<void> {
  const child = fork(fileURLToPath(new URL('soak-child.ts', import.meta.url)));
  for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) {
    const summary = await summaryOf(child, job);
    summaries.push(summary);
    if (summary.failures.length > 0) for (const line of failureLines(summary)) console.log(line);
    if (summaries.length % 10 === 0) console.error(`${summaries.length} done`);
  }
  child.kill();
}

async function summaryOf(child: ChildProcess, job: SoakJob): Promise<SoakSummary> {
  const { promise, resolve, reject } = Promise.withResolvers<SoakSummary>();
  const late = (): void => reject(new Error(`${job.way} of seed ${job.seed} is not done after ${SECONDS_MAX} s`));
  const timer = setTimeout(late, SECONDS_MAX * 1000);
  const onExit = (code: number | null): void => reject(new Error(`${job.way} of seed ${job.seed} ended with ${code}`));
  child.once('exit', onExit).once('message', (summary) => resolve(summary as SoakSummary));
  child.send(job);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    child.off('exit', onExit);
  }
}

await Promise.all(Array.from({ length: CHILDREN }, work));
for (const line of totalLines(summaries)) console.log(line);
console.log(`${((performance.now() - startedMs) / 1000).toFixed(0)} s in ${CHILDREN} processes`);
process.exit(summaries.some(({ failures }) => failures.length > 0) ? 1 : 0);
