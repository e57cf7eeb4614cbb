import { type DbnStream, openDbn } from '../dbn/stream.ts';
import { DatabentoError } from '../errors.ts';
import { costAnswer, readAnswer } from './answers.ts';
import type { HistoricalHttp } from './http.ts';
import { type Form, type RangeRequest, rangeQuery } from './parameters.ts';
import { type RangePorts, rangePieces } from './range.ts';
import { type RangeFile, receiveToFile } from './range-file.ts';
import { RangeReceiver } from './range-receiver.ts';
import type { RetryPolicy } from './retry.ts';

/** What a billed call may cost, and what ends it. */
export interface BilledOptions {
  /** Most dollars for this call; default what the client allows. */
  readonly maxUsd?: number;
  readonly signal?: AbortSignal;
}

export interface RangeFileOptions extends BilledOptions {
  /** Plain bytes between two checkpoints, which a killed process may have to get again; default 4 MiB. */
  readonly checkpointBytes?: number;
}

const CHECKPOINT_BYTES = 4 * 1024 * 1024;

/** The time series calls. They are billed: each request is quoted by `metadata.get_cost` before it is sent. */
export class Timeseries {
  readonly #http: HistoricalHttp;
  readonly #retry: RetryPolicy;
  readonly #maxUsd: number | undefined;

  constructor(http: HistoricalHttp, retry: RetryPolicy, maxUsd: number | undefined) {
    if (maxUsd !== undefined) checkLimit(maxUsd);
    this.#http = http;
    this.#retry = retry;
    this.#maxUsd = maxUsd;
  }

  /**
   * Records of a range, to be read once, as they come. An answer that breaks off is continued where it stopped, each
   * record once. Throws code `cost` when the quote is above `maxUsd`, or above 0 when there is no limit.
   */
  async getRange(request: RangeRequest, options: BilledOptions = {}): Promise<DbnStream> {
    const query = rangeQuery(request);
    const pieces = rangePieces(query, new RangeReceiver(), this.#ports(options));
    return await openDbn(flat(pieces));
  }

  /**
   * The range as a zstd DBN file that appears at `path` when it is complete; a file that is there is not replaced. What
   * a failed or killed call has left in `path.part` and `path.part.json` is not paid for again: the same request to the
   * same path goes on from there. Throws as `getRange` does.
   */
  getRangeToFile(request: RangeRequest, path: string, options: RangeFileOptions = {}): Promise<RangeFile> {
    const { checkpointBytes = CHECKPOINT_BYTES } = options;
    return receiveToFile(rangeQuery(request), this.#ports(options), { path, checkpointBytes });
  }

  #ports({ maxUsd = this.#maxUsd, signal }: BilledOptions): RangePorts {
    if (maxUsd !== undefined) checkLimit(maxUsd);
    return {
      http: this.#http,
      retry: this.#retry,
      checkCost: (form) => this.#checkCost(form, maxUsd, signal),
      ...(signal === undefined ? {} : { signal }),
    };
  }

  async #checkCost(form: Form, maxUsd: number | undefined, signal: AbortSignal | undefined): Promise<void> {
    const name = 'metadata.get_cost';
    const answer = await this.#http.json({ method: 'POST', name, form, ...(signal === undefined ? {} : { signal }) });
    const quotedUsd = readAnswer(name, costAnswer, answer);
    if (quotedUsd <= (maxUsd ?? 0)) return;
    const range = `${form.schema} of ${form.dataset} from ${form.start}`;
    const limit = maxUsd === undefined ? 'no maxUsd allows it' : `maxUsd is $${maxUsd}`;
    throw new DatabentoError(
      'cost',
      `${range} is quoted at $${quotedUsd} and ${limit}; nothing was requested: ask for less or set maxUsd higher`,
    );
  }
}

async function* flat(pieces: AsyncIterable<readonly Uint8Array[]>): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const list of pieces) yield* list;
}

function checkLimit(maxUsd: number): void {
  if (Number.isFinite(maxUsd) && maxUsd >= 0) return;
  throw new DatabentoError('usage', `maxUsd ${maxUsd} is no limit; give dollars, at least 0`);
}
