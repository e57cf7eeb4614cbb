import { DAY_NS } from '../historical/times.ts';
import { marketTimeNs } from './historical-records.ts';
import type { GatewaySource } from './source.ts';

/** UTC days counted from the epoch, both inclusive, of which there are records by `nowNs`. */
export async function daysWithRecords(
  source: GatewaySource,
  { firstDay, lastDay, nowNs }: { readonly firstDay: number; readonly lastDay: number; readonly nowNs: bigint },
): Promise<ReadonlySet<number>> {
  const days = new Set<number>();
  // A daily bar becomes available when the next day has begun.
  const untilNs = BigInt(lastDay + 2) * DAY_NS;
  for await (const batch of source.records({ schemas: source.schemas, fromNs: BigInt(firstDay) * DAY_NS })) {
    const count = batch.indexAfter(nowNs < untilNs ? nowNs : untilNs);
    for (let index = 0; index < count; index++) {
      const timeNs = marketTimeNs(batch.view, batch.offsets[index]!);
      if (timeNs !== null) days.add(Number(timeNs / DAY_NS));
    }
    if (count < batch.length) break;
  }
  return days;
}
