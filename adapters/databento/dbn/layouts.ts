import { definitionV1, definitionV2, definitionV3 } from './definition-layouts.ts';
import { defineLayout, type Layout } from './field.ts';

/**
 * Every record layout of DBN 1, 2 and 3: this table is what the views, the objects, the encoder, JSON and CSV are made
 * from. Offsets are bytes from the start of the record; the header's fields come first in each.
 */

const trade = defineLayout('trade', 48, bookHead());

const mbp1 = defineLayout('mbp1', 80, { ...bookHead(), ...levels(1) });

const mbp10 = defineLayout('mbp10', 368, { ...bookHead(), ...levels(10) });

const bbo = defineLayout('bbo', 80, {
  price: ['price', 16],
  size: ['u32', 24],
  side: ['char', 29],
  flags: ['u8', 30],
  ts_recv: ['time', 32],
  sequence: ['u32', 44],
  ...levels(1),
});

const cmbp1 = defineLayout('cmbp1', 80, {
  price: ['price', 16],
  size: ['u32', 24],
  action: ['char', 28],
  side: ['char', 29],
  flags: ['u8', 30],
  ts_recv: ['time', 32],
  ts_in_delta: ['i32', 40],
  ...consolidatedLevel(),
});

const cbbo = defineLayout('cbbo', 80, {
  price: ['price', 16],
  size: ['u32', 24],
  side: ['char', 29],
  flags: ['u8', 30],
  ts_recv: ['time', 32],
  ...consolidatedLevel(),
});

const mbo = defineLayout('mbo', 56, {
  order_id: ['u64', 16],
  price: ['price', 24],
  size: ['u32', 32],
  flags: ['u8', 36],
  channel_id: ['u8', 37],
  action: ['char', 38],
  side: ['char', 39],
  ts_recv: ['time', 40],
  ts_in_delta: ['i32', 48],
  sequence: ['u32', 52],
});

const ohlcv = defineLayout('ohlcv', 56, {
  open: ['price', 16],
  high: ['price', 24],
  low: ['price', 32],
  close: ['price', 40],
  volume: ['u64', 48],
});

const status = defineLayout('status', 40, {
  ts_recv: ['time', 16],
  action: ['u16', 24],
  reason: ['u16', 26],
  trading_event: ['u16', 28],
  is_trading: ['char', 30],
  is_quoting: ['char', 31],
  is_short_sell_restricted: ['char', 32],
});

const statisticsV1 = defineLayout('stat_v1', 64, {
  ts_recv: ['time', 16],
  ts_ref: ['time', 24],
  price: ['price', 32],
  quantity: ['i32', 40],
  sequence: ['u32', 44],
  ts_in_delta: ['i32', 48],
  stat_type: ['u16', 52],
  channel_id: ['u16', 54],
  update_action: ['u8', 56],
  stat_flags: ['u8', 57],
});

const statisticsV3 = defineLayout('stat_v3', 80, {
  ts_recv: ['time', 16],
  ts_ref: ['time', 24],
  price: ['price', 32],
  quantity: ['i64', 40],
  sequence: ['u32', 48],
  ts_in_delta: ['i32', 52],
  stat_type: ['u16', 56],
  channel_id: ['u16', 58],
  update_action: ['u8', 60],
  stat_flags: ['u8', 61],
});

const imbalance = defineLayout('imbalance', 112, {
  ts_recv: ['time', 16],
  ref_price: ['price', 24],
  auction_time: ['time', 32],
  cont_book_clr_price: ['price', 40],
  auct_interest_clr_price: ['price', 48],
  ssr_filling_price: ['price', 56],
  ind_match_price: ['price', 64],
  upper_collar: ['price', 72],
  lower_collar: ['price', 80],
  paired_qty: ['u32', 88],
  total_imbalance_qty: ['u32', 92],
  market_imbalance_qty: ['u32', 96],
  unpaired_qty: ['u32', 100],
  auction_type: ['char', 104],
  side: ['char', 105],
  auction_status: ['u8', 106],
  freeze_status: ['u8', 107],
  num_extensions: ['u8', 108],
  unpaired_side: ['char', 109],
  significant_imbalance: ['char', 110],
});

const symbolMappingV1 = defineLayout('symmap_v1', 80, {
  stype_in_symbol: ['text', 16, 22],
  stype_out_symbol: ['text', 38, 22],
  start_ts: ['time', 64],
  end_ts: ['time', 72],
});

const symbolMappingV2 = defineLayout('symmap_v2', 176, {
  stype_in: ['u8', 16],
  stype_in_symbol: ['text', 17, 71],
  stype_out: ['u8', 88],
  stype_out_symbol: ['text', 89, 71],
  start_ts: ['time', 160],
  end_ts: ['time', 168],
});

const systemV1 = defineLayout('system_v1', 80, { msg: ['text', 16, 64] });
const systemV2 = defineLayout('system_v2', 320, { msg: ['text', 16, 303], code: ['u8', 319] });

const errorV1 = defineLayout('error_v1', 80, { err: ['text', 16, 64] });
const errorV2 = defineLayout('error_v2', 320, { err: ['text', 16, 302], code: ['u8', 318], is_last: ['u8', 319] });

/** All layouts by their name. */
export const layouts = {
  trade,
  mbp1,
  mbp10,
  bbo,
  cmbp1,
  cbbo,
  mbo,
  ohlcv,
  status,
  stat_v1: statisticsV1,
  stat_v3: statisticsV3,
  imbalance,
  symmap_v1: symbolMappingV1,
  symmap_v2: symbolMappingV2,
  system_v1: systemV1,
  system_v2: systemV2,
  error_v1: errorV1,
  error_v2: errorV2,
  def_v1: definitionV1,
  def_v2: definitionV2,
  def_v3: definitionV3,
} as const;
export type LayoutName = keyof typeof layouts;

/** The versions of DBN known here. */
export type DbnVersion = 1 | 2 | 3;
export const NEWEST_VERSION = 3;

/** Layouts of each record type in versions 1, 2 and 3. */
const byRtype: Readonly<Record<number, readonly [LayoutName, LayoutName, LayoutName]>> = {
  ...same('trade', 0x00),
  ...same('mbp1', 0x01),
  ...same('mbp10', 0x0a),
  ...same('ohlcv', 0x11, 0x20, 0x21, 0x22, 0x23, 0x24),
  ...same('status', 0x12),
  ...same('imbalance', 0x14),
  ...same('mbo', 0xa0),
  ...same('cmbp1', 0xb1, 0xc2),
  ...same('cbbo', 0xc0, 0xc1),
  ...same('bbo', 0xc3, 0xc4),
  19: ['def_v1', 'def_v2', 'def_v3'],
  21: ['error_v1', 'error_v2', 'error_v2'],
  22: ['symmap_v1', 'symmap_v2', 'symmap_v2'],
  23: ['system_v1', 'system_v2', 'system_v2'],
  24: ['stat_v1', 'stat_v1', 'stat_v3'],
};

/** The layout of a record type in a version; undefined for a record type that is not known. */
export function layoutOf(rtype: number, version: DbnVersion): Layout | undefined {
  const name = byRtype[rtype]?.[version - 1];
  return name === undefined ? undefined : layouts[name];
}

function same(name: LayoutName, ...rtypes: number[]): Record<number, readonly [LayoutName, LayoutName, LayoutName]> {
  return Object.fromEntries(rtypes.map((rtype) => [rtype, [name, name, name] as const]));
}

function bookHead() {
  return {
    price: ['price', 16],
    size: ['u32', 24],
    action: ['char', 28],
    side: ['char', 29],
    flags: ['u8', 30],
    depth: ['u8', 31],
    ts_recv: ['time', 32],
    ts_in_delta: ['i32', 40],
    sequence: ['u32', 44],
  } as const;
}

type LevelNumber<Depth extends 1 | 10> = Depth extends 1 ? '00' : `0${0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9}`;
type Levels<Depth extends 1 | 10> = {
  readonly [Key in `${'bid' | 'ask'}_px_${LevelNumber<Depth>}`]: readonly ['price', number];
} & {
  readonly [Key in `${'bid' | 'ask'}_${'sz' | 'ct'}_${LevelNumber<Depth>}`]: readonly ['u32', number];
};

/** Price levels of an order book, best first, 32 bytes each from byte 48 on. */
function levels<Depth extends 1 | 10>(depth: Depth): Levels<Depth> {
  const fields: Record<string, readonly ['price' | 'u32', number]> = {};
  for (let level = 0; level < depth; level++) {
    const [at, number] = [48 + 32 * level, `0${level}`];
    fields[`bid_px_${number}`] = ['price', at];
    fields[`ask_px_${number}`] = ['price', at + 8];
    fields[`bid_sz_${number}`] = ['u32', at + 16];
    fields[`ask_sz_${number}`] = ['u32', at + 20];
    fields[`bid_ct_${number}`] = ['u32', at + 24];
    fields[`ask_ct_${number}`] = ['u32', at + 28];
  }
  return fields as Levels<Depth>;
}

function consolidatedLevel() {
  return {
    bid_px_00: ['price', 48],
    ask_px_00: ['price', 56],
    bid_sz_00: ['u32', 64],
    ask_sz_00: ['u32', 68],
    bid_pb_00: ['u16', 72],
    ask_pb_00: ['u16', 76],
  } as const;
}
