import type { ModeReadings } from '../execution/mode.ts';
import type { SessionCalendar } from '../market/session-calendar.ts';
import type { Slice } from '../market/slice.ts';
import type { Timeframe } from '../market/timeframe.ts';
import type { Window, WindowRequest } from '../market/window.ts';
import type { Aggregate } from '../trading/aggregate.ts';
import type { Line, Strategy } from './strategy.ts';

/** Windows that end at this slice: by lane root, then by timeframe. Only roots whose signal bar closed have any. */
export type StepWindows = Readonly<Record<string, Readonly<Partial<Record<Timeframe, Window>>>>>;

/** Everything `step` may know. The same input gives the same output, to the bit. */
export interface StepInput {
  readonly strategy: Strategy;
  readonly calendar: SessionCalendar;
  readonly held: Aggregate;
  readonly slice: Slice;
  /** When the trader took the slice, UTC milliseconds. */
  readonly receiptTimeMs: number;
  readonly readings: ModeReadings;
  readonly windows: StepWindows;
}

/** Contract whose bars give a line's signals: the one that was entered on, else the lead; null when there is neither. */
export function signalContract(line: Line, held: Aggregate, slice: Slice): string | null {
  return held.lanes[line.root]?.position?.signalContract ?? slice.leads[line.root] ?? null;
}

/** The signal timeframe of a line closed at this slice, on the given contract or (null) on any contract of the root. */
export function signalBarClosed({ root, definition }: Line, contract: string | null, slice: Slice): boolean {
  return slice.bars.some(
    (bar) =>
      bar.root === root &&
      bar.timeframe === definition.timeframe &&
      bar.revision === 0 &&
      (contract === null || bar.contract === contract),
  );
}

/** More bars than the definition itself needs, by timeframe, because a model reads them too. */
export type ExtraLookbacks = (line: Line) => Readonly<Partial<Record<Timeframe, number>>>;

/** The windows that `step` needs at a slice: none for lines whose signal bar does not close at it. */
export function windowsNeeded(
  { strategy, held, slice }: Pick<StepInput, 'strategy' | 'held' | 'slice'>,
  extra: ExtraLookbacks,
): WindowRequest[] {
  return strategy.lines.flatMap((line) => {
    const contract = signalContract(line, held, slice);
    if (contract === null || !signalBarClosed(line, contract, slice)) return [];
    const { timeframe } = line.definition;
    const lookbacks = { ...extra(line) };
    lookbacks[timeframe] = Math.max(line.definition.lookback(line.params), lookbacks[timeframe] ?? 0);
    return Object.entries(lookbacks).map(([name, lookback]) => ({
      root: line.root,
      contract,
      timeframe: name as Timeframe,
      lookback,
    }));
  });
}

/** Reads windows as known at the slice in progress, all at once. */
export async function readWindows(
  needed: readonly WindowRequest[],
  source: { window(request: WindowRequest): Promise<Window> },
): Promise<StepWindows> {
  const read = await Promise.all(needed.map((request) => source.window(request)));
  const windows: Record<string, Partial<Record<Timeframe, Window>>> = {};
  for (const window of read) windows[window.root] = { ...windows[window.root], [window.timeframe]: window };
  return windows;
}
