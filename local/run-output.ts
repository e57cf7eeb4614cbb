import { contractError } from '#core/errors.ts';
import { MetricTotals } from './emf.ts';
import { type OutputLog, openOutputLog } from './output-log.ts';

/** Everything that functions and children print: kept in a file each, and counted. */
export class RunOutput {
  readonly #folder: string;
  readonly #onError: (error: Error) => void;
  readonly #logs = new Map<string, OutputLog>();
  readonly #metrics = new MetricTotals();
  #decisions = 0;

  /** Files go to `folder`; `onError` hears when one cannot be written. */
  constructor(folder: string, onError: (error: Error) => void) {
    this.#folder = folder;
    this.#onError = onError;
  }

  /** The file of one function or child, emptied when it is first asked for. Throws when it cannot be made. */
  log(name: string): OutputLog {
    const open = this.#logs.get(name);
    if (open) return open;
    const log = openOutputLog(this.#folder, name, {
      onLine: (line) => this.#count(line),
      onError: (cause) =>
        this.#onError(
          contractError(
            `cannot write the log of ${name} in ${this.#folder}: ${cause.message}; make room there and start again`,
            { cause },
          ),
        ),
    });
    this.#logs.set(name, log);
    return log;
  }

  /** Decisions that strategies have logged. */
  get decisions(): number {
    return this.#decisions;
  }

  /** Orders that a route has accepted, by the execution functions' own metric. */
  get orders(): number {
    return this.#metrics.sum('Intent-accepted');
  }

  async close(): Promise<void> {
    await Promise.all([...this.#logs.values()].map((log) => log.close()));
  }

  #count(line: string): void {
    this.#metrics.add(line);
    if (line.includes('"message":"decision"')) this.#decisions += 1;
  }
}
