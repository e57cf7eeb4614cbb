import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareContracts, formatContract, nextLiquidContract, parseContract } from '#core/market/contract.ts';
import { instruments, isRoot } from '#core/market/instrument.ts';

const expiriesFile = new URL('../../../../shared/data/cme/expiries.csv', import.meta.url);

const onDate = (date: string) => ({ onDateMs: Date.parse(date) });

describe('reading a contract symbol', () => {
  test.each([
    ['ESZ2026', 'ES', 2026, 12],
    ['MESH2025', 'MES', 2025, 3],
    ['M2KU2025', 'M2K', 2025, 9],
    ['6JZ2025', '6J', 2025, 12],
    ['6MM2025', '6M', 2025, 6],
    ['M6AH2026', 'M6A', 2026, 3],
    ['SIH2026', 'SI', 2026, 3],
    ['SILH2026', 'SIL', 2026, 3],
    ['NQM2026', 'NQ', 2026, 6],
    ['MCLF2026', 'MCL', 2026, 1],
  ])('%s is %s of %i-%i without a date', (text, root, year, month) => {
    expect(parseContract(text)).toEqual({ root, year, month });
  });

  test.each([
    ['ESZ5', '2025-11-20', 'ESZ2025'],
    ['6MZ5', '2025-11-20', '6MZ2025'],
    ['ZBZ5', '2025-11-20', 'ZBZ2025'],
    ['HGH6', '2025-11-20', 'HGH2026'],
    ['SILH6', '2025-11-20', 'SILH2026'],
    ['GCZ25', '2025-11-20', 'GCZ2025'],
    ['GCZ30', '2025-11-20', 'GCZ2030'],
    ['MGCG6', '2026-02-01', 'MGCG2026'],
    ['ESZ2026', '2031-01-01', 'ESZ2026'],
    // The decade of a short year depends on the record: these are real.
    ['NQM0', '2010-06-07', 'NQM2010'],
    ['NQM0', '2019-06-03', 'NQM2020'],
    ['NQU0', '2020-09-17', 'NQU2020'],
    ['NQZ9', '2019-12-20', 'NQZ2019'],
    ['NQZ9', '2025-01-15', 'NQZ2029'],
    // In the record's own year, but its month is over.
    ['NQM0', '2020-07-01', 'NQM2030'],
    ['NQM0', '2020-06-30', 'NQM2020'],
    // Expires in the month before its delivery month.
    ['CLF6', '2025-12-19', 'CLF2026'],
  ])('%s in a record of %s is %s', (text, date, expected) => {
    expect(formatContract(parseContract(text, onDate(date)))).toBe(expected);
  });

  test.each([
    ['NQH5-NQM5', /not outrights/],
    ['GCG2-GCM2', /not outrights/],
    ['UD:1V: GN 2518', /not outrights/],
    ['GC:BF Z4-G5-J5', /not outrights/],
    ['ESZ5 C5000', /not outrights/],
    ['ES1!', /not outrights/],
    ['ES.FUT', /not outrights/],
    ['ES.v.0', /not outrights/],
    ['@ESZ25', /not outrights/],
    ['/ESZ25:XCME', /not outrights/],
    [' ESZ2025', /not outrights/],
    ['esz2025', /upper case/],
    ['ESz2025', /upper case/],
    ['EPZ5', /root is unknown.*ES MES/],
    ['ESGZ2025', /root is unknown/],
    ['Z2025', /not root, month letter and year/],
    ['ES', /not root, month letter and year/],
    ['ESZ', /not root, month letter and year/],
    ['ESZ202', /not root, month letter and year/],
    ['ESZ20255', /not root, month letter and year/],
    ['ESL2025', /not root, month letter and year/],
    ['ESZ2025\n', /not root, month letter and year/],
    ['', /not root, month letter and year/],
    ['ESZ1999', /2000 to 2099/],
    // Two digits leave no other century, so a contract that is over cannot be meant.
    ['ESZ25', /2000 to 2099/],
  ])('%j is refused', (text, reason) => {
    expect(() => parseContract(text, onDate('2026-01-05'))).toThrow(reason);
    expect(() => parseContract(text, onDate('2026-01-05'))).toThrow(/expected the symbol of an outright/);
  });

  test.each(['ESZ5', 'ESZ25', 'GCZ0'])('%s without a date is refused as ambiguous', (text) => {
    expect(() => parseContract(text)).toThrow(/ambiguous.*write all four/);
  });

  test('a record without a real time is refused', () => {
    expect(() => parseContract('ESZ5', { onDateMs: Number.NaN })).toThrow(/UTC time of the record/);
  });

  test('a refusal is a contract error', () => {
    expect(() => parseContract('NQH5-NQM5')).toThrow(expect.objectContaining({ kind: 'contract' }));
  });
});

describe('round trips', () => {
  const anyContract = fc.record({
    root: fc.constantFrom(...instruments.map(({ root }) => root)),
    year: fc.integer({ min: 2000, max: 2099 }),
    month: fc.integer({ min: 1, max: 12 }),
  });

  test('every contract is read back from its symbol', () => {
    fc.assert(
      fc.property(anyContract, (contract) => {
        expect(parseContract(formatContract(contract))).toEqual(contract);
      }),
      { numRuns: 1000 },
    );
  });

  test('a short symbol is read back at any time up to ten years before its delivery month ends', () => {
    const anyDaysAhead = fc.integer({ min: 0, max: 3600 });
    fc.assert(
      fc.property(anyContract, anyDaysAhead, (contract, days) => {
        const text = formatContract(contract);
        const lastInstantMs = Date.UTC(contract.year, contract.month, 1) - 1;
        const record = { onDateMs: lastInstantMs - days * 86_400_000 };
        expect(parseContract(text.slice(0, -4) + text.slice(-1), record)).toEqual(contract);
        expect(parseContract(text.slice(0, -4) + text.slice(-2), record)).toEqual(contract);
      }),
      { numRuns: 1000 },
    );
  });

  test.skipIf(!existsSync(expiriesFile))(
    'expiries.csv (needs ../shared/data): every contract is read from its short symbol on its last day',
    () => {
      const rows = readFileSync(expiriesFile, 'utf8').trim().split('\n').slice(1);
      const known = rows.map((row) => row.split(',')).filter(([root = '']) => isRoot(root));
      expect(known.length).toBeGreaterThan(4000);
      for (const [root = '', contract = '', year, month, lastTradeDate = ''] of known) {
        expect(parseContract(contract)).toEqual({ root, year: Number(year), month: Number(month) });
        const short = contract.slice(0, -4) + contract.slice(-1);
        expect(formatContract(parseContract(short, onDate(lastTradeDate)))).toBe(contract);
      }
    },
  );

  test.each([0, 13, 1.5])('month %d has no symbol', (month) => {
    expect(() => formatContract({ root: 'ES', year: 2026, month })).toThrow(/no contract month/);
  });
});

describe('the order of contracts', () => {
  test('is by delivery month, across years', () => {
    const symbols = ['ESH2026', 'ESZ2025', 'ESU2025', 'ESM2026'];
    const sorted = symbols.map((text) => parseContract(text)).sort(compareContracts);
    expect(sorted.map(formatContract)).toEqual(['ESU2025', 'ESZ2025', 'ESH2026', 'ESM2026']);
  });

  test.each([
    ['ESZ2025', 'ESH2026'],
    ['ESH2026', 'ESM2026'],
    ['ESN2026', 'ESU2026'],
    ['GCQ2026', 'GCZ2026'],
    ['GCV2026', 'GCZ2026'],
    ['GCZ2026', 'GCG2027'],
    ['SIH2026', 'SIK2026'],
    ['PLV2026', 'PLF2027'],
    ['CLZ2026', 'CLF2027'],
    ['CLF2026', 'CLG2026'],
    ['ZSN2026', 'ZSX2026'],
    ['ZCN2026', 'ZCU2026'],
  ])('after %s the liquid one is %s', (from, expected) => {
    const { root, year, month } = parseContract(from);
    expect(formatContract(nextLiquidContract(root, { year, month }))).toBe(expected);
  });
});
