import type { Schema } from '../dbn/enums.ts';

const SECOND_NS = 1_000_000_000n;
const MINUTE_NS = 60n * SECOND_NS;
const HOUR_NS = 60n * MINUTE_NS;
const DAY_NS = 24n * HOUR_NS;

/** Interval of the schemas that have one record for each instrument and interval, in nanoseconds. */
const intervalsNs: Partial<Record<Schema, bigint>> = {
  'ohlcv-1s': SECOND_NS,
  'ohlcv-1m': MINUTE_NS,
  'ohlcv-1h': HOUR_NS,
  'ohlcv-1d': DAY_NS,
  'ohlcv-eod': DAY_NS,
  'bbo-1s': SECOND_NS,
  'bbo-1m': MINUTE_NS,
  'cbbo-1s': SECOND_NS,
  'cbbo-1m': MINUTE_NS,
};

/** Schemas of few records, which may come long after their `ts_event`. */
const slowSchemas: ReadonlySet<Schema> = new Set(['definition', 'statistics', 'status', 'imbalance']);

/** Byte offsets of the two times that a replay may go by. */
const TS_EVENT_AT = 8;
const TS_RECV_AT = 32;

/** How records of a schema are recognised when a replay brings them again. */
export interface ReplayRules {
  /** One record for each instrument and interval of so many nanoseconds; null when there may be any number. */
  readonly intervalNs: bigint | null;
  /** Byte offset of the time by which a replay is cut. */
  readonly indexAt: number;
  /**
   * How far back of the newest record a replay is asked to begin. A record that comes later than newer ones is
   * delivered for certain if it is behind them by no more than that.
   */
  readonly overlapNs: bigint;
  /** How far back of the newest record delivered ones are remembered one by one. */
  readonly retentionNs: bigint;
}

/** The rules of a schema. */
export function replayRules(schema: Schema): ReplayRules {
  const intervalNs = intervalsNs[schema] ?? null;
  const indexAt = /^c?bbo-/.test(schema) ? TS_RECV_AT : TS_EVENT_AT;
  const retentionNs = DAY_NS + HOUR_NS;
  if (intervalNs !== null) {
    const overlapNs = intervalNs >= HOUR_NS ? DAY_NS : 60n * intervalNs;
    return { intervalNs, indexAt, overlapNs, retentionNs };
  }
  if (slowSchemas.has(schema)) return { intervalNs, indexAt, overlapNs: HOUR_NS, retentionNs };
  return { intervalNs, indexAt, overlapNs: 10n * SECOND_NS, retentionNs: 10n * SECOND_NS };
}

/** Time may pass, and clocks may differ, until the gateway looks at a start that is as old as it may be. */
const WINDOW_MARGIN_NS = 5n * MINUTE_NS;

/** How far back the gateway can certainly replay a schema, in nanoseconds: almost a day, or almost a week. */
export function replayWindowNs(schema: Schema, dataset: string): bigint {
  const isWeekly = dataset === 'GLBX.MDP3' && (schema === 'mbo' || schema === 'definition');
  return (isWeekly ? 7n * DAY_NS : DAY_NS) - WINDOW_MARGIN_NS;
}
