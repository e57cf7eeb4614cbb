import { feedSoak } from './feed-soak.ts';
import { soak } from './soak.ts';
import type { SoakJob, SoakSummary } from './soak-report.ts';

async function outcomeOf({ seed, way }: SoakJob): Promise<Omit<SoakSummary, 'wallMs'>> {
  if (way === 'feed') {
    const { failures, events, disconnects } = await feedSoak(seed);
    return { seed, way, failures, drawn: '', counts: { events, disconnects } };
  }
  const { plan, failures, ...counts } = await soak(seed);
  const { random: _, ...drawn } = plan;
  return { seed, way, failures, drawn: JSON.stringify(drawn), counts };
}

process.on('message', (job: SoakJob) => {
  const startedMs = performance.now();
  void outcomeOf(job).then((outcome) => {
    process.send?.({ ...outcome, wallMs: performance.now() - startedMs } satisfies SoakSummary);
  });
});
