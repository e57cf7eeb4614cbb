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

/** Bytes in use after a forced collection: of objects, and of buffers outside the heap. */
export function usedAfterCollection(): { readonly heapBytes: number; readonly bufferBytes: number } {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return { heapBytes: heapUsed, bufferBytes: arrayBuffers };
}
