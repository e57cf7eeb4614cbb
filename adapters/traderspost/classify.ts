import * as z from 'zod/mini';
import type { Outcome } from '#core/execution/outcome.ts';
import { familyOf } from './message-codes.ts';

/** What one POST left behind: an answer read to its end, or a failure with what is known of the bytes sent. */
export type Attempt =
  | { readonly kind: 'reply'; readonly status: number; readonly text: string }
  | { readonly kind: 'failure'; readonly code: string; readonly bytesSent: number };

const acceptedReply = z.object({
  success: z.literal(true),
  id: z.string().check(z.minLength(1), z.maxLength(100)),
  logId: z.optional(z.string().check(z.minLength(1), z.maxLength(100))),
});
const refusedReply = z.object({
  success: z.literal(false),
  messageCode: z.string().check(z.minLength(1), z.maxLength(100)),
  message: z.optional(z.string()),
});

/**
 * The outcome of one POST. Only what the vendor documents as definite is definite: 200 with `success` and `id`, and
 * 400, 404 and 429 with the documented JSON. Everything else that may have left this machine is unknown.
 */
export function classifyAttempt(attempt: Attempt): Outcome {
  if (attempt.kind === 'reply') return classifyReply(attempt.status, attempt.text);
  if (attempt.bytesSent === 0) return { kind: 'not-sent', reason: `no connection (${attempt.code})` };
  return { kind: 'unknown', reason: `connection lost after sending (${attempt.code})` };
}

function classifyReply(status: number, text: string): Outcome {
  const body = parseJson(text);
  if (status === 200) {
    const { success, data } = acceptedReply.safeParse(body);
    if (success) return { kind: 'accepted', id: data.id, logId: data.logId ?? null };
    return { kind: 'unknown', reason: 'status 200 without success and id' };
  }
  if (status === 400 || status === 404 || status === 429) {
    const { success, data } = refusedReply.safeParse(body);
    if (success) {
      const { messageCode: code, message = '' } = data;
      return { kind: 'rejected', family: familyOf(code, status), code, message };
    }
    return { kind: 'unknown', reason: `status ${status} without the documented body` };
  }
  return { kind: 'unknown', reason: `status ${status}` };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
