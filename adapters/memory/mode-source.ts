import type { Mode } from '#core/execution/mode.ts';
import type { ModeSource } from '#core/ports.ts';

/** Mode parameters in memory; null stands for one that cannot be read. */
export function memoryModes(initial: Mode): ModeSource & { set(scope: 'global' | 'own', mode: Mode | null): void } {
  const current = {
    global: { mode: initial as Mode | null, version: 1 },
    own: { mode: initial as Mode | null, version: 1 },
  };
  const reading = ({ mode, version }: (typeof current)['own']) => ({ mode, version, lastModifiedMs: version });
  return {
    read: async () => ({ global: reading(current.global), own: reading(current.own) }),
    set(scope, mode) {
      current[scope] = { mode, version: current[scope].version + 1 };
    },
  };
}
