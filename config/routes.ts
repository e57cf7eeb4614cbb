import { type Parts, problem, repeated } from './parts.ts';
import type { Problem } from './problem.ts';
import { secretNameFault, secretPrefix } from './secret-name.ts';

/** Addresses of webhooks are secrets; a configuration only names them, and the name says which environment it is for. */
export function routeProblems({ environment, ingest, certificate, accounts }: Parts): Problem[] {
  const named = accounts.flatMap(({ index, part: { route, webhookSecret } }) => {
    const path = ['accounts', index, 'webhookSecret'];
    const remedy = `name a secret such as ${secretPrefix(environment)}${route}/main; its value is put into Secrets Manager by hand`;
    if (route === 'none') {
      return webhookSecret === undefined ? [] : [problem(path, 'route none sends nothing', 'remove it')];
    }
    if (webhookSecret === undefined) return [problem(path, `missing, and route ${route} needs it`, remedy)];
    const fault = secretNameFault(webhookSecret, environment);
    return fault === null ? [] : [problem(path, fault, remedy)];
  });
  const shared = repeated(accounts, ({ part }) => part.webhookSecret).map(({ item, first }) =>
    problem(
      ['accounts', item.index, 'webhookSecret'],
      `the same as of account '${first.part.id}'`,
      'give each account its own, or make them one account',
    ),
  );
  const real = accounts.filter(({ part }) => part.route === 'traderspost');
  const unreal = real.flatMap(({ index }) => [
    ...(ingest?.feed === 'simulator'
      ? [problem(['accounts', index, 'route'], 'generated bars must not become real orders', 'set route to sandbox')]
      : []),
    ...(certificate?.entryGrade === 'presumed'
      ? [problem(['accounts', index, 'route'], 'real orders need proved bars', 'set certificate.entryGrade to proved')]
      : []),
  ]);
  return [...named, ...shared, ...unreal];
}
