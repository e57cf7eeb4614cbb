import type { FieldType, FieldValue } from './field.ts';
import { type LayoutName, layouts } from './layouts.ts';
import type { AnyView, StoredRecord } from './record.ts';
import { type RecordView, readerOf } from './record-view.ts';

type Values = Record<string, FieldValue<FieldType> | Uint8Array | undefined>;

const zeros = { u64: 0n, i64: 0n, price: 0n, time: 0n, char: '', text: '' } as const;

/** Copies one record into a plain object, for each layout. */
const objectReaders: Readonly<Record<string, (bytes: DataView, at: number) => Values>> = Object.fromEntries(
  Object.values(layouts).map(({ name: layout, fields }) => {
    // A copied template has its final shape from the start, which is much faster than adding fields to {}.
    const template: Values = { layout };
    for (const { name, type } of fields) template[name] = zeros[type as keyof typeof zeros] ?? 0;
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

/** Copies the record under a view into a plain object of its own. */
export function toObject<View extends AnyView>(view: View): Extract<StoredRecord, { layout: View['layout'] }>;
export function toObject(view: RecordView): StoredRecord {
  const read = objectReaders[view.layout];
  if (read === undefined) return unknownObject(view);
  const record = read(view.cursor, view.at);
  if (view.hasTsOut) record.ts_out = view.ts_out;
  return record as unknown as StoredRecord;
}

function unknownObject(view: RecordView): StoredRecord {
  const { length, rtype, publisher_id, instrument_id, ts_event } = view;
  return { layout: 'unknown', length, rtype, publisher_id, instrument_id, ts_event, raw: view.bytes().slice() };
}
