import { randomUUID } from 'node:crypto';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { FunctionSpec } from './template.ts';
import {
  CELLS_BYTES,
  type EnvironmentMessage,
  FROZEN_CELL,
  type HostMessage,
  PAUSED,
  PAUSED_CELL,
  type ReportedError,
  type WorkerSettings,
} from './worker-protocol.ts';

/** Lambda gives the code outside the handler ten seconds before it counts as failed. */
const INIT_MS_MAX = 10_000;

/** What an invocation came to. Function errors do not throw: they are results, as over Lambda's API. */
export type Invocation =
  | { readonly status: 'returned'; readonly payload: unknown }
  | { readonly status: 'failed'; readonly error: ReportedError }
  | { readonly status: 'throttled' };

/** What the environments of a function are started with. */
export interface HostSettings {
  readonly spec: FunctionSpec;
  /** Root folder of the project; entries are relative to it. */
  readonly rootFolder: string;
  /** The whole environment of the thread: nothing of the supervisor's own leaks into it. */
  readonly environment: Readonly<Record<string, string>>;
  /** Takes everything the function prints, in order, in pieces that need not be lines. */
  readonly onOutput: (text: string) => void;
}

/**
 * One execution environment of one function: a worker thread that is born with its first event, keeps its memory from
 * event to event and stands still in between. A timeout, a crash or a stray rejection ends it for good.
 */
export class WorkerHost {
  readonly #settings: HostSettings;
  readonly #cells = new Int32Array(new SharedArrayBuffer(CELLS_BYTES));
  readonly #worker: Worker;
  /** Null once the factory has run, or the error it failed with. */
  readonly #initialised: Promise<ReportedError | null>;
  #listener: ((message: EnvironmentMessage) => void) | null = null;
  /** Why the thread ended; null while it lives. */
  #end: ReportedError | null = null;
  #events = 0;

  /** Starts the thread and runs the factory; `nowMs` is the time of the replay. */
  constructor(settings: HostSettings, nowMs: number) {
    this.#settings = settings;
    this.#worker = this.#spawn(nowMs);
    this.#initialised = this.#next(INIT_MS_MAX, 'init did not end in 10 seconds').then((message) =>
      message.kind === 'died' ? message.error : null,
    );
  }

  /** True when the thread has ended or is ending. */
  get isGone(): boolean {
    return this.#end !== null;
  }

  /** True while an event is being worked on; a second one must go to another environment. */
  get isBusy(): boolean {
    return this.#events > 0;
  }

  /** Waits for the factory: null, or the error it failed with. */
  initialise(): Promise<ReportedError | null> {
    return this.#initialised;
  }

  /** Runs one event at replay time `nowMs`. When the function's timeout passes, the thread ends. */
  async invoke(event: unknown, nowMs: number): Promise<Invocation> {
    this.#events += 1;
    try {
      const failure = await this.#initialised;
      if (failure) return { status: 'failed', error: failure };
      const requestId = randomUUID();
      const { timeoutMs } = this.#settings.spec;
      const timeoutText = `${requestId} Task timed out after ${(timeoutMs / 1000).toFixed(2)} seconds`;
      const reply = this.#next(timeoutMs, timeoutText);
      this.#thaw({ kind: 'invoke', requestId, event, nowMs });
      const message = await reply;
      if (message.kind === 'returned') return { status: 'returned', payload: JSON.parse(message.payload) };
      if (message.kind === 'threw' || message.kind === 'died') return { status: 'failed', error: message.error };
      throw new Error(`${this.#settings.spec.name} said ${message.kind} instead of answering`);
    } finally {
      this.#events -= 1;
    }
  }

  /** The crash: ends the thread wherever it is, in the middle of an event or between two, but not before its factory has run. */
  async terminate(): Promise<void> {
    // A native module that is being loaded takes the whole process along when its thread ends under it.
    await this.#initialised;
    this.#hear({ kind: 'died', error: exitError(1) });
    await this.#worker.terminate();
  }

  /** The freeze: stops the thread at its next wait, timers and sockets included; the function's timeout goes on counting. */
  pause(): void {
    Atomics.store(this.#cells, PAUSED_CELL, PAUSED);
    this.#worker.postMessage({ kind: 'pause' } satisfies HostMessage);
  }

  /** Ends the freeze. */
  resume(): void {
    Atomics.store(this.#cells, PAUSED_CELL, 0);
    Atomics.notify(this.#cells, PAUSED_CELL);
  }

  /** Bytes on the thread's heap after a forced collection; null when it has ended. Not while it is busy. */
  async heapUsedBytes(): Promise<number | null> {
    await this.#initialised;
    if (this.isGone) return null;
    const reply = this.#next(INIT_MS_MAX, 'no measurement');
    this.#thaw({ kind: 'measure' });
    const message = await reply;
    return message.kind === 'measured' ? message.heapUsedBytes : null;
  }

  #spawn(nowMs: number): Worker {
    const { spec, rootFolder, environment, onOutput } = this.#settings;
    const folder = spec.entry.slice(0, spec.entry.lastIndexOf('/') + 1);
    const workerData: WorkerSettings = {
      functionName: spec.name,
      functionArn: spec.arn,
      factoryUrl: pathToFileURL(`${rootFolder}/${folder}create.ts`).href,
      timeoutMs: spec.timeoutMs,
      memoryMb: spec.memoryMb,
      nowMs,
      cells: this.#cells.buffer,
    };
    const worker = new Worker(new URL('./lambda-worker.ts', import.meta.url), {
      workerData,
      env: environment,
      resourceLimits: { maxOldGenerationSizeMb: spec.memoryMb },
    });
    worker.on('message', (message: EnvironmentMessage) => {
      if (message.kind === 'log') onOutput(message.text);
      else this.#hear(message);
    });
    worker.on('error', (error: Error) =>
      this.#hear({ kind: 'died', error: { errorType: error.name, errorMessage: error.message, trace: [] } }),
    );
    worker.on('exit', (code) => this.#hear({ kind: 'died', error: exitError(code) }));
    return worker;
  }

  #hear(message: EnvironmentMessage): void {
    if (message.kind === 'died') this.#end ??= message.error;
    this.#listener?.(message);
  }

  /** The next word of the thread. Its end counts as one; so does silence of `msMax`, which ends it. */
  #next(msMax: number, timeoutText: string): Promise<EnvironmentMessage> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#hear({ kind: 'died', error: { errorType: 'Sandbox.Timedout', errorMessage: timeoutText, trace: [] } });
        void this.#worker.terminate();
      }, msMax);
      this.#listener = (message) => {
        clearTimeout(timer);
        this.#listener = null;
        resolve(message);
      };
      if (this.#end) this.#listener({ kind: 'died', error: this.#end });
    });
  }

  #thaw(message: HostMessage): void {
    Atomics.store(this.#cells, FROZEN_CELL, 0);
    Atomics.notify(this.#cells, FROZEN_CELL);
    this.#worker.postMessage(message);
  }
}

function exitError(code: number): ReportedError {
  if (code !== 0 && code !== 13) {
    return {
      errorType: 'Runtime.ExitError',
      errorMessage: `Runtime exited with error: exit status ${code}`,
      trace: [],
    };
  }
  return {
    errorType: 'Runtime.NodeJsExit',
    errorMessage: 'the event loop ran empty before the handler settled',
    trace: [],
  };
}
