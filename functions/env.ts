import * as z from 'zod/mini';
import { contractError } from '#core/errors.ts';

/** Variables as whoever starts the program must give them, so that a missing one is a compile error there. */
export type EnvOf<S extends z.ZodMiniType> = z.input<S>;

/** Reads the environment by a schema. Throws one contract error that names every variable that is missing or wrong. */
export function readEnv<S extends z.ZodMiniType>(
  schema: S,
  env: Readonly<Record<string, string | undefined>>,
): z.output<S> {
  const read = z.safeParse(schema, env);
  if (read.success) return read.data;
  // Values stay out of the message: a variable set by mistake may hold a secret.
  const wrong = read.error.issues.map(({ path }) => {
    const name = path.map(String).join('.');
    return `${name} ${env[name] === undefined ? 'is missing' : 'has a value that is not allowed'}`;
  });
  throw contractError(`environment: ${[...new Set(wrong)].join(', ')}; the construct in infra sets these variables`);
}

/** A value that must not be empty. */
export const text = z.string().check(z.minLength(1));

/** Words separated by commas, such as `ES,NQ`. */
export const commaList = z.pipe(
  text,
  z.transform((list: string) => list.split(',')),
);
