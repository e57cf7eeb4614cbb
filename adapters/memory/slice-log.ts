import type { Gap, Slice } from '#core/market/slice.ts';
import type { SliceLog } from '#core/ports.ts';

/** A slice log that forgets everything with its process. */
export function memorySliceLog(): SliceLog {
  const slices = new Map<number, Slice>();
  const gapsByStart = new Map<number, Gap>();

  return {
    async put(slice) {
      const stored = slices.get(slice.closeTimeMs) ?? slice;
      slices.set(slice.closeTimeMs, stored);
      if (stored.gap !== null) gapsByStart.set(stored.gap.fromMs, stored.gap);
      return stored;
    },
    async putGap(gap) {
      gapsByStart.set(gap.fromMs, gap);
    },
    async newest(fromMs, toMs) {
      const times = [...slices.keys()].filter((timeMs) => timeMs >= fromMs && timeMs <= toMs);
      return slices.get(Math.max(...times)) ?? null;
    },
    async *between(fromMs, toMs) {
      const found = [...slices.values()].filter(({ closeTimeMs }) => closeTimeMs >= fromMs && closeTimeMs <= toMs);
      yield* found.sort((a, b) => a.closeTimeMs - b.closeTimeMs);
    },
    async gaps(fromMs, toMs) {
      const found = [...gapsByStart.values()].filter((gap) => gap.fromMs < toMs && gap.toMs > fromMs);
      return found.sort((a, b) => a.fromMs - b.fromMs);
    },
  };
}
