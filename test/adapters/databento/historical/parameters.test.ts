import { describe, expect, test } from 'vitest';
import { type RangeRequest, rangeQuery, resolveForms } from '#adapters/databento/historical/parameters.ts';
import { barsRequest } from './served.ts';

const many = Array.from({ length: 2_001 }, (_, index) => `S${index}`);

describe('the parameters of a range', () => {
  test('become a form, with the defaults of the API said', () => {
    const { form } = rangeQuery({
      dataset: 'GLBX.MDP3',
      schema: 'trades',
      symbols: ['esz6', 'ESH7-ESM7'],
      start: '2026-01-05',
      limit: 10,
    });
    expect(form).toEqual({
      dataset: 'GLBX.MDP3',
      schema: 'trades',
      symbols: 'ESZ6,ESH7-ESM7',
      stype_in: 'raw_symbol',
      stype_out: 'instrument_id',
      start: '2026-01-05',
      limit: '10',
    });
  });

  test('keep the roll letter of a continuous symbol small', () => {
    expect(rangeQuery({ ...barsRequest, symbols: ['es.V.0'], stypeIn: 'continuous' }).form.symbols).toBe('ES.v.0');
  });

  test.each<[string, Partial<Record<keyof RangeRequest, unknown>>, RegExp]>([
    ['no dataset', { dataset: '' }, /dataset "" is no dataset code/],
    ['a dataset in small letters', { dataset: 'glbx.mdp3' }, /looks like GLBX.MDP3/],
    ['an unknown schema', { schema: 'ohlcv' }, /schema "ohlcv" is not known; use one of mbo/],
    ['an unknown stype', { stypeIn: 'ticker' }, /stypeIn "ticker"/],
    ['no symbols', { symbols: [] }, /symbols is empty/],
    ['symbols as one text', { symbols: 'ESZ6' }, /give a list of symbols/],
    ['symbols with a comma in one', { symbols: ['ESZ6,ESH7'], stypeIn: 'raw_symbol' }, /is no raw_symbol/],
    ['a root as parent', { symbols: ['ES'] }, /symbol "ES" is no parent; it looks like ES.FUT/],
    ['a continuous symbol without a rank', { symbols: ['ES.v'], stypeIn: 'continuous' }, /looks like ES.v.0/],
    ['a name as an id', { symbols: ['ESZ6'], stypeIn: 'instrument_id' }, /is no instrument_id/],
    ['all symbols among others', { symbols: ['ESZ6', 'ALL_SYMBOLS'], stypeIn: 'raw_symbol' }, /"ALL_SYMBOLS"/],
    ['too many symbols', { symbols: many, stypeIn: 'raw_symbol' }, /2001 symbols are too many.*at most 2000/],
    ['an end at its start', { end: barsRequest.start }, /is not after start/],
    ['a limit of nothing', { limit: 0 }, /limit 0 is no count/],
    ['a part of a record', { limit: 1.5 }, /limit 1.5/],
    ['a time as a number', { start: 1767614400 }, /start is no instant/],
  ])('are refused before anything is sent: %s', (_, wrong, message) => {
    expect(() => rangeQuery({ ...barsRequest, ...wrong } as RangeRequest)).toThrow(
      expect.objectContaining({ code: 'usage', message: expect.stringMatching(message) }),
    );
  });
});

describe('the parameters of a resolution', () => {
  const request = {
    dataset: 'GLBX.MDP3',
    stypeIn: 'raw_symbol',
    stypeOut: 'instrument_id',
    startDate: '2026-01-05',
  } as const;

  test('become a form for every 2,000 symbols', () => {
    const forms = resolveForms({ ...request, symbols: many, endDate: '2026-01-07' });
    expect(forms.map(({ symbols }) => symbols?.split(',').length)).toEqual([2_000, 1]);
    expect(forms[1]).toMatchObject({ symbols: 'S2000', start_date: '2026-01-05', end_date: '2026-01-07' });
  });

  test('are refused when the days are none', () => {
    expect(() => resolveForms({ ...request, symbols: ['ESZ6'], endDate: '2026-01-05' })).toThrow(/not after startDate/);
    expect(() => resolveForms({ ...request, symbols: [] })).toThrow(/symbols is empty/);
  });
});
