import { setTimeout as sleep } from 'node:timers/promises';
import { MINUTE_MS } from '#core/market/timeframe.ts';
import type { Clock } from '#core/ports.ts';
import type { SupervisorMessage } from './messages.ts';

/** Says when the next slice may be announced: resolves to false when it may not, because the service is to stop. */
export type Pace = () => Promise<boolean>;

/**
 * Slices follow each other in 1/speed of a minute, whatever lies between them: closed time and gaps are skipped. Time
 * lost is not made up for.
 */
export function timedPace(speed: number, { clock, signal }: { clock: Clock; signal: AbortSignal }): Pace {
  let dueMs = Number.NEGATIVE_INFINITY;
  return async () => {
    const nowMs = clock.monotonic();
    dueMs = Math.max(dueMs + MINUTE_MS / speed, nowMs);
    // Rejects only when the signal is raised, and then that is the answer.
    await sleep(dueMs - nowMs, undefined, { signal }).catch(() => undefined);
    return !signal.aborted;
  };
}

/** The part of `process` by which a supervisor talks to its child. */
export interface Supervisor {
  on(event: 'message', listener: (message: unknown) => void): unknown;
}

/** Slices pass as they come. */
export function openPace(signal: AbortSignal): Pace {
  return () => Promise.resolve(!signal.aborted);
}

/** One slice for every `advance` message; messages that come early are saved up. */
export function steppedPace(supervisor: Supervisor, signal: AbortSignal): Pace {
  let allowed = 0;
  let wake: () => void = () => undefined;
  supervisor.on('message', (message) => {
    if ((message as SupervisorMessage | null)?.type !== 'advance') return;
    allowed += 1;
    wake();
  });
  signal.addEventListener('abort', () => wake());
  return async () => {
    while (allowed === 0 && !signal.aborted) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    allowed -= 1;
    return !signal.aborted;
  };
}
