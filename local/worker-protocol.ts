/** Cell of the shared memory that says whether an environment stands still between two events. */
export const FROZEN_CELL = 0;
/** Value of the frozen cell while the environment stands still. */
export const FROZEN = 1;
/** Cell of the shared memory that says whether an environment is stopped in the middle of an event. */
export const PAUSED_CELL = 1;
/** Value of the paused cell while the environment is stopped. */
export const PAUSED = 1;
/** Bytes of the shared memory of one environment. */
export const CELLS_BYTES = 8;

/** What an environment is started with. */
export interface WorkerSettings {
  readonly functionName: string;
  readonly functionArn: string;
  /** `file:` address of the `create.ts` beside the function's entry. */
  readonly factoryUrl: string;
  readonly timeoutMs: number;
  readonly memoryMb: number;
  /** Time of the replay at the start, UTC. */
  readonly nowMs: number;
  /** Holds the frozen and the paused cell. */
  readonly cells: SharedArrayBuffer;
}

/** A function error in the shape Lambda reports it. */
export interface ReportedError {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace: readonly string[];
}

/** From the host to an environment. */
export type HostMessage =
  | { readonly kind: 'invoke'; readonly requestId: string; readonly event: unknown; readonly nowMs: number }
  | { readonly kind: 'pause' }
  | { readonly kind: 'measure' };

/** From an environment to its host; `payload` is JSON text, as Lambda hands it on. */
export type EnvironmentMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'returned'; readonly requestId: string; readonly payload: string }
  | { readonly kind: 'threw'; readonly requestId: string; readonly error: ReportedError }
  | { readonly kind: 'died'; readonly error: ReportedError }
  | { readonly kind: 'measured'; readonly heapUsedBytes: number }
  | { readonly kind: 'log'; readonly text: string };
