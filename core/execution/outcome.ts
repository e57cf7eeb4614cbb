import * as z from 'zod/mini';

const words = z.string().check(z.minLength(1));

/**
 * What one POST of an order came to, as far as can be known.
 *
 * - `accepted`: the route took the signal. It says nothing about a fill. `logId` is null when the route gave none.
 * - `rejected`: a definite, documented refusal; nothing was traded. The family says who has to act:
 *   `CONFIG` the operator (access, unknown webhook), `SYMBOL` whoever maintains rolls and names, `PAYLOAD` the
 *   programmer, `RATE` nobody but time.
 * - `not-sent`: provably not one byte of the order left this machine.
 * - `unknown`: it may or may not have been acted upon. An entry of unknown outcome is never sent again.
 *
 * No field ever holds the address of the route.
 */
export const outcomeSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('accepted'), id: words, logId: z.nullable(words) }),
  z.strictObject({
    kind: z.literal('rejected'),
    family: z.enum(['CONFIG', 'SYMBOL', 'PAYLOAD', 'RATE']),
    code: words,
    message: z.string(),
  }),
  z.strictObject({ kind: z.literal('not-sent'), reason: words }),
  z.strictObject({ kind: z.literal('unknown'), reason: words }),
]);
export type Outcome = Readonly<z.infer<typeof outcomeSchema>>;

/** Who has to act on a refusal. */
export type RefusalFamily = Extract<Outcome, { kind: 'rejected' }>['family'];
