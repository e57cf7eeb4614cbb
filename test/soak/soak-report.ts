/** A week to be sent through the client alone, or through our feed as the ingest service has it. */
export interface SoakJob {
  readonly seed: number;
  readonly way: 'client' | 'feed';
}

/** What became of a job; it can be sent between threads. */
export interface SoakSummary extends SoakJob {
  readonly failures: readonly string[];
  /** The drawn plan, to be looked at when something failed. */
  readonly drawn: string;
  readonly counts: Readonly<Record<string, number>>;
  readonly wallMs: number;
}

/** The lines of a job that failed. */
export function failureLines({ seed, way, failures, drawn }: SoakSummary): string[] {
  return [`seed ${seed}, ${way}, FAILED ${drawn}`, ...failures.map((failure) => `    ${failure}`)];
}

/** The whole run in a few lines. */
export function totalLines(summaries: readonly SoakSummary[]): string[] {
  return [
    waysLine(summaries, 'client', 'every bar once, in order for its instrument'),
    waysLine(summaries, 'feed', 'every event as the data has it, each minute proved'),
  ].flat();
}

function waysLine(all: readonly SoakSummary[], way: SoakJob['way'], promise: string): string[] {
  const summaries = all.filter((summary) => summary.way === way);
  if (summaries.length === 0) return [];
  const failed = summaries.filter(({ failures }) => failures.length > 0).length;
  const counts = Object.keys(summaries[0]!.counts).map((name) => {
    const total = summaries.reduce((sum, summary) => sum + (summary.counts[name] ?? 0), 0);
    return `${name} ${total.toLocaleString('en-US')}`;
  });
  return [
    `${way}: a simulated week of ${summaries.length} seeds: ${failed === 0 ? promise : `${failed} FAILED`}`,
    `  ${counts.join(', ')}; slowest seed ${(Math.max(...summaries.map(({ wallMs }) => wallMs)) / 1000).toFixed(1)} s`,
  ];
}
