import * as z from 'zod';
import { contractError } from '#core/errors.ts';

const fixed: readonly string[] = ['delay', 'too-many-requests'];

/**
 * A fault to commit, as data.
 *
 * `when` picks the requests: the n-th one to any webhook since the start (from 1), one with an action, or, without
 * it, every request. `times` is how often the rule applies, null for ever. `acts` says whether the signal takes effect
 * all the same, by default not: a `hang-up` that acts is a lost reply. `delay` always acts at once and only answers
 * `delayMs` late; `too-many-requests` never acts.
 */
const misbehaviourSchema = z
  .strictObject({
    kind: z.enum([
      'delay',
      'too-many-requests',
      'server-error',
      'hang-up',
      'redirect',
      'success-false',
      'malformed-json',
    ]),
    when: z.strictObject({ request: z.int().positive().optional(), action: z.string().optional() }).default({}),
    times: z.int().positive().nullable().default(1),
    acts: z.boolean().optional(),
    delayMs: z.int().nonnegative().max(600_000).optional(),
  })
  .refine(({ kind, delayMs }) => (kind === 'delay') === (delayMs !== undefined), 'delayMs belongs to kind "delay"')
  .refine(({ kind, acts }) => acts === undefined || !fixed.includes(kind), `acts is fixed for ${fixed.join(', ')}`);

/** A rule as it may be written, defaults left out. */
export type Misbehaviour = z.input<typeof misbehaviourSchema>;

/** What is wrong with this one request. */
export interface ActiveFault {
  readonly kind: Misbehaviour['kind'];
  /** Whether the signal takes effect all the same. */
  readonly acts: boolean;
  readonly delayMs: number;
}

/** Rules in the order they were given. */
export interface Misbehaviours {
  /** Takes a rule, checked against the schema; throws a contract error with all that is wrong with it. */
  add(rule: unknown): void;
  /** The fault for a request, by its number and its body; the first rule that fits is used up by it. */
  next(sequence: number, payload: unknown): ActiveFault | null;
}

/** An empty list of rules. */
export function misbehaviours(): Misbehaviours {
  const rules: { readonly rule: z.output<typeof misbehaviourSchema>; left: number }[] = [];
  return {
    add(rule) {
      const parsed = misbehaviourSchema.safeParse(rule);
      if (!parsed.success) throw contractError(`not a misbehaviour: ${z.prettifyError(parsed.error)}`);
      rules.push({ rule: parsed.data, left: parsed.data.times ?? Number.POSITIVE_INFINITY });
    },
    next(sequence, payload) {
      const action = z.object({ action: z.string() }).safeParse(payload).data?.action;
      const found = rules.find(
        ({ rule: { when }, left }) =>
          left > 0 &&
          (when.request === undefined || when.request === sequence) &&
          (when.action === undefined || when.action === action),
      );
      if (found === undefined) return null;
      found.left -= 1;
      const { kind, acts = kind === 'delay', delayMs = 0 } = found.rule;
      return { kind, acts, delayMs };
    },
  };
}
