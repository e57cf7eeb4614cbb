import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CsvRecords, type CsvRow, CsvRows, csvColumns, csvOf } from '#adapters/databento/dbn/csv.ts';
import { toObject } from '#adapters/databento/dbn/record-object.ts';
import { openDbn } from '#adapters/databento/dbn/stream.ts';
import { expectedSamples } from './expected-records.ts';
import { anyRecord, readRecord } from './made-records.ts';

describe('a record as CSV', () => {
  // Needs ../shared/data/dbn.
  test.for(expectedSamples)(
    '$name: the values of the JSON form under its keys',
    async ({ bytes, records, isTruncated }) => {
      const stream = await openDbn(oneChunk(bytes), { upgrade: false });
      const found: unknown[] = [];
      const reading = stream.forEach((view) => {
        const columns = csvColumns(view.layout, view.hasTsOut);
        const [row] = rowsOf([csvOf(view)]);
        found.push(Object.fromEntries(columns.map((column, index) => [column, row?.cells[index]])));
      });
      await (isTruncated ? expect(reading).rejects.toThrow(/truncated/) : reading);
      const texts = (records as Record<string, unknown>[]).map((record) =>
        Object.fromEntries(Object.entries(record).map(([key, value]) => [key, String(value)])),
      );
      expect(found).toEqual(texts);
    },
  );

  test('any record is the same again after it was CSV', () => {
    fc.assert(
      fc.property(anyRecord, (made) => {
        const [columns, line, record] = readRecord(
          made,
          (view) => [csvColumns(view.layout, view.hasTsOut), csvOf(view), toObject(view)] as const,
        );
        const [row] = rowsOf([line]);
        expect(new CsvRecords(columns).record(row?.cells ?? [], made.version)).toEqual(record);
      }),
    );
  });

  test('records of several types with one layout may be under one header', () => {
    const records = new CsvRecords('rtype,publisher_id,instrument_id,ts_event,open,high,low,close,volume'.split(','));
    expect(records.record(['33', '1', '7', '0', '1', '2', '0', '1', '5'])).toMatchObject({
      layout: 'ohlcv',
      rtype: 33,
    });
    expect(records.record(['32', '1', '7', '0', '1', '2', '0', '1', '5'])).toMatchObject({
      layout: 'ohlcv',
      rtype: 32,
    });
  });

  test('a header without rtype or with a column twice, and a row of another width are refused', () => {
    expect(() => new CsvRecords(['open', 'close'])).toThrow(/no column rtype/);
    expect(() => new CsvRecords(['rtype', 'open', 'open'])).toThrow(/"open" twice/);
    expect(() => new CsvRecords(['rtype', 'open']).record(['33'])).toThrow(/cells, 1, is not that of the columns, 2/);
  });
});

describe('rows of CSV', () => {
  const text = 'a,b\r\n\n"one, ""two""\nthree",\n,x';
  const rows: CsvRow[] = [
    { line: 1, cells: ['a', 'b'] },
    { line: 3, cells: ['one, "two"\nthree', ''] },
    { line: 5, cells: ['', 'x'] },
  ];

  test('quotes, commas and line breaks inside quotes, empty lines and a last line without an end', () => {
    expect(rowsOf([text])).toEqual(rows);
  });

  test('are the same in whatever pieces the text comes', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(text.length), { maxLength: 6 }), (cuts) => {
        const at = [0, ...cuts.sort((a, b) => a - b), text.length];
        expect(rowsOf(at.slice(1).map((end, index) => text.slice(at[index], end)))).toEqual(rows);
      }),
    );
  });

  test('a quote in the middle, one left open, and a row without an end are refused with their line', () => {
    expect(() => rowsOf(['a\nb"c\n"'])).toThrow(/line 2 has a quote in the middle/);
    expect(() => rowsOf(['a\n"bc\nd'])).toThrow(/line 2 ends inside quotes/);
    expect(() => rowsOf(['a\n"', 'b\n'.repeat(600_000)])).toThrow(/line 2 goes on too long/);
  });
});

function rowsOf(pieces: readonly string[]): CsvRow[] {
  const reader = new CsvRows();
  return [...pieces.flatMap((piece) => reader.push(piece)), ...reader.end()];
}

async function* oneChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield bytes;
}
