import { cpus } from 'node:os';
import type { Content } from './databento-bytes.ts';
import type { Task, TaskTimes } from './databento-dbn-task.ts';
import { atLeast, atMost, figure, inOwnProcess, median } from './databento-figures.ts';

const RECORDS_M = 5;
/** Millions of records a second. */
const bounds = { views: 30, objects: 3, encode: 5 } as const;
/** Times that ours may take of raw node:zlib. */
const ZSTD_RATIO_MAX = 1.3;

/**
 * The codec on files of 5 million records (or the given number of millions) in memory, one core. Every figure is the
 * median of rounds after a warm-up, in a fresh process that has seen nothing else; the ceiling, taken in turn with it, is
 * a loop over the length bytes of the same file.
 */
export async function dbn(recordsM = RECORDS_M): Promise<string[]> {
  const lines = [
    `DBN codec, ${recordsM} M records a file, version 3, chunks of 1 MiB, one core of ${cpus()[0]?.model ?? 'unknown'}`,
  ];
  const run = (task: Task, content: Content) =>
    inOwnProcess<TaskTimes>('databento-dbn-task.ts', [task, content, String(recordsM * 1e6)]);
  const rateM = (ms: readonly number[]): number => (recordsM / median(ms)) * 1000;
  for (const task of ['views', 'objects', 'encode'] as const) {
    for (const content of ['ohlcv-1m', 'trades', 'mixed'] as const) {
      const { taskMs, ceilingMs } = await run(task, content);
      const [value, ceiling] = [rateM(taskMs), rateM(ceilingMs)];
      const what = `${task}, ${content === 'mixed' ? 'a bar and a trade in turn' : content}`;
      const line =
        content === 'mixed' ? figure(what, value, 'M/s') : atLeast(what, value, { unit: 'M/s', bound: bounds[task] });
      lines.push(`${line}; walk only ${ceiling.toFixed(0)} M/s (${((100 * value) / ceiling).toFixed(1)} %)`);
    }
  }
  for (const task of ['zstd', 'zstd-frames'] as const) {
    for (const content of ['ohlcv-1m', 'trades'] as const) {
      const { taskMs, ceilingMs, plainMs, bytes } = await run(task, content);
      const what = `${task === 'zstd' ? 'zstd, one frame' : 'zstd, 64 frames'}, ${content}: time over raw node:zlib`;
      const speed = (ms: readonly number[]): string => `${(bytes / median(ms) / 1000).toFixed(0)} MB/s`;
      lines.push(
        `${atMost(what, median(taskMs) / median(ceilingMs), { unit: 'x', bound: ZSTD_RATIO_MAX })}; ours ${speed(taskMs)}, raw ` +
          `${speed(ceilingMs)} with the same output size, ${speed(plainMs)} with Node's own`,
      );
    }
  }
  return lines;
}
