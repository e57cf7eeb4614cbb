import { createHash } from 'node:crypto';
import { registryText } from '#core/features/registry.ts';

/** sha256 in hexadecimal over the formulas of the named features in order; throws a contract error on an unknown id. */
export function registryHash(ids: readonly string[]): string {
  return createHash('sha256').update(registryText(ids)).digest('hex');
}
