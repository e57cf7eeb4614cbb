import { describe, expect, test } from 'vitest';
import { SymbolMap } from '../../../../adapters/databento/live/symbol-map.ts';

describe('symbols', () => {
  test('keep what was asked for and what it stands for, both ways', () => {
    const map = new SymbolMap();
    map.map(1, 'ES.FUT', 'ESZ6');
    map.map(1, 'ES.c.0', 'ESZ6');
    map.map(2, 'ES.FUT', 'ESH7');
    map.map(2, 'ES.FUT', 'ESM7');
    expect(map.get(1)).toEqual({ symbolsIn: new Set(['ES.FUT', 'ES.c.0']), symbolOut: 'ESZ6' });
    expect(map.get(2)?.symbolOut).toBe('ESM7');
    expect(map.idsOf('ES.FUT')).toEqual(new Set([1, 2]));
    expect([map.size, map.get(3)]).toEqual([2, undefined]);
  });

  test('that failed are told until they are mapped', () => {
    const map = new SymbolMap();
    map.fail('ESU9', 'Failed to resolve symbol: ESU9');
    expect([...map.errors.keys()]).toEqual(['ESU9']);
    map.map(9, 'ESU9', 'ESU9');
    expect(map.errors.size).toBe(0);
  });
});
