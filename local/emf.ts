/** Sums of what functions reported as metrics in the embedded metric format, by metric name over all dimensions. */
export class MetricTotals {
  readonly #sums = new Map<string, number>();

  /** Adds the metrics of one printed line; any other line is none of its business. */
  add(line: string): void {
    if (!line.startsWith('{') || !line.includes('"_aws"')) return;
    const record = parsed(line);
    for (const { Metrics = [] } of record?._aws?.CloudWatchMetrics ?? []) {
      for (const { Name } of Metrics) this.#sums.set(Name, this.sum(Name) + total(record?.[Name]));
    }
  }

  /** Sum of a metric since the start; 0 when it never came. */
  sum(name: string): number {
    return this.#sums.get(name) ?? 0;
  }
}

interface EmfRecord {
  readonly _aws?: {
    readonly CloudWatchMetrics?: readonly { readonly Metrics?: readonly { readonly Name: string }[] }[];
  };
  readonly [name: string]: unknown;
}

function parsed(line: string): EmfRecord | null {
  try {
    return JSON.parse(line) as EmfRecord;
  } catch {
    // CloudWatch ignores lines it cannot read, silently.
    return null;
  }
}

function total(value: unknown): number {
  const values = Array.isArray(value) ? value : [value];
  return values.reduce<number>((sum, item) => (typeof item === 'number' ? sum + item : sum), 0);
}
