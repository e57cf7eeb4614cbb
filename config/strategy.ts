import { contractError } from '#core/errors.ts';
import type { Line, Strategy } from '#core/strategy/strategy.ts';
import { definitionOf } from '#strategies/registry.ts';
import { configHash } from './hash.ts';
import type { Config, LineConfig } from './schema.ts';

/** The strategy of an id as the core trades it. Throws a contract error that lists the configured ids. */
export function strategyOf(config: Config, id: string): Strategy {
  const found = config.strategies.find((strategy) => strategy.id === id);
  if (found === undefined) {
    const known = config.strategies.map((strategy) => strategy.id).join(', ');
    throw contractError(`no strategy '${id}' in environment ${config.environment}: configured are ${known}`);
  }
  return {
    id,
    state: found.state,
    lines: found.lines.map(lineOf),
    veto: found.veto,
    limits: found.limits,
    certificate: config.certificate,
    slippageTicks: config.fills.slippageTicks,
    configHash: configHash(config),
  };
}

function lineOf({ root, definition, execute, params }: LineConfig): Line {
  const { root: tradedRoot, contracts, riskDollars } = execute;
  const size = contracts === undefined ? { riskDollars: riskDollars ?? 0 } : { contracts };
  return { root, tradedRoot, size, definition: definitionOf(definition), params };
}
