import { expect, test } from 'vitest';
import { Disturbances } from '#adapters/databento/gateway/disturbances.ts';

test('an instrument keeps the id that it had at a time, however often it got another one', () => {
  const disturbances = new Disturbances({}, true);
  const instrument = {
    ...{ instrumentId: 1, rawSymbol: 'ESH6', parents: ['ES.FUT'], isSpread: false },
    ...{ listedNs: null, expiryNs: null },
  };
  disturbances.renumber(instrument, 100n);
  disturbances.renumber(instrument, 200n);
  const ids = [99n, 100n, 199n, 200n].map((timeNs) => disturbances.idAt(1, timeNs));
  expect(ids[0]).toBe(1);
  expect(ids[1]).toBe(ids[2]);
  expect(new Set(ids).size).toBe(3);
  expect(disturbances.idAt(2, 200n)).toBe(2);
});
