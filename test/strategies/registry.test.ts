import { describe, expect, test } from 'vitest';
import { definitionOf, definitions } from '#strategies/registry.ts';

describe('the registry of definitions', () => {
  test.each(Object.entries(definitions))(
    'has %s under its own name, ready to run on its defaults',
    (name, definition) => {
      const params = definition.params.parse({});
      expect(definitionOf(name)).toBe(definition);
      expect(definition.name).toBe(name);
      expect(definition.lookback(params)).toBeGreaterThanOrEqual(1);
      expect(definition.noEntryBeforeCloseMin(params)).toBeGreaterThanOrEqual(1);
    },
  );

  test.each(['orb', '', 'toString'])("has no '%s', and says what it has", (name) => {
    expect(() => definitionOf(name)).toThrow(`unknown definition '${name}': known are ibs`);
  });
});
