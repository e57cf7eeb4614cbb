import { createHash } from 'node:crypto';
import type { Config } from './schema.ts';

/** Names a configuration by what it says: sha256, hexadecimal, over its JSON with sorted keys. Order of keys is nothing. */
export function configHash(config: Config): string {
  return createHash('sha256').update(canonicalJson(config)).digest('hex');
}

function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    part !== null && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
