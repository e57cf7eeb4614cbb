/** What is wrong with the name of a secret, in words; null when it is one of the environment. */
export function secretNameFault(name: string, environment: string | undefined): string | null {
  const isName = /^(rooney\/[a-z]+\/)([a-z0-9-]+\/)*[a-z0-9-]+$/.test(name);
  if (!isName) return 'not the name of a secret (an address or a key must never stand here)';
  const isForeign = environment !== undefined && !name.startsWith(secretPrefix(environment));
  return isForeign ? 'names the secret of another environment' : null;
}

/** What the names of an environment's secrets begin with. */
export function secretPrefix(environment: string | undefined): string {
  return `rooney/${environment ?? '<environment>'}/`;
}
