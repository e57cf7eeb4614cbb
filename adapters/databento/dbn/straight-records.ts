import type { OhlcvRecord, TradeRecord } from './record.ts';
import { characters } from './record-view.ts';
import { codeOf, isCharacter, isI32, isI64, isU8, isU16, isU32, isU64 } from './value-range.ts';

/**
 * The two layouts of which most records are, read and written by straight code: what the layout table says, but several
 * times as fast as going through it field by field. A test holds this code to the table.
 */

/** Copies the bar at a place. */
export function readOhlcv(bytes: DataView, at: number): OhlcvRecord {
  return {
    layout: 'ohlcv',
    length: bytes.getUint8(at),
    rtype: bytes.getUint8(at + 1),
    publisher_id: bytes.getUint16(at + 2, true),
    instrument_id: bytes.getUint32(at + 4, true),
    ts_event: bytes.getBigUint64(at + 8, true),
    open: bytes.getBigInt64(at + 16, true),
    high: bytes.getBigInt64(at + 24, true),
    low: bytes.getBigInt64(at + 32, true),
    close: bytes.getBigInt64(at + 40, true),
    volume: bytes.getBigUint64(at + 48, true),
  };
}

/** Copies the trade at a place. */
export function readTrade(bytes: DataView, at: number): TradeRecord {
  return {
    layout: 'trade',
    length: bytes.getUint8(at),
    rtype: bytes.getUint8(at + 1),
    publisher_id: bytes.getUint16(at + 2, true),
    instrument_id: bytes.getUint32(at + 4, true),
    ts_event: bytes.getBigUint64(at + 8, true),
    price: bytes.getBigInt64(at + 16, true),
    size: bytes.getUint32(at + 24, true),
    action: characters[bytes.getUint8(at + 28)]!,
    side: characters[bytes.getUint8(at + 29)]!,
    flags: bytes.getUint8(at + 30),
    depth: bytes.getUint8(at + 31),
    ts_recv: bytes.getBigUint64(at + 32, true),
    ts_in_delta: bytes.getInt32(at + 40, true),
    sequence: bytes.getUint32(at + 44, true),
  };
}

/** Writes a bar but for its length; false when a value does not fit, of which the general writer says which. */
export function writeOhlcv(record: OhlcvRecord, bytes: DataView, at: number): boolean {
  const { rtype, publisher_id, instrument_id, ts_event, open, high, low, close, volume } = record;
  const fits =
    isU8(rtype) &&
    isU16(publisher_id) &&
    isU32(instrument_id) &&
    isU64(ts_event) &&
    isI64(open) &&
    isI64(high) &&
    isI64(low) &&
    isI64(close) &&
    isU64(volume);
  if (!fits) return false;
  bytes.setUint8(at + 1, rtype);
  bytes.setUint16(at + 2, publisher_id, true);
  bytes.setUint32(at + 4, instrument_id, true);
  bytes.setBigUint64(at + 8, ts_event, true);
  bytes.setBigInt64(at + 16, open, true);
  bytes.setBigInt64(at + 24, high, true);
  bytes.setBigInt64(at + 32, low, true);
  bytes.setBigInt64(at + 40, close, true);
  bytes.setBigUint64(at + 48, volume, true);
  return true;
}

/** Writes a trade but for its length; false when a value does not fit, of which the general writer says which. */
export function writeTrade(record: TradeRecord, bytes: DataView, at: number): boolean {
  const { rtype, publisher_id, instrument_id, ts_event, price, size, action, side } = record;
  const { flags, depth, ts_recv, ts_in_delta, sequence } = record;
  const fits =
    isU8(rtype) &&
    isU16(publisher_id) &&
    isU32(instrument_id) &&
    isU64(ts_event) &&
    isI64(price) &&
    isU32(size) &&
    isCharacter(action) &&
    isCharacter(side) &&
    isU8(flags) &&
    isU8(depth) &&
    isU64(ts_recv) &&
    isI32(ts_in_delta) &&
    isU32(sequence);
  if (!fits) return false;
  bytes.setUint8(at + 1, rtype);
  bytes.setUint16(at + 2, publisher_id, true);
  bytes.setUint32(at + 4, instrument_id, true);
  bytes.setBigUint64(at + 8, ts_event, true);
  bytes.setBigInt64(at + 16, price, true);
  bytes.setUint32(at + 24, size, true);
  bytes.setUint8(at + 28, codeOf(action));
  bytes.setUint8(at + 29, codeOf(side));
  bytes.setUint8(at + 30, flags);
  bytes.setUint8(at + 31, depth);
  bytes.setBigUint64(at + 32, ts_recv, true);
  bytes.setInt32(at + 40, ts_in_delta, true);
  bytes.setUint32(at + 44, sequence, true);
  return true;
}
