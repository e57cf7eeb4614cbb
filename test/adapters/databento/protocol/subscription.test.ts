import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { schemas, stypes } from '../../../../adapters/databento/dbn/enums.ts';
import {
  formatSubscription,
  parseSubscription,
  SYMBOLS_PER_LINE_MAX,
  spellSymbol,
} from '../../../../adapters/databento/protocol/subscription.ts';
import { parseTime } from '../../../../adapters/databento/protocol/time.ts';

const plain = {
  schema: 'trades',
  stypeIn: 'raw_symbol',
  symbols: ['ESZ6'],
  start: null,
  snapshot: false,
  id: 1,
} as const;

describe('spelling symbols', () => {
  test.each([
    ['esz6', 'raw_symbol', 'ESZ6'],
    ['es.fut', 'parent', 'ES.FUT'],
    ['es.C.0', 'continuous', 'ES.c.0'],
    ['nq.v.12', 'continuous', 'NQ.v.12'],
    ['es.c.0', 'raw_symbol', 'ES.C.0'],
    [' esz6 ', 'raw_symbol', 'ESZ6'],
  ] as const)('%s as %s is %s', (symbol, stypeIn, spelled) => {
    expect(spellSymbol(symbol, stypeIn)).toBe(spelled);
  });
});

describe('a subscription', () => {
  test('goes on one line', () => {
    expect(
      formatSubscription({ ...plain, schema: 'ohlcv-1m', stypeIn: 'parent', symbols: ['ES.FUT', 'nq.fut'], start: 5n }),
    ).toEqual(['schema=ohlcv-1m|stype_in=parent|symbols=ES.FUT,NQ.FUT|snapshot=0|is_last=1|start=5|id=1\n']);
  });

  test.each([1, 499, 500, 501, 1000, 1234])(
    'of %i symbols has at most 500 on a line, one id, and one last line',
    (count) => {
      const symbols = Array.from({ length: count }, (_, index) => `S${index}`);
      const requests = formatSubscription({ ...plain, symbols, id: 7 }).map((line) => parseSubscription(line));
      expect(requests.flatMap((request) => request.symbols)).toEqual(symbols);
      expect(requests.every((request) => request.symbols.length <= SYMBOLS_PER_LINE_MAX)).toBe(true);
      expect(new Set(requests.map(({ id }) => id))).toEqual(new Set([7]));
      expect(requests.map(({ isLast }) => isLast)).toEqual(requests.map((_, index) => index === requests.length - 1));
    },
  );

  test('is read as it was written', () => {
    const request = fc.record({
      schema: fc.constantFrom(...schemas),
      stypeIn: fc.constantFrom(...stypes.filter((stype) => stype !== 'continuous')),
      symbols: fc.array(fc.stringMatching(/^[A-Z0-9][A-Z0-9.-]{0,9}$/), { minLength: 1, maxLength: 9 }),
      start: fc.option(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })),
      id: fc.option(fc.nat(2 ** 31)),
    });
    fc.assert(
      fc.property(request, (some) => {
        fc.pre(some.symbols.every((symbol) => symbol !== 'ALL_SYMBOLS'));
        const [line, ...more] = formatSubscription({ ...some, snapshot: false });
        expect(more).toEqual([]);
        expect(parseSubscription(line!)).toEqual({ ...some, snapshot: false, isLast: true });
      }),
    );
  });

  test.each([
    ['no symbols', { symbols: [] }, 'no symbols'],
    ['symbols in one text', { symbols: ['ES,NQ'] }, 'an item of its own'],
    ['an empty symbol', { symbols: [''] }, 'no symbol'],
    ['everything and more', { symbols: ['ALL_SYMBOLS', 'ES'] }, 'must be the only one'],
    ['a snapshot of something else than an order book', { snapshot: true }, 'only for mbo'],
    ['a snapshot and a start', { schema: 'mbo', snapshot: true, start: 1n }, 'exclude each other'],
    ['a start before the epoch', { start: -1n }, 'before the epoch'],
    ['a schema that does not exist', { schema: 'ticks' }, 'is no schema'],
  ])('with %s is refused', (_, change, why) => {
    const wrong = { ...plain, ...change } as unknown as Parameters<typeof formatSubscription>[0];
    expect(() => formatSubscription(wrong)).toThrow(why);
    expect(() => formatSubscription(wrong)).toThrow(expect.objectContaining({ code: 'usage' }));
  });
});

describe('reading a subscription line', () => {
  test.each([
    ['stype_in=parent|symbols=ES.FUT', 'without schema'],
    ['schema=ticks|stype_in=parent|symbols=ES.FUT', 'schema="ticks"'],
    ['schema=mbo|symbols=ES.FUT', 'without stype_in'],
    ['schema=mbo|stype_in=root|symbols=ES.FUT', 'stype_in="root"'],
    ['schema=mbo|stype_in=parent', 'without symbols'],
    ['schema=mbo|stype_in=parent|symbols=ES.FUT,', 'symbols="ES.FUT,"'],
    ['schema=mbo|stype_in=parent|symbols=ES.FUT|start=yesterday', 'start="yesterday"'],
    ['schema=mbo|stype_in=parent|symbols=ES.FUT|start=1|snapshot=1', 'it excludes start'],
    ['schema=mbo|stype_in=parent|symbols=ES.FUT|snapshot=yes', 'snapshot="yes"'],
    ['schema=mbo|stype_in=parent|symbols=ES.FUT|is_last=2', 'is_last="2"'],
    ['schema=mbo|stype_in=parent|symbols=ES.FUT|id=4294967296', 'id="4294967296"'],
    [`schema=mbo|stype_in=parent|symbols=${Array(501).fill('A').join()}`, 'at most 500 go on a line'],
  ])('%.60s... names what is wrong', (line, why) => {
    expect(() => parseSubscription(line)).toThrow(why);
    expect(() => parseSubscription(line)).toThrow(expect.objectContaining({ code: 'protocol' }));
  });

  test('fields that may be missing have the values that other clients mean', () => {
    expect(parseSubscription('schema=mbo|stype_in=parent|symbols=ES.FUT|')).toEqual({
      schema: 'mbo',
      stypeIn: 'parent',
      symbols: ['ES.FUT'],
      start: null,
      snapshot: false,
      id: null,
      isLast: true,
    });
  });
});

describe('reading a start', () => {
  test.each([
    ['0', 0n],
    ['1767225600000000001', 1_767_225_600_000_000_001n],
    ['2026-01-01', 1_767_225_600_000_000_000n],
    ['2026-01-01T00:00', 1_767_225_600_000_000_000n],
    ['2026-01-01T00:00:00.000000001Z', 1_767_225_600_000_000_001n],
    ['2026-01-01 01:00:00.5+01:00', 1_767_225_600_500_000_000n],
    ['2025-12-31T18:00:00-0600', 1_767_225_600_000_000_000n],
    ['18446744073709551616', undefined],
    ['2026-13-01', undefined],
    ['1969-12-31', undefined],
    ['-5', undefined],
    ['now', undefined],
  ])('%s', (text, ns) => {
    expect(parseTime(text)).toBe(ns);
  });
});
