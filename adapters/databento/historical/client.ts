import { setTimeout as sleep } from 'node:timers/promises';
import { HistoricalHttp, type HttpTimeouts } from './http.ts';
import { Metadata } from './metadata.ts';
import type { RetryPolicy } from './retry.ts';
import { Symbology } from './symbology.ts';
import { Timeseries } from './timeseries.ts';

export interface HistoricalOptions extends Partial<HttpTimeouts> {
  /** The API key: 32 characters that begin with `db-`. */
  readonly key: string;
  /** Default `https://hist.databento.com`. */
  readonly baseUrl?: string;
  /** Most dollars for one billed call; without it, and without one of the call's own, only free data is got. */
  readonly maxUsd?: number;
  /** Takes the warnings of the API, such as `DeprecationWarning: ...`; by default nobody does. */
  readonly onWarning?: (warning: string) => void;
  /** What to call ourselves to the API. */
  readonly userAgent?: string;
  /** Tries of one request, the first included; default 5. */
  readonly attemptsMax?: number;
  /** Uniform in [0, 1), for the waits between tries. */
  readonly random?: () => number;
  readonly clock?: { sleep(ms: number, signal?: AbortSignal): Promise<void> };
}

const BASE_URL = 'https://hist.databento.com';
const USER_AGENT = `Databento-TypeScript/0.1 Node/${process.versions.node}`;

/**
 * The historical API: `timeseries` is billed, `metadata` and `symbology` are free. Free calls, and billed ones of which
 * nothing has come yet, are tried again with growing random waits after failed connections, status 429 and status 5xx;
 * other refusals throw an `ApiError` at once. The key is in no error, and not among the fields of any object.
 */
export class HistoricalClient {
  readonly timeseries: Timeseries;
  readonly metadata: Metadata;
  readonly symbology: Symbology;
  readonly #http: HistoricalHttp;

  constructor(options: HistoricalOptions) {
    const { connectTimeoutMs = 10_000, headersTimeoutMs = 100_000, bodyTimeoutMs = 100_000 } = options;
    const retry: RetryPolicy = {
      attemptsMax: options.attemptsMax ?? 5,
      random: options.random ?? Math.random,
      sleep: options.clock === undefined ? wait : (ms, signal) => options.clock!.sleep(ms, signal),
    };
    this.#http = new HistoricalHttp({
      key: options.key,
      baseUrl: options.baseUrl ?? BASE_URL,
      userAgent: options.userAgent ?? USER_AGENT,
      timeouts: { connectTimeoutMs, headersTimeoutMs, bodyTimeoutMs },
      retry,
      onWarning: options.onWarning ?? (() => undefined),
    });
    this.timeseries = new Timeseries(this.#http, retry, options.maxUsd);
    this.metadata = new Metadata(this.#http);
    this.symbology = new Symbology(this.#http);
  }

  /** Ends what is under way, with an error, and closes every connection. */
  close(): Promise<void> {
    return this.#http.close();
  }
}

function wait(ms: number, signal?: AbortSignal): Promise<void> {
  return sleep(ms, undefined, signal === undefined ? {} : { signal });
}
