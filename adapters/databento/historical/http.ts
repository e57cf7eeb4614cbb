import { Agent, type Dispatcher } from 'undici';
import { DatabentoError } from '../errors.ts';
import { apiError } from './api-error.ts';
import type { Form } from './parameters.ts';
import { type RetryPolicy, retrying } from './retry.ts';

/** Bounds on waiting; a stream as a whole has none. */
export interface HttpTimeouts {
  /** Name lookup, TCP and TLS together. */
  readonly connectTimeoutMs: number;
  /** From the request to the end of the response's headers. */
  readonly headersTimeoutMs: number;
  /** Silence between two pieces of a response; time in which nobody reads does not count. */
  readonly bodyTimeoutMs: number;
}

export interface HttpOptions {
  readonly key: string;
  readonly baseUrl: string;
  readonly userAgent: string;
  readonly timeouts: HttpTimeouts;
  readonly retry: RetryPolicy;
  readonly onWarning: (warning: string) => void;
}

/** One call. GET sends the form as a query, POST as a body. */
export interface Call {
  readonly method: 'GET' | 'POST';
  /** Such as `metadata.get_cost`. */
  readonly name: string;
  readonly form: Form;
  readonly signal?: AbortSignal;
}

export interface JsonAnswer {
  readonly json: unknown;
  readonly requestId?: string;
}

const JSON_BYTES_MAX = 64 * 1024 * 1024;
const REFUSAL_BYTES_MAX = 16 * 1024;

/** The historical API over HTTP: who we are, how long we wait, what is tried again. The key leaves it in one header. */
export class HistoricalHttp {
  readonly #options: HttpOptions;
  readonly #agent: Agent;
  readonly #secrets: readonly string[];
  readonly #authorization: string;
  readonly #base: URL;

  constructor(options: HttpOptions) {
    const { key, timeouts } = options;
    this.#base = checkedBase(options.baseUrl);
    checkKey(key);
    this.#options = options;
    const credentials = Buffer.from(`${key}:`).toString('base64');
    this.#authorization = `Basic ${credentials}`;
    this.#secrets = [credentials, key];
    this.#agent = new Agent({
      connect: { timeout: timeouts.connectTimeoutMs },
      headersTimeout: timeouts.headersTimeoutMs,
      bodyTimeout: timeouts.bodyTimeoutMs,
      allowH2: false,
    });
  }

  /** Calls and reads the whole answer as JSON, trying again as the retry policy says. For calls that cost nothing. */
  json(call: Call): Promise<JsonAnswer> {
    return retrying(this.#options.retry, call.signal, async () => {
      const response = await this.#request(call, 'application/json');
      const text = await this.#text(call, response, JSON_BYTES_MAX);
      const requestId = headerOf(response, 'request-id');
      try {
        return { json: JSON.parse(text) as unknown, ...(requestId === null ? {} : { requestId }) };
      } catch (cause) {
        throw new DatabentoError('protocol', `the answer of ${call.name} is not JSON; check baseUrl`, { cause });
      }
    });
  }

  /**
   * Calls and hands over the body as it comes. Tried again only as long as nothing of it has come; a body that breaks
   * off throws code `connection`. Whoever stops reading ends the request.
   */
  async stream(call: Call): Promise<AsyncIterable<Uint8Array>> {
    const response = await retrying(this.#options.retry, call.signal, () =>
      this.#request(call, 'application/octet-stream'),
    );
    return this.#body(call, response);
  }

  /** Ends what is under way with an error, and every connection. */
  async close(): Promise<void> {
    await this.#agent.destroy(new DatabentoError('usage', 'the client was closed'));
  }

  async #request({ method, name, form, signal }: Call, accept: string): Promise<Dispatcher.ResponseData> {
    const encoded = new URLSearchParams(form).toString();
    const isPost = method === 'POST';
    const query = isPost || encoded === '' ? '' : `?${encoded}`;
    let response: Dispatcher.ResponseData;
    try {
      response = await this.#agent.request({
        origin: this.#base.origin,
        path: `${this.#base.pathname}v0/${name}${query}`,
        method,
        headers: {
          authorization: this.#authorization,
          accept,
          'user-agent': this.#options.userAgent,
          ...(isPost ? { 'content-type': 'application/x-www-form-urlencoded' } : {}),
        },
        ...(isPost ? { body: encoded } : {}),
        ...(signal === undefined ? {} : { signal }),
      });
    } catch (error) {
      throw this.#connectionError(name, error, signal);
    }
    this.#warn(headerOf(response, 'x-warning'));
    if (response.statusCode >= 200 && response.statusCode < 300) return response;
    throw apiError({
      call: name,
      status: response.statusCode,
      requestId: headerOf(response, 'request-id'),
      retryAfter: headerOf(response, 'retry-after'),
      text: this.#redacted(await this.#beginning(response)),
    });
  }

  async *#body(call: Call, response: Dispatcher.ResponseData): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      yield* response.body as AsyncIterable<Uint8Array>;
    } catch (error) {
      throw this.#connectionError(call.name, error, call.signal);
    } finally {
      response.body.on('error', () => undefined).destroy();
    }
  }

  async #text(call: Call, response: Dispatcher.ResponseData, bytesMax: number): Promise<string> {
    const pieces: Uint8Array[] = [];
    let bytes = 0;
    for await (const piece of this.#body(call, response)) {
      bytes += piece.length;
      if (bytes > bytesMax) {
        throw new DatabentoError(
          'protocol',
          `the answer of ${call.name} is larger than ${bytesMax} bytes; ask for less`,
        );
      }
      pieces.push(piece);
    }
    return Buffer.concat(pieces).toString('utf8');
  }

  /** The beginning of a refusal; what cannot be read of it is not missed. */
  async #beginning(response: Dispatcher.ResponseData): Promise<string> {
    const pieces: Uint8Array[] = [];
    let bytes = 0;
    try {
      for await (const piece of response.body as AsyncIterable<Uint8Array>) {
        pieces.push(piece);
        bytes += piece.length;
        if (bytes >= REFUSAL_BYTES_MAX) break;
      }
    } catch {
      // The status says what matters.
    }
    return Buffer.concat(pieces).toString('utf8', 0, REFUSAL_BYTES_MAX);
  }

  /** Warnings come as a JSON array of texts; whatever else comes is passed on as it is. */
  #warn(header: string | null): void {
    if (header === null) return;
    for (const warning of warningsOf(header)) this.#options.onWarning(this.#redacted(warning));
  }

  #redacted(text: string): string {
    return this.#secrets.reduce((rest, secret) => rest.replaceAll(secret, '***'), text);
  }

  #connectionError(name: string, error: unknown, signal: AbortSignal | undefined): unknown {
    if (error instanceof DatabentoError) return error;
    // The caller's own reason, as every function that takes a signal throws it.
    if (signal?.aborted) return signal.reason;
    const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
    const reason = typeof code === 'string' ? code : String(message ?? error);
    return new DatabentoError('connection', `${name}: the connection failed (${this.#redacted(reason)}); try again`, {
      cause: error,
    });
  }
}

function headerOf(response: Dispatcher.ResponseData, name: string): string | null {
  const value = response.headers[name];
  return (Array.isArray(value) ? value[0] : value) ?? null;
}

function warningsOf(header: string): readonly string[] {
  try {
    const warnings: unknown = JSON.parse(header);
    if (Array.isArray(warnings)) return warnings.map(String);
  } catch {
    // Not JSON.
  }
  return [header];
}

/** Plain HTTP only to this machine: the key goes with every request. */
function checkedBase(baseUrl: string): URL {
  const url = URL.parse(baseUrl);
  const isLocal = url !== null && ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname);
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLocal);
  if (url === null || !isSafe || url.username !== '' || url.search !== '' || url.hash !== '') {
    throw new DatabentoError(
      'usage',
      'baseUrl is no https address without credentials and query; plain http is for this machine',
    );
  }
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return url;
}

function checkKey(key: string): void {
  if (typeof key === 'string' && /^[\x21-\x39\x3b-\x7e]{8,100}$/.test(key)) return;
  throw new DatabentoError('usage', 'the API key is no key: it has 32 characters and begins with db-');
}
