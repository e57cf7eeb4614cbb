import { contractError } from '#core/errors.ts';
import { listBarFiles, openBarFile } from './bar-file.ts';
import { type BarFile, type BarRecord, placeOf } from './bar-record.ts';

/** A bar of one of several files. */
export interface FiledBar extends BarRecord {
  readonly path: string;
}

/**
 * Reads a file, or all files of a folder, as one stream in the order of open time, files of the same minute by name.
 * A file is opened when its first bar is due and released after its last; `onEnd` sees it then. Throws a contract error
 * for two bars of one contract and minute, wherever they stand.
 */
export async function* readMergedBars(
  path: string,
  onEnd: (file: BarFile) => void = () => undefined,
): AsyncGenerator<FiledBar, void, undefined> {
  const waiting = await planFiles(path);
  const reading: FileCursor[] = [];
  const repeats = makeRepeatCheck();
  try {
    for (;;) {
      const due = earliest(reading)?.openTimeMs ?? Number.POSITIVE_INFINITY;
      const next = waiting[0];
      if (next !== undefined && next.firstMs <= due) {
        waiting.shift();
        const cursor = new FileCursor(await openBarFile(next.path), next.order);
        reading.push(cursor);
        await advance(cursor);
        continue;
      }
      const cursor = earliest(reading);
      if (cursor === undefined) return;
      const bar = { ...cursor.head!, path: cursor.file.path };
      repeats(bar);
      yield bar;
      await advance(cursor);
    }
  } finally {
    for (const { file } of reading) file.close();
  }

  async function advance(cursor: FileCursor): Promise<void> {
    // Waiting only where a batch ends keeps the other bars cheap.
    if (cursor.step() || (await cursor.nextBatch())) return;
    reading.splice(reading.indexOf(cursor), 1);
    cursor.file.close();
    onEnd(cursor.file);
  }
}

interface PlannedFile {
  readonly path: string;
  readonly order: number;
  /** Open time of the first bar; a file without bars is due at once, so that it is read to its end. */
  readonly firstMs: number;
}

async function planFiles(path: string): Promise<PlannedFile[]> {
  const planned: PlannedFile[] = [];
  for (const [order, one] of (await listBarFiles(path)).entries()) {
    const file = await openBarFile(one);
    try {
      const first = await file.batches.next();
      const firstMs = first.done ? undefined : first.value[0]?.bar.openTimeMs;
      planned.push({ path: one, order, firstMs: firstMs ?? Number.NEGATIVE_INFINITY });
    } finally {
      file.close();
    }
  }
  return planned.sort((a, b) => a.firstMs - b.firstMs || a.order - b.order);
}

/** A file being read, at one of its bars. */
class FileCursor {
  readonly file: BarFile & { close(): void };
  readonly order: number;
  #batch: readonly BarRecord[] = [];
  #at = -1;

  constructor(file: BarFile & { close(): void }, order: number) {
    this.file = file;
    this.order = order;
  }

  get head(): BarRecord | undefined {
    return this.#batch[this.#at];
  }

  get openTimeMs(): number {
    return this.head?.bar.openTimeMs ?? Number.POSITIVE_INFINITY;
  }

  /** Goes to the next bar of the batch, if there is one. */
  step(): boolean {
    this.#at += 1;
    return this.#at < this.#batch.length;
  }

  /** Goes to the first bar of the next batch, if there is one; batches are never empty. */
  async nextBatch(): Promise<boolean> {
    const next = await this.file.batches.next();
    this.#batch = next.done ? [] : next.value;
    this.#at = 0;
    return !next.done;
  }
}

function earliest(cursors: readonly FileCursor[]): FileCursor | undefined {
  let found: FileCursor | undefined;
  for (const cursor of cursors) {
    const isEarlier =
      found === undefined ||
      cursor.openTimeMs < found.openTimeMs ||
      (cursor.openTimeMs === found.openTimeMs && cursor.order < found.order);
    if (isEarlier) found = cursor;
  }
  return found;
}

/** Refuses a second bar of one contract and minute; bars come in the order of their open times. */
function makeRepeatCheck(): (bar: FiledBar) => void {
  let minuteMs = Number.NEGATIVE_INFINITY;
  const seen = new Map<string, FiledBar>();
  return (bar) => {
    if (bar.bar.openTimeMs !== minuteMs) {
      minuteMs = bar.bar.openTimeMs;
      seen.clear();
    }
    const first = seen.get(bar.bar.contract);
    if (first === undefined) {
      seen.set(bar.bar.contract, bar);
      return;
    }
    throw contractError(
      `${placeOf(bar.path, bar)}: duplicate bar of ${bar.bar.contract} at ${new Date(minuteMs).toISOString()}, ` +
        `first at ${placeOf(first.path, first)}; remove one of them`,
    );
  };
}
