import { performance } from 'node:perf_hooks';

/** What the live client knows of time. */
export interface LiveClock {
  /** Wall time in milliseconds since the epoch. */
  now(): number;
  /** Milliseconds that only move forward. */
  monotonic(): number;
  /** Resolves after `ms`, or at once when the signal is aborted; never rejects. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

/** The machine's own. */
export const systemClock: LiveClock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal.aborted) {
        resolve();
        return;
      }
      const finish = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', finish);
        resolve();
      };
      const timer = setTimeout(finish, ms);
      signal.addEventListener('abort', finish);
    }),
};

/** Calls `onPassed` after `ms` unless what it returns is called before. */
export function startTimer(clock: LiveClock, ms: number, onPassed: () => void): () => void {
  const controller = new AbortController();
  void clock.sleep(ms, controller.signal).then(() => {
    if (!controller.signal.aborted) onPassed();
  });
  return () => controller.abort();
}
