import { contractError } from '#core/errors.ts';
import { grades, type KnownBar } from '#core/market/bar.ts';
import type { Timeframe } from '#core/market/timeframe.ts';

/** What every bar of a series has in common. */
export interface Series {
  readonly root: string;
  readonly contract: string;
  readonly timeframe: Timeframe;
}

const numbers = [
  'openTimeMs',
  'closeTimeMs',
  'open',
  'high',
  'low',
  'close',
  'volume',
  'knownAtMs',
  'revision',
] as const;
const COLUMNS = numbers.length + 1;

/**
 * Bars as one block of doubles in the machine's byte order (little-endian wherever this runs), column after column:
 * `openTimeMs`, `closeTimeMs`, `open`, `high`, `low`, `close`, `volume`, `knownAtMs`, `revision`, index in `grades`.
 */
export function encodeBars(bars: readonly KnownBar[]): Uint8Array {
  const block = new Float64Array(COLUMNS * bars.length);
  bars.forEach((bar, row) => {
    numbers.forEach((name, column) => {
      block[column * bars.length + row] = bar[name];
    });
    block[numbers.length * bars.length + row] = grades.indexOf(bar.grade);
  });
  return new Uint8Array(block.buffer);
}

/** Reads what `encodeBars` wrote; throws a contract error when the block is not whole. */
export function decodeBars({ root, contract, timeframe }: Series, bytes: Uint8Array): KnownBar[] {
  const rows = bytes.byteLength / (COLUMNS * Float64Array.BYTES_PER_ELEMENT);
  if (!Number.isInteger(rows)) {
    throw contractError(`bars of ${contract} ${timeframe}: ${bytes.byteLength} bytes are not ${COLUMNS} whole columns`);
  }
  // Copied, because doubles must start at a multiple of eight and a received buffer need not.
  const block = new Float64Array(bytes.slice().buffer);
  const at = (column: number, row: number): number => block[column * rows + row] ?? Number.NaN;
  return Array.from({ length: rows }, (_, row) => ({
    root,
    contract,
    timeframe,
    openTimeMs: at(0, row),
    closeTimeMs: at(1, row),
    open: at(2, row),
    high: at(3, row),
    low: at(4, row),
    close: at(5, row),
    volume: at(6, row),
    knownAtMs: at(7, row),
    revision: at(8, row),
    grade: grades[at(9, row)] ?? 'holed',
  }));
}
