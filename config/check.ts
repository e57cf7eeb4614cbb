import type { z } from 'zod';
import { definitionOf, definitions } from '#strategies/registry.ts';
import type { Parts } from './parts.ts';
import { type Problem, pathText, schemaProblems, withoutUnknownKeys } from './problem.ts';
import { ruleProblems } from './rules.ts';
import { accountSchema, type Config, configSchema, type LineConfig, strategySchema } from './schema.ts';

/** A checked configuration, or everything that is wrong with it. */
export type Checked =
  | { readonly config: Config; readonly problems: readonly [] }
  | { readonly config: null; readonly problems: readonly Problem[] };

/**
 * Checks what was read from a configuration file: every key against the schema, every parameter against its
 * definition, and the parts against each other. A part that is misshapen keeps none of the others from being checked.
 */
export function checkConfig(raw: unknown): Checked {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return { config: null, problems: [noMap(raw)] };
  const parsed = configSchema.safeParse(raw);
  const parts = partsOf(parsed.error === undefined ? raw : withoutUnknownKeys(raw, parsed.error));
  const problems = [
    ...(parsed.error === undefined ? [] : schemaProblems(parsed.error, raw)),
    ...parts.strategies.flatMap(({ index, part }) =>
      part.lines.flatMap((line, at) => paramsProblems(line, ['strategies', index, 'lines', at])),
    ),
    ...ruleProblems(parts),
  ];
  if (parsed.data === undefined || problems.length > 0) return { config: null, problems };
  const strategies = parsed.data.strategies.map((strategy) => ({
    ...strategy,
    lines: strategy.lines.map(withDefaults),
  }));
  return { config: { ...parsed.data, strategies }, problems: [] };
}

function noMap(raw: unknown): Problem {
  const found = Array.isArray(raw) ? 'a list' : `no more than ${typeof raw === 'string' ? 'a text' : 'one value'}`;
  const wrong = raw === null || raw === undefined ? 'is empty' : `holds ${found}`;
  return { path: '', wrong, remedy: 'write keys such as `environment: dev`; config/dev.yml is a whole one' };
}

/** The parts that have the right shape, each on its own. */
function partsOf(raw: unknown): Parts {
  const whole = (raw ?? {}) as Record<string, unknown>;
  const { environment, market, ingest, certificate, limits } = configSchema.shape;
  return {
    environment: shaped(environment, whole.environment),
    market: shaped(market, whole.market),
    ingest: shaped(ingest, whole.ingest),
    certificate: shaped(certificate, whole.certificate),
    limits: shaped(limits, whole.limits),
    accounts: eachShaped(accountSchema, whole.accounts),
    accountsComplete:
      Array.isArray(whole.accounts) && whole.accounts.every((part) => accountSchema.safeParse(part).success),
    strategies: eachShaped(strategySchema, whole.strategies),
  };
}

function shaped<T>(schema: z.ZodType<T>, raw: unknown): T | undefined {
  return schema.safeParse(raw).data;
}

function eachShaped<T>(schema: z.ZodType<T>, raw: unknown): { index: number; part: T }[] {
  return (Array.isArray(raw) ? raw : []).flatMap((item, index) => {
    const part = shaped(schema, item);
    return part === undefined ? [] : [{ index, part }];
  });
}

function paramsProblems(line: LineConfig, path: readonly PropertyKey[]): Problem[] {
  if (!Object.hasOwn(definitions, line.definition)) {
    const remedy = `choose one of ${Object.keys(definitions).join(', ')}, or add it to strategies/registry.ts`;
    return [{ path: pathText([...path, 'definition']), wrong: `unknown definition '${line.definition}'`, remedy }];
  }
  const definition = definitionOf(line.definition);
  const params = definition.params.safeParse(line.params);
  if (!params.success) return schemaProblems(params.error, line.params, [...path, 'params']);
  if (definition.noEntryBeforeCloseMin(params.data) >= 1) return [];
  const wrong = 'entries would be allowed in the minute of the auto close: noEntryBeforeCloseMin is below 1';
  return [{ path: pathText([...path, 'params']), wrong, remedy: 'set it to 1 or more' }];
}

function withDefaults(line: LineConfig): LineConfig {
  const params = definitionOf(line.definition).params.parse(line.params);
  return { ...line, params: params as LineConfig['params'] };
}
