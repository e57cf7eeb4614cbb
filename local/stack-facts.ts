import { contractError } from '#core/errors.ts';
import type { LocalStack } from './template.ts';

/** The one table that all functions keep their ledger in. Throws a contract error when there is not exactly one. */
export function ledgerTable(stack: LocalStack): string {
  const names = new Set(stack.functions.flatMap(({ environment }) => environment.LEDGER_TABLE ?? []));
  const [name, ...others] = names;
  if (name !== undefined && others.length === 0) return name;
  throw contractError(`template: expected one LEDGER_TABLE in the functions, found ${[...names].join(', ') || 'none'}`);
}

/** What was made of a template, in a line. */
export function stackLine({ streams, tables, queues, kinesisMappings, sqsMappings }: LocalStack): string {
  const mappings = kinesisMappings.length + sqsMappings.length;
  return `local cloud: ${streams.length} stream, ${tables.length} tables, ${queues.length} queues, ${mappings} event sources`;
}
