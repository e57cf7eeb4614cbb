import { DatabentoError } from '../errors.ts';
import { ApiError } from './api-error.ts';

/** How often and how fast to try again. */
export interface RetryPolicy {
  /** Tries in all, the first included. */
  readonly attemptsMax: number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Resolves after the time, or rejects when the signal aborts. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
}

const BACKOFF_FIRST_MS = 500;
const BACKOFF_MAX_MS = 30_000;
/** Whoever asks for more patience than this is given up on. */
const RETRY_AFTER_MAX_MS = 120_000;

/** Calls until it succeeds, fails for good, or the tries are used up; then the last error is thrown. */
export async function retrying<T>(policy: RetryPolicy, signal: AbortSignal | undefined, call: () => Promise<T>) {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      if (!isTransient(error) || attempt >= policy.attemptsMax || !isPatient(error)) throw error;
      await policy.sleep(waitMs(policy, attempt, error), signal);
    }
  }
}

/** Whether the same call may succeed later. */
export function isTransient(error: unknown): boolean {
  return error instanceof DatabentoError && error.kind === 'transient';
}

/** How long to wait after a failed try, counted from 1: random up to a bound that doubles, or what the API asks for. */
export function waitMs({ random }: RetryPolicy, attempt: number, error: unknown): number {
  const jitteredMs = random() * Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** (attempt - 1));
  // The jitter comes on top, so that clients told the same time do not come back together.
  return askedMs(error) + jitteredMs;
}

function isPatient(error: unknown): boolean {
  return askedMs(error) <= RETRY_AFTER_MAX_MS;
}

function askedMs(error: unknown): number {
  return error instanceof ApiError ? (error.retryAfterMs ?? 0) : 0;
}
