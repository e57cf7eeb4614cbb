import { DatabentoError, type DatabentoErrorCode, type DatabentoErrorDetails } from '../errors.ts';

const MESSAGE_CHARS_MAX = 500;

/** A refusal by the historical API. */
export class ApiError extends DatabentoError {
  /** The API's word for what is wrong, such as `data_end_after_available_end`; null when it gave none. */
  readonly apiCase: string | null;
  /** Page of the API's documentation; null when it named none. */
  readonly docs: string | null;
  /** How long the API asks to wait before the next try; null when it does not say. */
  readonly retryAfterMs: number | null;

  constructor(code: DatabentoErrorCode, message: string, details: ApiErrorDetails) {
    super(code, message, details);
    this.name = 'ApiError';
    this.apiCase = details.apiCase;
    this.docs = details.docs;
    this.retryAfterMs = details.retryAfterMs;
  }
}

interface ApiErrorDetails extends DatabentoErrorDetails {
  readonly apiCase: string | null;
  readonly docs: string | null;
  readonly retryAfterMs: number | null;
}

/** An answer that is not a success. */
export interface Refusal {
  /** Such as `metadata.get_cost`. */
  readonly call: string;
  readonly status: number;
  readonly requestId: string | null;
  /** The header, which counts seconds. */
  readonly retryAfter: string | null;
  /** The body, or its beginning, without secrets. */
  readonly text: string;
}

/** The error that a refusal is. Those of kind `transient` may be tried again. */
export function apiError({ call, status, requestId, retryAfter, text }: Refusal): ApiError {
  const { apiCase, message, docs } = detailOf(text);
  const said = [apiCase, message].filter((part) => part !== null && part !== '').join(': ');
  const notes = [requestId === null ? [] : `request ${requestId}`, docs === null ? [] : `see ${docs}`].flat();
  const parts = [`${call} was refused with status ${status}`, said === '' ? [] : said, remedyOf(status, apiCase)];
  return new ApiError(codeOf(status), parts.flat().join('; ') + (notes.length === 0 ? '' : ` (${notes.join(', ')})`), {
    status,
    ...(requestId === null ? {} : { requestId }),
    apiCase,
    docs,
    retryAfterMs: retryAfterMsOf(status, retryAfter),
  });
}

interface Detail {
  readonly apiCase: string | null;
  readonly message: string;
  readonly docs: string | null;
}

/** The API says what is wrong as text or as an object; what stands in front of it may answer with anything. */
function detailOf(text: string): Detail {
  const bare = { apiCase: null, message: cut(text), docs: null };
  try {
    const detail = (JSON.parse(text) as { detail?: unknown } | null)?.detail;
    if (typeof detail === 'string') return { ...bare, message: cut(detail) };
    if (typeof detail !== 'object' || detail === null) return bare;
    const { case: apiCase, message, docs } = detail as Record<string, unknown>;
    return {
      apiCase: typeof apiCase === 'string' ? cut(apiCase) : null,
      message: typeof message === 'string' ? cut(message) : cut(JSON.stringify(detail)),
      docs: typeof docs === 'string' ? cut(docs) : null,
    };
  } catch {
    return bare;
  }
}

/** One line of bounded length. */
function cut(text: string): string {
  const line = text.replace(/[\s\p{Cc}]+/gu, ' ').trim();
  return line.length > MESSAGE_CHARS_MAX ? `${line.slice(0, MESSAGE_CHARS_MAX)}...` : line;
}

function codeOf(status: number): DatabentoErrorCode {
  if (status === 401) return 'auth';
  if (isTransient(status)) return 'connection';
  return status >= 400 && status < 500 ? 'refused' : 'protocol';
}

/** Too many requests, a request that the API did not get in time, or its own fault. */
function isTransient(status: number): boolean {
  return status === 429 || status === 408 || status >= 500;
}

const remedies: Readonly<Record<number, string>> = {
  401: 'check the API key',
  402: 'the account has no credit for this; add credit or a plan in the portal',
  403: 'the account has no licence for this; add one in the portal, or end the range at least 24 hours ago',
  404: 'there is no such call or dataset at this address; check both',
  408: 'try again later',
  413: 'ask for less at a time',
  422: 'correct the parameters',
  429: 'send fewer requests at a time',
};

function remedyOf(status: number, apiCase: string | null): string {
  if (apiCase === 'data_end_after_available_end')
    return 'end the range earlier; metadata.clampRange gives the latest end';
  if (apiCase === 'symbology_invalid_request') return 'check symbols, stypes and that the days are trading days';
  if (status >= 300 && status < 400) return 'redirects are not followed, because the key would follow; check baseUrl';
  return remedies[status] ?? (status >= 500 ? 'the fault is on the other side; try again later' : 'see the message');
}

/** Seconds, as the API sends them; the HTTP date that the header may also be is taken as one second. */
function retryAfterMsOf(status: number, header: string | null): number | null {
  if (header !== null && /^\d{1,6}$/.test(header.trim())) return Number(header) * 1_000;
  return status === 429 ? 1_000 : null;
}
