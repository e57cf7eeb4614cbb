import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { instrumentOf, instruments, isRoot, roundToTick, tickValueUsd } from '#core/market/instrument.ts';

const factsFile = new URL('../../../../shared/data/cme/contract_facts.csv', import.meta.url);
const feesFile = new URL('../../../../shared/data/cme/fees.csv', import.meta.url);

/** Rows of a CSV file with quoted fields, by the column `root`. */
function rowsByRoot(file: URL): Map<string, Record<string, string>> {
  const [header = [], ...rows] = readFileSync(file, 'utf8').trim().split('\n').map(fieldsOf);
  return new Map(rows.map((row) => [row[0] ?? '', Object.fromEntries(header.map((name, i) => [name, row[i] ?? '']))]));
}

function fieldsOf(line: string): string[] {
  return [...line.matchAll(/(?:^|,)(?:"([^"]*)"|([^",]*))/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
}

describe('the instrument table', () => {
  test('holds every root of the universe once', () => {
    const roots =
      'ES NQ RTY YM GC SI HG PL CL NG 6A 6B 6C 6E 6J 6M 6N 6S ZB ZC ZS ZW MES MNQ M2K MYM MGC SIL MCL M6A M6B M6E';
    expect(instruments.map(({ root }) => root).sort()).toEqual(roots.split(' ').sort());
  });

  test('gives micros the family of their major, everything else its own', () => {
    const families = instruments
      .filter(({ root, family }) => root !== family)
      .map(({ root, family }) => [root, family]);
    expect(Object.fromEntries(families)).toEqual({
      MES: 'ES',
      MNQ: 'NQ',
      M2K: 'RTY',
      MYM: 'YM',
      MGC: 'GC',
      SIL: 'SI',
      MCL: 'CL',
      M6A: '6A',
      M6B: '6B',
      M6E: '6E',
    });
  });

  test.each(instruments)('$root has a tick that divides 1.0 exactly, as rounding to ticks needs', ({ tickSize }) => {
    expect(1 / Math.round(1 / tickSize)).toBe(tickSize);
  });

  test('an unknown root is refused with the list of known ones', () => {
    expect(() => instrumentOf('EPS')).toThrow(/unknown root "EPS".*ES MES NQ/);
    expect(() => instrumentOf('constructor')).toThrow(/unknown root/);
    expect(isRoot('M2K')).toBe(true);
    expect(isRoot('es')).toBe(false);
    expect(isRoot('toString')).toBe(false);
  });
});

describe.skipIf(!existsSync(factsFile))('against contract_facts.csv (needs ../shared/data)', () => {
  const facts = existsSync(factsFile) ? rowsByRoot(factsFile) : new Map<string, Record<string, string>>();
  const groups: Record<string, string> = {
    'equity-index': 'EQ',
    fx: 'FX',
    rates: 'IR',
    energy: 'EN',
    metals: 'MT',
    grains: 'GR',
  };

  test.each(instruments)('$root has the exchange, group, multiplier, tick and months listed', (instrument) => {
    const fact = facts.get(instrument.root);
    expect(instrument.exchange).toBe(fact?.exchange);
    expect(groups[instrument.group]).toBe(fact?.group);
    expect(instrument.multiplierUsd).toBe(Number(fact?.multiplier));
    expect(instrument.tickSize).toBe(Number(fact?.tick));
    expect(tickValueUsd(instrument)).toBe(Number(fact?.tick_value_usd));
    // "GJMQZ (V traded, thin)" and "front 2": a front month means every month in turn.
    const [listed = ''] = (fact?.liquid_months ?? '').split(' ');
    expect(instrument.liquidMonths).toBe(listed === 'front' ? 'FGHJKMNQUVXZ' : listed);
  });
});

describe.skipIf(!existsSync(feesFile))('against fees.csv (needs ../shared/data)', () => {
  const fees = existsSync(feesFile) ? rowsByRoot(feesFile) : new Map<string, Record<string, string>>();

  test.each(instruments)('$root costs half of the all-in round turn of the free plan per side', (instrument) => {
    const cents = Number(fees.get(instrument.root)?.all_in_round_turn_free) * 100;
    expect(instrument.commissionPerSideUsd).toBe(Math.round(cents) / 200);
  });
});

describe('rounding to the tick', () => {
  test.each([
    ['ES', 4500.13, 'nearest', 4500.25],
    ['ES', 4500.12, 'nearest', 4500],
    ['ES', 4500.125, 'nearest', 4500.25],
    ['ES', 4500.24, 'down', 4500],
    ['ES', 4500.01, 'up', 4500.25],
    ['ES', 4500.25, 'up', 4500.25],
    ['6J', 0.0063271, 'nearest', 0.006327],
    ['6J', 0.0063271, 'up', 0.0063275],
    ['6J', 0.0063274, 'down', 0.006327],
    ['ZB', 118.5, 'up', 118.5],
    ['ZB', 118.51, 'up', 118.53125],
    ['ZB', 118.51, 'down', 118.5],
    ['6M', 0.057684, 'nearest', 0.05768],
    ['RTY', 0.1 + 0.2, 'up', 0.3],
    ['RTY', 0.1 + 0.2, 'down', 0.3],
    ['6E', 1.1 + 3 * 0.00005, 'up', 1.10015],
    ['CL', -37.634, 'nearest', -37.63],
    ['CL', -37.634, 'down', -37.64],
    ['CL', -37.636, 'up', -37.63],
    ['ZC', 451.8, 'nearest', 451.75],
  ] as const)('%s %d %s is %d', (root, price, direction, expected) => {
    expect(roundToTick(instrumentOf(root), price, direction)).toBe(expected);
  });

  test('never returns a negative zero', () => {
    for (const direction of ['nearest', 'up'] as const) {
      expect(Object.is(roundToTick(instrumentOf('CL'), -0.001, direction), 0)).toBe(true);
    }
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY])('refuses %d', (price) => {
    expect(() => roundToTick(instrumentOf('ES'), price, 'nearest')).toThrow(/finite price of ES/);
  });

  const anyInstrument = fc.constantFrom(...instruments);
  const anyCount = fc.integer({ min: -200_000, max: 2_000_000 });

  /** The nth tick as a person writes it: exact decimal arithmetic, then read by the language. */
  function written(tickSize: number, count: number): number {
    const decimals = 8;
    const scaled = BigInt(Math.round(tickSize * 10 ** decimals)) * BigInt(Math.abs(count));
    const digits = scaled.toString().padStart(decimals + 1, '0');
    return Number(`${count < 0 ? '-' : ''}${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`);
  }

  test('every tick rounds to itself in all directions and is the double of its decimal text', () => {
    fc.assert(
      fc.property(anyInstrument, anyCount, (instrument, count) => {
        const price = written(instrument.tickSize, count);
        for (const direction of ['nearest', 'down', 'up'] as const) {
          expect(roundToTick(instrument, price, direction)).toBe(price + 0);
          expect(roundToTick(instrument, count * instrument.tickSize, direction)).toBe(price + 0);
        }
      }),
      { numRuns: 5000 },
    );
  });

  test('down is at most the price, up at least, and they are one tick apart off the grid', () => {
    const anyFraction = fc.double({ min: 0.001, max: 0.999, noNaN: true });
    fc.assert(
      fc.property(anyInstrument, anyCount, anyFraction, (instrument, count, fraction) => {
        const price = (count + fraction) * instrument.tickSize;
        const nearest = roundToTick(instrument, price, 'nearest');
        expect(roundToTick(instrument, price, 'down')).toBe(written(instrument.tickSize, count) + 0);
        expect(roundToTick(instrument, price, 'up')).toBe(written(instrument.tickSize, count + 1) + 0);
        expect(Math.abs(nearest - price)).toBeLessThanOrEqual(instrument.tickSize * 0.5000001);
      }),
      { numRuns: 5000 },
    );
  });
});
