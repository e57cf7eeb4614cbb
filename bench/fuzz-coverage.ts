import type { Profiler } from 'node:inspector';
import { Session } from 'node:inspector';

/** Which source files count. */
export type IsCounted = (url: string) => boolean;

/** What of one source file has been run. */
interface FileCoverage {
  /** 1 for each character that has been run at some time. */
  readonly reached: Uint8Array;
  /** Where blocks begin that have been run. */
  readonly blocks: Set<number>;
}

/** What ran since the last look: for each file, 1 for each character. */
export type Fresh = ReadonlyMap<string, Uint8Array>;

/**
 * V8's own block coverage of this thread. Counting begins with `start`, which must come before the modules are loaded;
 * each look takes what ran since the one before.
 */
export class BlockCoverage {
  readonly #session = new Session();
  readonly #isCounted: IsCounted;
  readonly #files = new Map<string, FileCoverage>();

  constructor(isCounted: IsCounted) {
    this.#isCounted = isCounted;
  }

  start(): void {
    this.#session.connect();
    this.#session.post('Profiler.enable');
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** What ran since the last look. */
  look(): Fresh {
    let scripts: Profiler.ScriptCoverage[] = [];
    this.#session.post('Profiler.takePreciseCoverage', (error, { result }) => {
      if (error !== null) throw error;
      scripts = result;
    });
    const fresh = new Map<string, Uint8Array>();
    for (const { url, functions } of scripts) if (this.#isCounted(url)) fresh.set(url, this.#paint(url, functions));
    return fresh;
  }

  /** Whether something ran that never ran before. */
  hasNew(fresh: Fresh): boolean {
    for (const [url, ran] of fresh) {
      const { reached } = this.#files.get(url)!;
      if (ran.some((value, at) => value > reached[at]!)) return true;
    }
    return false;
  }

  /** Counts what ran as reached. */
  add(fresh: Fresh): void {
    for (const [url, ran] of fresh) {
      const { reached } = this.#files.get(url)!;
      for (let at = 0; at < ran.length; at++) reached[at]! |= ran[at]!;
    }
  }

  /** Number of blocks that have been run. */
  get blocks(): number {
    return this.#files.values().reduce((sum, { blocks }) => sum + blocks.size, 0);
  }

  /** Characters that have been run, by file. */
  reached(): ReadonlyMap<string, Uint8Array> {
    return new Map(this.#files.entries().map(([url, { reached }]) => [url, reached]));
  }

  #paint(url: string, functions: readonly Profiler.FunctionCoverage[]): Uint8Array {
    let file = this.#files.get(url);
    if (file === undefined) {
      const characters = Math.max(...functions.flatMap(({ ranges }) => ranges.map(({ endOffset }) => endOffset)));
      file = { reached: new Uint8Array(characters), blocks: new Set() };
      this.#files.set(url, file);
    }
    const ran = new Uint8Array(file.reached.length);
    // Outer ranges come before those inside them.
    for (const { ranges } of functions) {
      for (const { startOffset, endOffset, count } of ranges) {
        ran.fill(count > 0 ? 1 : 0, startOffset, endOffset);
        if (count > 0) file.blocks.add(startOffset);
      }
    }
    return ran;
  }
}
