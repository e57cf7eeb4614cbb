import type { FieldType, FieldValue } from './field.ts';
import { type LayoutName, layouts } from './layouts.ts';
import type { AnyView, StoredRecord } from './record.ts';
import { type RecordView, readerOf } from './record-view.ts';
import { readOhlcv, readTrade } from './straight-records.ts';

type Values = Record<string, FieldValue<FieldType> | Uint8Array | undefined>;

const zeros = { u64: 0n, i64: 0n, price: 0n, time: 0n, char: '', text: '' } as const;

type ObjectReader = (bytes: DataView, at: number) => Values;

/** Copies one record into a plain object, for each layout. */
const tableReaders: Readonly<Record<string, ObjectReader>> = Object.fromEntries(
  Object.values(layouts).map(({ name: layout, fields }) => {
    // A copied template has its final shape from the start, which is much faster than adding fields to {}. Made at once it
    // is no dictionary, which it would become with this many fields added one by one.
    const template: Values = Object.fromEntries([
      ['layout', layout],
      ...fields.map(({ name, type }) => [name, zeros[type as keyof typeof zeros] ?? 0] as const),
    ]);
    const readers = fields.map(readerOf);
    const names = fields.map(({ name }) => name);
    const read = (bytes: DataView, at: number): Values => {
      const record = { ...template };
      for (let index = 0; index < names.length; index++) record[names[index]!] = readers[index]!(bytes, at);
      return record;
    };
    return [layout satisfies LayoutName, read];
  }),
);
const objectReaders: Readonly<Record<string, ObjectReader>> = {
  ...tableReaders,
  ohlcv: readOhlcv as unknown as ObjectReader,
  trade: readTrade as unknown as ObjectReader,
};

/** Copies the record under a view into a plain object of its own. */
export function toObject<View extends AnyView>(view: View): Extract<StoredRecord, { layout: View['layout'] }>;
export function toObject(view: RecordView): StoredRecord {
  const read = objectReaders[view.layout];
  if (read === undefined) return unknownObject(view);
  const { bytes, at, hasTsOut } = view.window;
  const record = read(bytes, at);
  if (hasTsOut) record.ts_out = view.ts_out;
  return record as unknown as StoredRecord;
}

function unknownObject(view: RecordView): StoredRecord {
  const { length, rtype, publisher_id, instrument_id, ts_event } = view;
  return { layout: 'unknown', length, rtype, publisher_id, instrument_id, ts_event, raw: view.bytes().slice() };
}
