import { decompressZstd } from '../dbn/zstd-frames.ts';
import { DatabentoError } from '../errors.ts';
import type { HistoricalHttp } from './http.ts';
import type { Form, RangeQuery } from './parameters.ts';
import type { RangeProgress, RangeReceiver } from './range-receiver.ts';
import { isTransient, type RetryPolicy, waitMs } from './retry.ts';

/** What getting a range needs. */
export interface RangePorts {
  readonly http: HistoricalHttp;
  readonly retry: RetryPolicy;
  /** Throws when the quoted cost of a request is above the limit; called before every request that will be billed. */
  readonly checkCost: (form: Form) => Promise<void>;
  readonly signal?: AbortSignal;
}

/** The parameters of the request for what is left of a range, as those of get_cost and get_record_count. */
export function restForm({ form, limit, endNs }: RangeQuery, progress: RangeProgress | null): Form {
  if (progress === null || progress.cutNs === null) return form;
  const end = endNs ?? progress.endNs;
  if (end === null) {
    throw new DatabentoError('usage', 'a range whose end neither the request nor the answer names cannot be resumed');
  }
  const atCut = Object.values(progress.atCut).reduce((sum, count) => sum + count, 0);
  return {
    ...form,
    start: progress.cutNs.toString(),
    end: form.end ?? end.toString(),
    ...(limit === null ? {} : { limit: String(limit - progress.records + atCut) }),
  };
}

/**
 * The plain DBN of a range: its header, then whole records, in lists of pieces. When an answer breaks off, what is left
 * is asked for from the last record's time on, after its cost was checked again; that goes on for as long as records
 * keep coming. `receiver` knows where it stands whenever a list was given; one that has received before continues.
 */
export async function* rangePieces(
  query: RangeQuery,
  receiver: RangeReceiver,
  ports: RangePorts,
): AsyncGenerator<readonly Uint8Array[], void, undefined> {
  for (let attempt = 1; ; attempt++) {
    const form = restForm(query, receiver.progress());
    await ports.checkCost(form);
    const body = await ports.http.stream(rangeCall(form, ports.signal));
    const recordsBefore = receiver.records;
    receiver.begin();
    try {
      for await (const plain of decompressZstd(body)) yield receiver.receive(plain);
      receiver.finish();
      return;
    } catch (error) {
      if (receiver.records > recordsBefore) attempt = 1;
      if (!isInterruption(error) || !receiver.isResumable || attempt >= ports.retry.attemptsMax) throw error;
      await ports.retry.sleep(waitMs(ports.retry, attempt, error), ports.signal);
    }
  }
}

function rangeCall(form: Form, signal: AbortSignal | undefined) {
  return {
    method: 'POST' as const,
    name: 'timeseries.get_range',
    form: { ...form, encoding: 'dbn', compression: 'zstd' },
    ...(signal === undefined ? {} : { signal }),
  };
}

/** A connection that failed, or a body that ended before its zstd frame or its last record did. */
function isInterruption(error: unknown): boolean {
  return isTransient(error) || (error instanceof DatabentoError && error.code === 'truncated');
}
