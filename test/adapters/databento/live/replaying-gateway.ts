import { DbnDecoder } from '../../../../adapters/databento/dbn/decoder.ts';
import type { Schema } from '../../../../adapters/databento/dbn/enums.ts';
import type { AnyView, DbnRecord } from '../../../../adapters/databento/dbn/record.ts';
import { encodeRecord } from '../../../../adapters/databento/dbn/record-writer.ts';
import type { Resume } from '../../../../adapters/databento/live/resume.ts';

/** A record as a gateway has it. */
export interface SentRecord {
  readonly schema: Schema;
  readonly record: DbnRecord;
  /** The time by which replays are cut. */
  readonly indexNs: bigint;
  /** When the gateway sends it live. */
  readonly arrivalNs: bigint;
}

/** A session's beginning and end: how many records exist when it begins, and after how many sent ones it is cut. */
export interface Cut {
  readonly available: number;
  readonly sent: number;
}

/** Gives a record to a callback as a view. */
export function withView<T>(record: DbnRecord, use: (view: AnyView) => T): T {
  let result: T | undefined;
  new DbnDecoder({ fragment: true }).feed(encodeRecord(record), (view) => {
    result = use(view);
  });
  return result!;
}

/** The time at which a session begins when so many records exist: after the last of them. */
export function sessionStartNs(all: readonly SentRecord[], exist: number): bigint {
  return (all[exist - 1]?.arrivalNs ?? 0n) + 1n;
}

/**
 * What reaches a consumer of a gateway that has all records, in the order of their arrival, through sessions that are
 * cut: each replays what was asked for, schema by schema, and then goes on live. The last session is not cut.
 */
export function deliveredThrough(
  all: readonly SentRecord[],
  cuts: readonly Cut[],
  resume: Resume,
  subscriptions: readonly { readonly id: number; readonly schema: Schema }[],
): SentRecord[] {
  const delivered: SentRecord[] = [];
  let exist = 0;
  for (const [number, cut] of [...cuts, { available: all.length, sent: Number.POSITIVE_INFINITY }].entries()) {
    exist = Math.min(all.length, Math.max(exist, cut.available));
    const nowNs = sessionStartNs(all, exist);
    const plan = resume.plan(nowNs);
    resume.begin(plan, nowNs);
    let left = cut.sent;
    const send = (one: SentRecord): void => {
      left -= 1;
      if (left >= 0 && withView(one.record, (view) => resume.accept(view))) delivered.push(one);
    };
    for (const { id } of subscriptions) resume.acknowledged(id, nowNs);
    resume.heard(nowNs, true);
    for (const { id, schema } of subscriptions) {
      const start = plan.starts.get(id) ?? null;
      if (start === null) continue;
      for (const one of all.slice(0, exist)) {
        if (one.schema === schema && one.indexNs >= start) send(one);
      }
      if (left > 0) resume.replayCompleted(schema, number);
    }
    for (const one of all.slice(exist)) {
      send(one);
      if (left >= 0) exist += 1;
    }
    resume.end(number);
  }
  return delivered;
}
