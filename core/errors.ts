/**
 * Errors are classified by what the caller must do. Business outcomes (hold, veto, refusal) are values, never errors.
 *
 * - `invariant`: we are wrong; stop, alarm, do not trade.
 * - `contract`: somebody sent what we cannot read; never retried.
 * - `transient`: safe to try again.
 * - `uncertain`: it may or may not have happened; never retried, reconciled instead.
 */
export type ErrorKind = 'invariant' | 'contract' | 'transient' | 'uncertain';

/** An error with its kind; `kind` survives bundling, where `instanceof` does not. */
export class RooneyError extends Error {
  readonly kind: ErrorKind;

  constructor(kind: ErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'RooneyError';
    this.kind = kind;
  }
}

/** A refusal of outside input: names the thing, the place and the remedy. */
export function contractError(message: string, options?: ErrorOptions): RooneyError {
  return new RooneyError('contract', message, options);
}

/** The kind of any thrown value; what is not ours is an invariant broken. */
export function kindOf(error: unknown): ErrorKind {
  const kind = (error as { kind?: unknown } | null)?.kind;
  return kind === 'contract' || kind === 'transient' || kind === 'uncertain' ? kind : 'invariant';
}

/** Throws when `condition` is false; the message says what was expected and what was found. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new RooneyError('invariant', message);
}
