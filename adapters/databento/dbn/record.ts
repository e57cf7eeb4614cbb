import type { FieldValues, Layout } from './field.ts';
import type { LayoutName, layouts } from './layouts.ts';
import type { RecordView, ViewOf } from './record-view.ts';

type SpecsOf<Name extends LayoutName> = (typeof layouts)[Name]['specs'];

/**
 * One record as plain values under DBN's own field names. 64-bit integers are bigint: prices in units of 1e-9, times in
 * nanoseconds since the epoch; undefined values stand as they are stored. `ts_out` is there when the stream has it.
 */
export type RecordOf<Name extends LayoutName> = { readonly layout: Name } & FieldValues<SpecsOf<Name>> & {
    ts_out?: bigint;
  };

/** A record of a type or length that is not known: its header, and all of its bytes. */
export interface UnknownRecord {
  readonly layout: 'unknown';
  length: number;
  rtype: number;
  publisher_id: number;
  instrument_id: number;
  ts_event: bigint;
  /** The whole record, header and `ts_out` included. */
  raw: Uint8Array;
}

/** Layouts that no longer are the newest of their record type. */
export type OldLayoutName = 'stat_v1' | 'symmap_v1' | 'system_v1' | 'error_v1' | 'def_v1' | 'def_v2';
export type NewestLayoutName = Exclude<LayoutName, OldLayoutName>;

/** A record in the newest layout of its type, as a decoder that upgrades gives it. */
export type DbnRecord = { [Name in NewestLayoutName]: RecordOf<Name> }[NewestLayoutName] | UnknownRecord;

/** A record in the layout in which it is stored. */
export type StoredRecord = { [Name in LayoutName]: RecordOf<Name> }[LayoutName] | UnknownRecord;

export type TradeRecord = RecordOf<'trade'>;
export type OhlcvRecord = RecordOf<'ohlcv'>;
export type SymbolMappingRecord = RecordOf<'symmap_v2'>;
export type SystemRecord = RecordOf<'system_v2'>;
export type ErrorRecord = RecordOf<'error_v2'>;
export type DefinitionRecord = RecordOf<'def_v3'>;

/** The flyweight of one layout, typed. */
export type LayoutView<Name extends LayoutName> = ViewOf<Name, SpecsOf<Name>>;

/** The flyweight of a record whose type or length is not known. */
export type UnknownView = RecordView & { readonly layout: 'unknown' };

/** Any record under the cursor, told apart by `layout`. */
export type AnyView = { [Name in LayoutName]: LayoutView<Name> }[LayoutName] | UnknownView;

/** Any layout, for code that goes by its fields. */
export type AnyLayout = Layout;
