import { contractError } from '#core/errors.ts';
import { instrumentOf } from '#core/market/instrument.ts';
import type { SourceCoverage } from '#core/market/presume.ts';
import type { SessionCalendar } from '#core/market/session-calendar.ts';
import { minutePlace, type TimeSpan } from '#core/market/session-spans.ts';
import { placeOf } from './bar-record.ts';
import { type FiledBar, readMergedBars } from './merged-bars.ts';

/** Share of bars outside the session from which the times are not believed. */
const OUTSIDE_FRACTION_MAX = 0.01;

export interface BarFileOptions {
  /** A CSV or DBN file, or a folder of them. */
  readonly path: string;
  readonly calendar: SessionCalendar;
  /** Roots whose bars are wanted; others in the file are checked and passed over. */
  readonly universe: readonly string[];
}

/** What a file or folder of bars holds. Counts are bars. */
export interface BarFileReport {
  readonly files: number;
  /** Bars of the universe, set-aside ones included. */
  readonly bars: number;
  readonly firstOpenTimeMs: number;
  readonly lastOpenTimeMs: number;
  /** On the minute that starts as a trading interval ends; they belong to the session before. */
  readonly closingMinuteBars: number;
  /** Further outside the session; they are not used. */
  readonly setAsideBars: number;
  readonly otherRootBars: number;
  /** Bars of spreads, options and the like. */
  readonly notOutrightBars: number;
  readonly coverage: SourceCoverage;
}

/**
 * Reads the whole input without using any of it. Throws a contract error that names file, record, reason and remedy
 * when a file cannot be read to its end, a bar is unsound, out of order or there twice, none is of the universe, or more
 * than one in a hundred lies outside its session.
 */
export async function checkBarFile({ path, calendar, universe }: BarFileOptions): Promise<BarFileReport> {
  const declared: TimeSpan[] = [];
  const wanted = new Set(universe);
  const count = { files: 0, bars: 0, closingMinuteBars: 0, setAsideBars: 0, otherRootBars: 0, notOutrightBars: 0 };
  let hasUndeclared = false;
  let first: FiledBar | null = null;
  let last: FiledBar | null = null;
  let firstOutside: FiledBar | null = null;
  const bars = readMergedBars(path, (file) => {
    const span = file.coverage();
    if (span === null) hasUndeclared = true;
    else declared.push(span);
    count.files += 1;
    count.notOutrightBars += file.notOutrights();
  });
  for await (const filed of bars) {
    const { root, openTimeMs } = filed.bar;
    if (!wanted.has(root)) {
      count.otherRootBars += 1;
      continue;
    }
    count.bars += 1;
    const place = minutePlace(calendar, instrumentOf(root).group, openTimeMs);
    if (place === 'closing-minute') count.closingMinuteBars += 1;
    if (place === 'outside') {
      count.setAsideBars += 1;
      firstOutside ??= filed;
    }
    first ??= filed;
    last = filed;
  }
  if (first === null || last === null) {
    throw contractError(
      `${path}: holds no bar of ${universe.join(' ')} (${count.otherRootBars} of other roots, ` +
        `${count.notOutrightBars} of spreads and options); give another file or universe`,
    );
  }
  if (firstOutside !== null) requireFewOutside(path, firstOutside, count);
  const [firstOpenTimeMs, lastOpenTimeMs] = [first.bar.openTimeMs, last.bar.openTimeMs];
  return { ...count, firstOpenTimeMs, lastOpenTimeMs, coverage: { declared, hasUndeclared } };
}

function requireFewOutside(
  path: string,
  firstOutside: FiledBar,
  { bars, setAsideBars }: { readonly bars: number; readonly setAsideBars: number },
): void {
  if (setAsideBars <= bars * OUTSIDE_FRACTION_MAX) return;
  const { contract, openTimeMs } = firstOutside.bar;
  throw contractError(
    `${path}: ${setAsideBars} of ${bars} bars lie outside their session, the first is ${contract} at ` +
      `${new Date(openTimeMs).toISOString()} (${placeOf(firstOutside.path, firstOutside)}); is the time zone wrong? ` +
      'Times must be the UTC start of the minute',
  );
}
