import type { Invocation } from '../worker-host.ts';

/** How a batch ended. `ids` are the identifiers a partial response named; all of them belong to the batch. */
export type BatchOutcome =
  | { readonly kind: 'success' }
  | { readonly kind: 'partial'; readonly ids: readonly string[] }
  | { readonly kind: 'failure'; readonly functionError: 'Unhandled' | null }
  | { readonly kind: 'throttled' };

/**
 * Reads what a function returned for a batch, by Lambda's rules.
 *
 * Without `reportBatchItemFailures` the body is ignored. With it: no list, an empty list or an empty body is success; an
 * entry without an identifier, under another key, or with one that is not in the batch fails the whole batch.
 */
export function batchOutcome(
  invocation: Invocation,
  batchIds: ReadonlySet<string>,
  reportBatchItemFailures: boolean,
): BatchOutcome {
  if (invocation.status === 'throttled') return { kind: 'throttled' };
  if (invocation.status === 'failed') return { kind: 'failure', functionError: 'Unhandled' };
  const body = invocation.payload;
  if (!reportBatchItemFailures || body === null || body === '') return { kind: 'success' };
  const wholeFailure: BatchOutcome = { kind: 'failure', functionError: null };
  if (typeof body !== 'object' || Array.isArray(body)) return wholeFailure;
  const failures = (body as { batchItemFailures?: unknown }).batchItemFailures;
  if (failures === undefined) return Object.keys(body).length === 0 ? { kind: 'success' } : wholeFailure;
  if (failures === null) return { kind: 'success' };
  if (!Array.isArray(failures)) return wholeFailure;
  const ids = failures.map((failure) => (failure as { itemIdentifier?: unknown } | null)?.itemIdentifier);
  if (ids.length === 0) return { kind: 'success' };
  const known = ids.filter((id) => typeof id === 'string' && batchIds.has(id));
  return known.length === ids.length ? { kind: 'partial', ids: known as string[] } : wholeFailure;
}
