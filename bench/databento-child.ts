import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Starts a file of this folder in a process of its own that can be talked to and can collect garbage when asked. */
export function startChild(file: string, args: readonly string[]): ChildProcess {
  const path = fileURLToPath(new URL(file, import.meta.url));
  return fork(path, [...args], { execArgv: ['--expose-gc'], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
}

/** Messages of a child until it ends; throws when it ends with an error. */
export async function* messagesOf<T>(child: ChildProcess): AsyncGenerator<T, void, undefined> {
  const waiting: T[] = [];
  let notify = (): void => undefined;
  child.on('message', (message) => {
    waiting.push(message as T);
    notify();
  });
  child.once('exit', () => notify());
  for (;;) {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) yield next;
    if (child.exitCode !== null || child.signalCode !== null) break;
    await new Promise<void>((resolve) => {
      notify = resolve;
    });
  }
  if (child.exitCode !== 0 && child.signalCode !== 'SIGTERM') throw new Error(`a child ended with ${child.exitCode}`);
}

/** The next message of a child. */
export async function nextMessage<T>(child: ChildProcess): Promise<T> {
  return await new Promise((resolve, reject) => {
    const onExit = (code: number | null): void => reject(new Error(`a child ended with ${code}`));
    child.once('exit', onExit);
    child.once('message', (message) => {
      child.off('exit', onExit);
      resolve(message as T);
    });
  });
}

/** What a process holds, in bytes. */
export interface Used {
  /** Of objects. */
  readonly heapBytes: number;
  /** Of buffers outside the heap. */
  readonly bufferBytes: number;
}

const COLLECTIONS = 5;

/**
 * What is in use after forced collections. Buffers are freed behind a collection, and new ones are made meanwhile, so the
 * least of several looks counts.
 */
export async function usedAfterCollection(): Promise<Used> {
  let [heapBytes, bufferBytes] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let look = 0; look < COLLECTIONS; look++) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 5));
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    heapBytes = Math.min(heapBytes, heapUsed);
    bufferBytes = Math.min(bufferBytes, arrayBuffers);
  }
  return { heapBytes, bufferBytes };
}
