import { errorCodes, systemCodes, UNDEF_PRICE, UNDEF_STAT_QUANTITY, UNDEF_STAT_QUANTITY_V1 } from './enums.ts';
import { type Layout, TS_OUT_BYTES, WORD_BYTES } from './field.ts';
import { type LayoutName, layouts, NEWEST_VERSION } from './layouts.ts';
import { type DbnMetadata, metadataInVersion } from './metadata.ts';
import type { AnyView, DbnRecord, NewestLayoutName, OldLayoutName, StoredRecord } from './record.ts';
import { toObject } from './record-object.ts';
import { encodeRecord } from './record-writer.ts';
import { readText } from './text.ts';
import { makeView, makeWindow } from './views.ts';

/** The newest layout of the records whose layout has changed. */
export const newestLayouts = {
  def_v1: 'def_v3',
  def_v2: 'def_v3',
  stat_v1: 'stat_v3',
  symmap_v1: 'symmap_v2',
  system_v1: 'system_v2',
  error_v1: 'error_v2',
} as const satisfies Readonly<Record<OldLayoutName, NewestLayoutName>>;

/** Whether a layout has a newer one. */
export function isOldLayout(layout: LayoutName | 'unknown'): layout is OldLayoutName {
  return Object.hasOwn(newestLayouts, layout);
}

/** The metadata of the newest version that says the same. */
export function upgradeMetadata(metadata: DbnMetadata): DbnMetadata {
  return metadataInVersion(metadata, NEWEST_VERSION);
}

/** The record in the newest layout of its type; one that is in it already is given back as it is. */
export function upgradeRecord(record: StoredRecord): DbnRecord {
  if (record.layout === 'unknown' || !isOldLayout(record.layout)) return record as DbnRecord;
  const bytes = encodeRecord(record);
  const { view, upgrade } = makeUpgrade(record.layout, record.ts_out !== undefined);
  upgrade(new DataView(bytes.buffer), 0);
  return toObject(view) as DbnRecord;
}

/** Rewrites records of one layout in the newest. */
export interface Upgrade {
  /** The record that was rewritten last. */
  readonly view: AnyView;
  /** Rewrites the record at a place; of what follows the old layout only `ts_out` is kept. */
  upgrade(bytes: DataView, at: number): void;
}

/** Values of fields that older layouts do not have; those not named here become zeros. */
const unset: Readonly<Record<string, number | bigint>> = {
  leg_price: UNDEF_PRICE,
  leg_delta: UNDEF_PRICE,
  leg_side: 'N'.charCodeAt(0),
  stype_in: 255,
  stype_out: 255,
  is_last: 255,
};

/** Makes what rewrites records of a layout; it has a buffer of its own. */
export function makeUpgrade(from: OldLayoutName, hasTsOut: boolean): Upgrade {
  const [older, newer] = [layouts[from] as Layout, layouts[newestLayouts[from]] as Layout];
  const size = newer.size + (hasTsOut ? TS_OUT_BYTES : 0);
  const bytes = new Uint8Array(size);
  const target = new DataView(bytes.buffer);
  for (const { name, offset } of newer.fields) {
    const value = unset[name];
    if (typeof value === 'bigint') target.setBigInt64(offset, value, true);
    if (typeof value === 'number') target.setUint8(offset, value);
  }
  const copies = copiesBetween(older, newer);
  const derive = derivations[from];
  return {
    view: makeView(newestLayouts[from], makeWindow(target, hasTsOut)) as AnyView,
    upgrade(source, at) {
      for (const copy of copies) {
        // What is longer in the newer layout was made zeros and stays it.
        for (let index = 0; index < copy.size; index++) {
          bytes[copy.to + index] = source.getUint8(at + copy.from + index);
        }
      }
      derive?.(source, at, target);
      bytes[0] = size / WORD_BYTES;
      if (!hasTsOut) return;
      const tsOutAt = at + source.getUint8(at) * WORD_BYTES - TS_OUT_BYTES;
      target.setBigUint64(newer.size, source.getBigUint64(tsOutAt, true), true);
    },
  };
}

interface Copy {
  readonly from: number;
  readonly to: number;
  readonly size: number;
}

/** Fields are copied by name. Unsigned integers and text grow by zeros behind them; the signed integer is derived. */
function copiesBetween(older: Layout, newer: Layout): readonly Copy[] {
  const copies: { from: number; to: number; size: number }[] = [];
  for (const field of newer.fields) {
    const old = older.fields.find(({ name }) => name === field.name);
    if (old === undefined) continue;
    const last = copies.at(-1);
    if (last !== undefined && last.from + last.size === old.offset && last.to + last.size === field.offset) {
      last.size += old.size;
    } else {
      copies.push({ from: old.offset, to: field.offset, size: old.size });
    }
  }
  return copies;
}

const quantityAt = { v1: layouts.stat_v1.specs.quantity[1], v3: layouts.stat_v3.specs.quantity[1] };

/** Values that do not follow from copying. */
const derivations: Partial<Record<OldLayoutName, (source: DataView, at: number, target: DataView) => void>> = {
  stat_v1: (source, at, target) => {
    const quantity = source.getInt32(at + quantityAt.v1, true);
    const widened = quantity === UNDEF_STAT_QUANTITY_V1 ? UNDEF_STAT_QUANTITY : BigInt(quantity);
    target.setBigInt64(quantityAt.v3, widened, true);
  },
  system_v1: (source, at, target) => {
    const [, offset, size] = layouts.system_v1.specs.msg;
    target.setUint8(layouts.system_v2.specs.code[1], systemCodeOf(readText(source, at + offset, size)));
  },
  error_v1: (source, at, target) => {
    const [, offset, size] = layouts.error_v1.specs.err;
    target.setUint8(layouts.error_v2.specs.code[1], errorCodeOf(readText(source, at + offset, size)));
  },
};

/** The code that a system record of version 1 would have had. */
function systemCodeOf(text: string): number {
  if (text === 'Heartbeat') return systemCodes.heartbeat;
  if (text.startsWith('Subscription request ') && text.endsWith(' succeeded')) return systemCodes.subscriptionAck;
  if (text.startsWith('Warning: slow reading')) return systemCodes.slowReaderWarning;
  if (text.startsWith('Finished ') && text.endsWith(' replay')) return systemCodes.replayCompleted;
  if (text.startsWith('End of interval for ')) return systemCodes.endOfInterval;
  return systemCodes.unset;
}

/** The code that an error record of version 1 would have had. */
function errorCodeOf(text: string): number {
  if (text === 'User or API key deactivated') return errorCodes.apiKeyDeactivated;
  if (text === 'User has reached their open connection limit') return errorCodes.connectionLimitExceeded;
  if (text.startsWith('Failed to resolve symbol')) return errorCodes.symbolResolutionFailed;
  if (text === 'Internal error') return errorCodes.internalError;
  if (text.startsWith('Slow client detected for ')) return errorCodes.skippedRecordsAfterSlowReading;
  return errorCodes.unset;
}
