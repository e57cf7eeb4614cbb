import { instrumentOf, isRoot } from '#core/market/instrument.ts';
import { feedProblems } from './feed.ts';
import { type Line, linesOf, type Parts, problem, repeated } from './parts.ts';
import type { Problem } from './problem.ts';
import { routeProblems } from './routes.ts';
import { limitProblems, streamProblems } from './totals.ts';

/** The mode parameter with this name stops everything, so no strategy can have it. */
const GLOBAL = 'global';

/** What no single key shows: how the parts of a configuration fit together. */
export function ruleProblems(parts: Parts): Problem[] {
  const rules = [
    idProblems,
    rootProblems,
    accountProblems,
    familyProblems,
    limitProblems,
    streamProblems,
    routeProblems,
    feedProblems,
  ];
  return rules.flatMap((rule) => rule(parts));
}

function idProblems({ market, accounts, strategies }: Parts): Problem[] {
  const give = 'give every one its own';
  return [
    ...repeated([...(market?.universe ?? []).entries()], ([, root]) => root).map(({ item: [at, root] }) =>
      problem(['market', 'universe', at], `root ${root} is listed twice`, 'remove one'),
    ),
    ...repeated(accounts, ({ part }) => part.id).map(({ item }) =>
      problem(['accounts', item.index, 'id'], `account id '${item.part.id}' is used twice`, give),
    ),
    ...repeated(strategies, ({ part }) => part.id).map(({ item }) =>
      problem(['strategies', item.index, 'id'], `strategy id '${item.part.id}' is used twice`, give),
    ),
    ...strategies
      .filter(({ part }) => part.id === GLOBAL)
      .map(({ index }) =>
        problem(['strategies', index, 'id'], `'${GLOBAL}' names the mode of all strategies`, 'choose another id'),
      ),
  ];
}

function rootProblems({ market, strategies }: Parts): Problem[] {
  const { universe } = market ?? {};
  const unknown = (universe ?? []).flatMap((root, at) =>
    isRoot(root)
      ? []
      : [
          problem(
            ['market', 'universe', at],
            `unknown root ${root}`,
            'add it to core/market/instrument.ts or remove it',
          ),
        ],
  );
  const absent = linesOf(strategies).flatMap(({ path, line }) => {
    const places = new Map([[line.root, 'root']]);
    if (line.execute.root !== line.root) places.set(line.execute.root, 'execute.root');
    return [...places]
      .filter(([root]) => universe !== undefined && !universe.includes(root))
      .map(([root, key]) => problem([...path, key], `${root} is not in market.universe`, 'add it there'));
  });
  const twice = strategies.flatMap(({ index, part }) =>
    repeated([...part.lines.entries()], ([, line]) => line.root).map(({ item: [at, line] }) =>
      problem(
        ['strategies', index, 'lines', at, 'root'],
        `a second line reads ${line.root}`,
        'give it to another strategy',
      ),
    ),
  );
  return [...unknown, ...absent, ...twice];
}

function accountProblems({ accounts, accountsComplete, strategies }: Parts): Problem[] {
  const ids = accounts.map(({ part }) => part.id);
  if (!accountsComplete) return [];
  return strategies
    .filter(({ part }) => !ids.includes(part.account))
    .map(({ index, part }) =>
      problem(['strategies', index, 'account'], `no account '${part.account}'`, `choose one of ${ids.join(', ')}`),
    );
}

/** The broker nets all contracts of a product family on an account, so two lines there would trade against each other. */
function familyProblems({ strategies }: Parts): Problem[] {
  const key = ({ account, line }: Line) =>
    isRoot(line.execute.root) ? `${account} ${instrumentOf(line.execute.root).family}` : undefined;
  return repeated(linesOf(strategies), key).map(({ item, first }) => {
    const traded = [...new Set([first.line.execute.root, item.line.execute.root])].join(' and ');
    return problem(
      [...item.path, 'execute.root'],
      `${first.strategy} and ${item.strategy} trade ${traded} on account ${item.account}, which nets them`,
      'move one to another account',
    );
  });
}
