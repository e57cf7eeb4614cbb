import { type Parts, problem } from './parts.ts';
import type { Problem } from './problem.ts';
import { secretNameFault, secretPrefix } from './secret-name.ts';

/** A feed needs a key, which is a secret and only named here; history that is billed needs a limit. */
export function feedProblems({ environment, ingest, accounts }: Parts): Problem[] {
  if (ingest === undefined) return [];
  const { feed, keySecret, historyUsdMax } = ingest;
  const [keyPath, costPath] = [
    ['ingest', 'keySecret'],
    ['ingest', 'historyUsdMax'],
  ];
  if (feed === 'none') {
    const given = [...(keySecret === undefined ? [] : [keyPath]), ...(historyUsdMax === undefined ? [] : [costPath])];
    return given.map((path) => problem(path, 'feed none reads nothing', 'remove it'));
  }
  const remedy = `name a secret such as ${secretPrefix(environment)}databento/key; its value is put into Secrets Manager by hand`;
  const fault =
    keySecret === undefined ? `missing, and feed ${feed} needs it` : secretNameFault(keySecret, environment);
  const isShared = accounts.some(({ part }) => part.webhookSecret !== undefined && part.webhookSecret === keySecret);
  return [
    ...(fault === null ? [] : [problem(keyPath, fault, remedy)]),
    ...(isShared ? [problem(keyPath, 'the same as of a webhook', remedy)] : []),
    ...costProblems(ingest, costPath),
  ];
}

function costProblems({ feed, historyUsdMax }: NonNullable<Parts['ingest']>, path: readonly PropertyKey[]): Problem[] {
  if (feed === 'databento' && historyUsdMax === undefined) {
    return [problem(path, 'missing, and history is billed', 'set the most dollars that one start may spend on it')];
  }
  return feed === 'simulator' && historyUsdMax !== undefined
    ? [problem(path, 'the simulator bills nothing', 'remove it')]
    : [];
}
