import type { z } from 'zod';

/** One thing that is wrong with a configuration. */
export interface Problem {
  /** Where: keys and indexes from the top of the file, such as `strategies[0].limits.positionsMax`; empty for all of it. */
  readonly path: string;
  readonly wrong: string;
  readonly remedy: string;
}

/** Writes keys and indexes the way they are read aloud. */
export function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, key) => (typeof key === 'number' ? `${text}[${key}]` : `${text}${text && '.'}${String(key)}`),
    '',
  );
}

/** What a schema found, one problem per key; values are never repeated, because one of them may be a secret. */
export function schemaProblems(error: z.ZodError, raw: unknown, under: readonly PropertyKey[] = []): Problem[] {
  return error.issues.flatMap((issue) => {
    const path = [...under, ...issue.path];
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({
        path: pathText([...path, key]),
        wrong: 'unknown key',
        remedy: 'remove it or correct its spelling',
      }));
    }
    const missing = issue.code === 'invalid_type' && valueAt(raw, issue.path) === undefined;
    return {
      path: pathText(path),
      wrong: missing ? 'missing' : issue.message,
      remedy: missing ? `add it: ${issue.message}` : 'correct the value',
    };
  });
}

/** A copy of `raw` without the keys that the schema does not know, so that the rest of it can still be checked. */
export function withoutUnknownKeys(raw: unknown, error: z.ZodError): unknown {
  const copy = structuredClone(raw);
  for (const issue of error.issues) {
    if (issue.code !== 'unrecognized_keys') continue;
    const holder = valueAt(copy, issue.path) as Record<string, unknown>;
    for (const key of issue.keys) delete holder[key];
  }
  return copy;
}

function valueAt(raw: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | null | undefined)?.[key], raw);
}
