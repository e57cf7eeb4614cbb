import { type Problem, pathText } from './problem.ts';
import type { AccountConfig, Config, LineConfig, StrategyConfig } from './schema.ts';

/** A part with its place in the list it stands in. */
export interface At<T> {
  readonly index: number;
  readonly part: T;
}

/** The parts of a configuration that have the right shape; undefined or left out where one has not. */
export interface Parts extends Partial<Pick<Config, 'environment' | 'market' | 'ingest' | 'certificate' | 'limits'>> {
  readonly accounts: readonly At<AccountConfig>[];
  /** False when an account is misshapen, and a strategy that names it must not be blamed. */
  readonly accountsComplete: boolean;
  readonly strategies: readonly At<StrategyConfig>[];
}

/** A line with the strategy and account it belongs to. */
export interface Line {
  readonly strategy: string;
  readonly account: string;
  readonly path: readonly PropertyKey[];
  readonly line: LineConfig;
}

/** All lines of all strategies, in the order of the file. */
export function linesOf(strategies: Parts['strategies']): Line[] {
  return strategies.flatMap(({ index, part }) =>
    part.lines.map((line, at) => ({
      strategy: part.id,
      account: part.account,
      path: ['strategies', index, 'lines', at],
      line,
    })),
  );
}

/** A problem at a path of keys and indexes. */
export function problem(path: readonly PropertyKey[], wrong: string, remedy: string): Problem {
  return { path: pathText(path), wrong, remedy };
}

/** Items that were there before under the same key, each with the first of them. */
export function repeated<T>(items: readonly T[], key: (item: T) => string | undefined): { item: T; first: T }[] {
  const seen = new Map<string, T>();
  return items.flatMap((item) => {
    const name = key(item);
    if (name === undefined) return [];
    const first = seen.get(name);
    if (first !== undefined) return [{ item, first }];
    seen.set(name, item);
    return [];
  });
}
