import { describe, expect, test } from 'vitest';
import { commitReadings, type Mode, modeInForce, modes, unreadMode } from '#core/execution/mode.ts';
import type { ModeSource } from '#core/ports.ts';

/** A mode source with the operator's end in hand. */
export interface ModesInHand {
  readonly source: ModeSource;
  /** Gives a parameter a value; null makes it unreadable. */
  set(scope: 'global' | 'own', mode: Mode | null): void;
}

/** What every mode source keeps. `make` gives one whose two parameters say RUN. */
export function modeSourceContract(name: string, make: () => Promise<ModesInHand>): void {
  describe(`the ${name} mode source`, () => {
    test.each(modes)('reads both scopes, each for itself: %s', async (mode) => {
      const { source, set } = await make();
      set('own', mode);
      expect(await source.read()).toMatchObject({ global: { mode: 'RUN' }, own: { mode } });
      set('global', mode);
      set('own', 'RUN');
      expect(await source.read()).toMatchObject({ global: { mode }, own: { mode: 'RUN' } });
    });

    test('orders readings: a later value never looks older than one before', async () => {
      const { source, set } = await make();
      let committed = { global: unreadMode, own: unreadMode };
      for (const mode of ['HALT', 'RUN', 'FLATTEN', 'RUN'] as const) {
        set('global', mode);
        const before = await source.read();
        committed = commitReadings(committed, before);
        expect(modeInForce(committed)).toBe(mode);
        committed = commitReadings(committed, before);
        expect(modeInForce(committed)).toBe(mode);
      }
    });

    test('never rejects: what cannot be read is a reading without a mode, and allows no entry', async () => {
      const { source, set } = await make();
      const committed = commitReadings({ global: unreadMode, own: unreadMode }, await source.read());
      set('own', null);
      const read = await source.read();
      expect(read.own.mode).toBeNull();
      expect(modeInForce(commitReadings(committed, read))).toBe('REDUCE_ONLY');
    });
  });
}
