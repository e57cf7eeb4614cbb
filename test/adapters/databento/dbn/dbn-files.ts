import { existsSync } from 'node:fs';

/** Folder of the DBN samples beside the checkout; they are not part of the project. */
export const dbnSamples = new URL('../../../../../shared/data/dbn/', import.meta.url);

/** False when the samples are absent, in which case the tests that need them skip. */
export const hasDbnSamples = existsSync(dbnSamples);

/** One symbol mapping of a made DBN file. */
export interface MadeMapping {
  readonly rawSymbol: string;
  readonly intervals: readonly (readonly [startDate: number, endDate: number, symbol: string])[];
}

/** What a made DBN header says; the defaults make a version 3 file of one-minute bars. */
export interface MadeHeader {
  readonly version?: 1 | 2 | 3;
  readonly schema?: number;
  readonly startNs?: bigint;
  readonly endNs?: bigint;
  readonly limit?: bigint;
  readonly stypeIn?: number;
  readonly stypeOut?: number;
  readonly mappings?: readonly MadeMapping[];
}

const NONE = 0xffff_ffff_ffff_ffffn;
const UNDEFINED_PRICE = 0x7fff_ffff_ffff_ffffn;

/** A DBN header of our own making. */
export function madeHeader(header: MadeHeader): Buffer {
  const { version = 3, schema = 6, startNs = 0n, endNs = NONE, limit = 0n, stypeIn = 1, stypeOut = 0 } = header;
  const symbolBytes = version === 1 ? 22 : 71;
  const fixed = Buffer.alloc(100);
  fixed.write('GLBX.MDP3', 0, 'latin1');
  fixed.writeUInt16LE(schema, 16);
  fixed.writeBigUInt64LE(startNs, 18);
  fixed.writeBigUInt64LE(endNs, 26);
  fixed.writeBigUInt64LE(limit, 34);
  const stypeAt = version === 1 ? 50 : 42;
  fixed.writeUInt8(stypeIn, stypeAt);
  fixed.writeUInt8(stypeOut, stypeAt + 1);
  if (version > 1) fixed.writeUInt16LE(symbolBytes, 45);
  const text = (value: string): Buffer => {
    const bytes = Buffer.alloc(symbolBytes);
    bytes.write(value, 'latin1');
    return bytes;
  };
  const mappings = (header.mappings ?? []).flatMap(({ rawSymbol, intervals }) => [
    text(rawSymbol),
    u32(intervals.length),
    ...intervals.flatMap(([startDate, endDate, symbol]) => [u32(startDate), u32(endDate), text(symbol)]),
  ]);
  const lists = [u32(0), u32(0), u32(0), u32(0), u32(header.mappings?.length ?? 0), ...mappings];
  const body = Buffer.concat([fixed, ...lists]);
  return Buffer.concat([Buffer.from(`DBN${String.fromCharCode(version)}`, 'latin1'), u32(body.length), body]);
}

export type MadeOhlc = readonly [open: number | null, high: number | null, low: number | null, close: number | null];

/** A one-minute bar of a made DBN file; prices in display units, null for an undefined one. */
export interface MadeBar {
  readonly instrumentId: number;
  readonly openTimeMs: number;
  readonly ohlc: MadeOhlc;
  readonly volume?: number;
  readonly rtype?: number;
}

/** An ohlcv record of our own making. */
export function madeBar({ instrumentId, openTimeMs, ohlc, volume = 1, rtype = 0x21 }: MadeBar): Buffer {
  const record = Buffer.alloc(56);
  record.writeUInt8(14, 0);
  record.writeUInt8(rtype, 1);
  record.writeUInt16LE(1, 2);
  record.writeUInt32LE(instrumentId, 4);
  record.writeBigUInt64LE(BigInt(openTimeMs) * 1_000_000n, 8);
  ohlc.forEach((price, index) => {
    record.writeBigInt64LE(price === null ? UNDEFINED_PRICE : BigInt(Math.round(price * 1e9)), 16 + 8 * index);
  });
  record.writeBigUInt64LE(BigInt(volume), 48);
  return record;
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
