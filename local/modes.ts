import type { Config } from '#config/schema.ts';
import type { LocalCloud } from './cloud.ts';

/**
 * The template creates every mode as REDUCE_ONLY. Only where no order can be meant for a broker are they set to RUN.
 *
 * @returns a line that says which it was, and why
 */
export function startModes(config: Config, { stack, emulators }: LocalCloud): string {
  const real = config.accounts.filter(({ route }) => route !== 'sandbox' && route !== 'none');
  if (real.length > 0) {
    const names = real.map(({ id, route }) => `${id} (${route})`).join(', ');
    return `mode REDUCE_ONLY, so no entries: there is an account with another route than sandbox or none: ${names}`;
  }
  const modes = stack.parameters.filter(({ AllowedPattern }) => AllowedPattern?.includes('REDUCE_ONLY'));
  for (const { name } of modes) emulators.ssm.setValue(name, 'RUN');
  return 'mode RUN: every route is sandbox or none';
}
