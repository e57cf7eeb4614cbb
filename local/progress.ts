import { chicagoTime } from './report.ts';

/** What the progress line shows, counted since the start. */
export interface ProgressCounts {
  /** Of the newest slice, UTC; 0 before the first. */
  readonly closeTimeMs: number;
  readonly slices: number;
  /** Of every timeframe. */
  readonly bars: number;
  readonly decisions: number;
  readonly orders: number;
}

/** A line that says how far the run is. */
export interface ProgressLine {
  /** Begins to show what `read` returns. */
  show(read: () => ProgressCounts): void;
  /** Removes the line, so that other text can be printed; it comes back. */
  clear(): void;
  stop(): void;
}

const TERMINAL_MS = 250;
const LOG_MS = 10_000;

/** Progress on a stream: one line that renews itself on a terminal, a line every ten seconds elsewhere. */
export function createProgress(stream: NodeJS.WriteStream): ProgressLine {
  let timer: NodeJS.Timeout | undefined;
  let shown = '';
  const clear = (): void => {
    if (stream.isTTY && shown !== '') stream.write('\r\x1b[2K');
    shown = '';
  };
  const write = (text: string): void => {
    if (text === shown) return;
    shown = text;
    stream.write(stream.isTTY ? `\r\x1b[2K${text.slice(0, (stream.columns ?? 80) - 1)}` : `${text}\n`);
  };
  return {
    show(read) {
      const startedMs = performance.now();
      timer = setInterval(
        () => {
          const counts = read();
          if (counts.slices > 0) write(progressText(counts, performance.now() - startedMs));
        },
        stream.isTTY ? TERMINAL_MS : LOG_MS,
      );
    },
    clear,
    stop() {
      clearInterval(timer);
      clear();
    },
  };
}

/** `2026-03-10 14:05 Chicago | 1200 slices, 31/s | 2400 bars/s | 380 decisions | 12 orders` */
export function progressText(counts: ProgressCounts, elapsedMs: number): string {
  const perSecond = (count: number): number => Math.round(count / Math.max(0.001, elapsedMs / 1000));
  return [
    `${chicagoTime(counts.closeTimeMs)} Chicago`,
    `${counts.slices} slices, ${perSecond(counts.slices)}/s`,
    `${perSecond(counts.bars)} bars/s`,
    `${counts.decisions} decisions`,
    `${counts.orders} orders`,
  ].join(' | ');
}
