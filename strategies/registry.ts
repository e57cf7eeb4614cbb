import { contractError } from '#core/errors.ts';
import type { AnyDefinition } from '#core/strategy/definition.ts';
import { ibs } from './ibs.ts';

/** Every definition by name; a new one is a file and a line here. */
export const definitions: Readonly<Record<string, AnyDefinition>> = { ibs };

/** The definition of a name. Throws a contract error that lists the known names. */
export function definitionOf(name: string): AnyDefinition {
  const definition = Object.hasOwn(definitions, name) ? definitions[name] : undefined;
  if (definition === undefined) {
    throw contractError(`unknown definition '${name}': known are ${Object.keys(definitions).join(', ')}`);
  }
  return definition;
}
