import type { MinuteBar } from '#core/market/bar.ts';
import { presume } from '#core/market/presume.ts';
import type { BarFeed } from '#core/ports.ts';
import { type BarFileOptions, type BarFileReport, checkBarFile } from './check-bars.ts';
import { readMergedBars } from './merged-bars.ts';

/** A feed that reads recorded bars. */
export interface FileFeed extends BarFeed {
  /** What the input holds; null until the first pass over the events has checked it. */
  readonly stats: BarFileReport | null;
}

/**
 * A feed over a CSV or DBN file, or a folder of them. The whole input is checked once, before the first event, so that
 * nothing is traded from a bad one; see `checkBarFile` for what is refused.
 */
export function fileFeed(options: BarFileOptions): FileFeed {
  let checking: Promise<BarFileReport> | null = null;
  let stats: BarFileReport | null = null;
  return {
    source: 'file',
    get stats() {
      return stats;
    },
    async *events() {
      checking ??= checkBarFile(options);
      stats = await checking;
      yield* presume(barsOf(options), { ...options, coverage: stats.coverage });
    },
  };
}

async function* barsOf({ path, universe }: BarFileOptions): AsyncGenerator<MinuteBar, void, undefined> {
  const wanted = new Set(universe);
  for await (const { bar } of readMergedBars(path)) if (wanted.has(bar.root)) yield bar;
}
