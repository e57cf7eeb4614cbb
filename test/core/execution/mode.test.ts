import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type CommittedModes,
  commitReadings,
  effectiveMode,
  type Mode,
  type ModeReading,
  modeInForce,
  modes,
  parseMode,
  stricter,
  unreadMode,
} from '#core/execution/mode.ts';

const read = (mode: Mode | null, lastModifiedMs = 1000, version = 1): ModeReading => ({
  mode,
  lastModifiedMs,
  version,
});
const unread: CommittedModes = { global: unreadMode, own: unreadMode };
/** Both scopes after the given readings of the own one; the global one always says RUN. */
const reading = (...readings: ModeReading[]): CommittedModes =>
  readings.reduce((held, own) => commitReadings(held, { global: read('RUN'), own }), unread);

describe('a mode parameter', () => {
  test.each(modes)('says %s', (mode) => {
    expect(parseMode(mode)).toBe(mode);
  });

  test.each([['run'], [' RUN'], [''], ['OFF'], [null], [undefined], [1], [['RUN']]])(
    'saying %j says nothing',
    (text) => {
      expect(parseMode(text)).toBeNull();
    },
  );
});

describe('the mode in force', () => {
  test('is REDUCE_ONLY before anything was read', () => {
    expect(modeInForce(unread)).toBe('REDUCE_ONLY');
  });

  test('is the stricter of both scopes', () => {
    const strictness: readonly Mode[] = ['RUN', 'REDUCE_ONLY', 'FLATTEN', 'HALT'];
    for (const [global, strictGlobal] of strictness.entries()) {
      for (const [own, strictOwn] of strictness.entries()) {
        const both = commitReadings(unread, { global: read(strictGlobal), own: read(strictOwn) });
        expect(modeInForce(both)).toBe(strictness[Math.max(global, own)]);
        expect(stricter(strictGlobal, strictOwn)).toBe(strictness[Math.max(global, own)]);
      }
    }
  });

  test.each([
    ['RUN', 'REDUCE_ONLY'],
    ['REDUCE_ONLY', 'REDUCE_ONLY'],
    ['FLATTEN', 'FLATTEN'],
    ['HALT', 'HALT'],
  ] as const)(
    'while a parameter that said %s cannot be read is %s, and the committed one again after it can',
    (mode, unreadable) => {
      const lost = reading(read(mode), read(null, 0, 0));
      expect(modeInForce(lost)).toBe(unreadable);
      expect(modeInForce(commitReadings(lost, { global: read('RUN'), own: read(mode) }))).toBe(mode);
    },
  );

  test('follows the newer reading, by date and then by version', () => {
    expect(modeInForce(reading(read('HALT', 1000, 1), read('RUN', 2000, 1)))).toBe('RUN');
    expect(modeInForce(reading(read('HALT', 1000, 1), read('RUN', 1000, 2)))).toBe('RUN');
    expect(modeInForce(reading(read('HALT', 2000, 1), read('RUN', 1000, 9)))).toBe('HALT');
    expect(modeInForce(reading(read('HALT', 1000, 2), read('RUN', 1000, 1)))).toBe('HALT');
  });

  test('that was read late is still a good read of the newer one', () => {
    const stale = reading(read('FLATTEN', 2000), read(null, 0, 0), read('RUN', 1000));
    expect(stale.own).toEqual({ mode: 'FLATTEN', lastModifiedMs: 2000, version: 1, readable: true });
  });

  test('does not depend on the order in which readings arrive', () => {
    const anyReading = fc.record({ mode: fc.constantFrom(...modes), lastModifiedMs: fc.nat(5), version: fc.nat(5) });
    const distinct = fc.uniqueArray(anyReading, {
      minLength: 1,
      selector: (one) => `${one.lastModifiedMs}.${one.version}`,
    });
    const inTwoOrders = distinct.chain((all) =>
      fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
    );
    fc.assert(
      fc.property(inTwoOrders, ([one, other]) => {
        const newest = one.toSorted((a, b) => a.lastModifiedMs - b.lastModifiedMs || a.version - b.version).at(-1);
        expect(effectiveMode(reading(...one).own)).toBe(newest?.mode);
        expect(reading(...other)).toEqual(reading(...one));
      }),
    );
  });
});
