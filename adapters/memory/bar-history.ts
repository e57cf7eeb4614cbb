import type { KnownBar } from '#core/market/bar.ts';
import { compareRevisions } from '#core/market/root-bars.ts';
import type { Timeframe } from '#core/market/timeframe.ts';
import { windowOf } from '#core/market/window.ts';
import type { BarHistory, SliceLog } from '#core/ports.ts';

/** What is kept of one contract and timeframe, in the shape of the table: open bars one by one, sessions in one piece. */
interface Shelf {
  /** Ordered by close time and revision. */
  open: KnownBar[];
  readonly sessions: Map<string, readonly KnownBar[]>;
}

/** A bar history that forgets everything with its process. `sliceLog` knows the gaps of the windows. */
export function memoryBarHistory({ sliceLog }: { readonly sliceLog: Pick<SliceLog, 'gaps'> }): BarHistory {
  const shelves = new Map<string, Shelf>();

  function shelfOf({ contract, timeframe }: { readonly contract: string; readonly timeframe: Timeframe }): Shelf {
    const key = `${contract}#${timeframe}`;
    const existing = shelves.get(key);
    if (existing !== undefined) return existing;
    const shelf: Shelf = { open: [], sessions: new Map() };
    shelves.set(key, shelf);
    return shelf;
  }

  return {
    async write(bars, knownAtMs) {
      for (const bar of bars) place(shelfOf(bar).open, { ...bar, knownAtMs });
    },
    async writeSessions(sessions) {
      for (const { contract, timeframe, tradeDate, bars } of sessions) {
        const shelf = shelfOf({ contract, timeframe });
        shelf.sessions.set(tradeDate, bars);
        shelf.open = openOf(shelf);
      }
    },
    async window(request, asOfMs) {
      const shelf = shelfOf(request);
      const pieces = [...inOrder(shelf.sessions), openOf(shelf)];
      const bars = newest(pieces, { lookback: request.lookback, asOfMs });
      const gaps = await sliceLog.gaps(bars[0]?.openTimeMs ?? asOfMs, asOfMs);
      return windowOf(request, { bars, gaps }, asOfMs);
    },
  };
}

function inOrder(sessions: Shelf['sessions']): (readonly KnownBar[])[] {
  return [...sessions].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, bars]) => bars);
}

/** The bars after the last session written whole or as far as it went; the ones before are in its columns. */
function openOf({ open, sessions }: Shelf): KnownBar[] {
  const last = inOrder(sessions).at(-1)?.at(-1);
  return last === undefined ? open : open.filter((bar) => compareRevisions(bar, last) > 0);
}

/** Inserts a bar at its place, over one of the same time and revision. */
function place(bars: KnownBar[], bar: KnownBar): void {
  let at = bars.length;
  while (at > 0 && compareRevisions(bars[at - 1] as KnownBar, bar) >= 0) at -= 1;
  const existing = bars[at];
  bars.splice(at, existing !== undefined && compareRevisions(existing, bar) === 0 ? 1 : 0, bar);
}

/** The newest pieces that hold a whole window as of an instant, or all of them, oldest first. */
function newest(
  pieces: readonly (readonly KnownBar[])[],
  { lookback, asOfMs }: { readonly lookback: number; readonly asOfMs: number },
): KnownBar[] {
  let found = 0;
  let from = pieces.length;
  while (from > 0 && found < lookback) {
    from -= 1;
    found += pieces[from]?.filter(({ revision, knownAtMs }) => revision === 0 && knownAtMs <= asOfMs).length ?? 0;
  }
  return pieces.slice(from).flat();
}
