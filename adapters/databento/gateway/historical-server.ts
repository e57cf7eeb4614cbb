import { createHash, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type BodyFault, flushedZstd, sendBody } from './historical-body.ts';
import { type Answer, answerCall } from './historical-calls.ts';
import type { Parameters } from './historical-query.ts';
import { Refusal, refusal } from './historical-refusal.ts';
import { DatedSymbols } from './historical-symbols.ts';
import type { GatewaySource } from './source.ts';

/** A request as it came, told to whoever chooses faults. */
export interface HistoricalCall {
  /** Such as `timeseries.get_range`. */
  readonly name: string;
  readonly parameters: Parameters;
  /** Counts all requests from 1. */
  readonly count: number;
}

/** What goes wrong with an answer. */
export interface HistoricalFault {
  /** Answers with this status instead, and with `body` or a JSON detail. */
  readonly status?: number;
  readonly body?: string;
  /** More headers, such as `retry-after` and `location`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent along in `X-Warning`. */
  readonly warnings?: readonly string[];
  /** Where the body stops short, in bytes as they are sent. */
  readonly cut?: BodyFault;
}

export interface HistoricalServerOptions {
  readonly source: GatewaySource;
  /** API keys that are let in. */
  readonly keys: readonly string[];
  /** 0 for any that is free. */
  readonly port: number;
  /** Default `127.0.0.1`. */
  readonly host?: string;
  /** The time of the market, nanoseconds since the epoch; nothing later is served. */
  readonly now: () => bigint;
  /** Whether something is missing of a UTC day, `2026-01-05`, that has records; by default of none. */
  readonly isDegraded?: (date: string) => boolean;
  /** By how much history lags the market; default 0. */
  readonly delayNs?: bigint;
  /** Price of every schema; default 1. */
  readonly usdPerGigabyte?: number;
  /** Most plain bytes after which a compressed stream is flushed; default 64 KiB. */
  readonly flushBytes?: number;
  /** Chooses what goes wrong; nothing by default. */
  readonly fault?: (call: HistoricalCall) => HistoricalFault | null;
  /** Key and certificate in PEM, to speak HTTPS, which official clients insist on. */
  readonly tls?: { readonly key: string | Buffer; readonly cert: string | Buffer };
}

/** A server that runs. */
export interface HistoricalServer {
  /** Base address for clients. */
  readonly url: string;
  readonly port: number;
  /** Breaks off what is under way and frees the port. */
  close(): Promise<void>;
}

const PATH = /^\/v0\/([a-z_]+\.[a-z_]+)$/;
const BODY_BYTES_MAX = 1024 * 1024;
const FLUSH_BYTES = 64 * 1024;

/**
 * Starts the historical API over a source: the calls under `/v0/` that the official clients make, as POST forms or GET
 * queries, with Basic authentication, request ids that count up, and refusals in the API's words.
 */
export async function startHistoricalServer(options: HistoricalServerOptions): Promise<HistoricalServer> {
  const { port, host = '127.0.0.1', tls } = options;
  const listener = makeListener(options);
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  server.listen(port, host);
  await once(server, 'listening');
  const address = server.address() as AddressInfo;
  const shownHost = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return {
    url: `${tls === undefined ? 'http' : 'https'}://${shownHost}:${address.port}`,
    port: address.port,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function makeListener(options: HistoricalServerOptions): RequestListener {
  const { source, delayNs = 0n, usdPerGigabyte = 1, flushBytes = FLUSH_BYTES, isDegraded = () => false } = options;
  const symbols = new DatedSymbols(source);
  const keyDigests = options.keys.map(digestOf);
  let count = 0;
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    count += 1;
    response.setHeader('request-id', `sim-${String(count).padStart(8, '0')}`);
    const url = new URL(request.url ?? '/', 'http://server');
    const name = PATH.exec(url.pathname)?.[1];
    if (name === undefined) throw new Refusal(404, 'Not Found');
    if (!isLetIn(request.headers.authorization, keyDigests)) {
      throw refusal(401, 'auth_authentication_failed', 'Authentication failed.');
    }
    const parameters = await readParameters(request, url);
    const fault = options.fault?.({ name, parameters, count }) ?? null;
    if (sendFault(response, fault)) return;
    const nowNs = options.now() - delayNs;
    const answered = await answerCall(name, { source, symbols, nowNs, usdPerGigabyte, isDegraded }, parameters);
    await send(response, answered, { flushBytes, cut: fault?.cut ?? null });
  };
  return (request, response) => {
    response.on('error', () => undefined);
    answer(request, response).catch((error: unknown) => refuse(response, error));
  };
}

async function send(
  response: ServerResponse,
  answer: Answer,
  { flushBytes, cut }: { readonly flushBytes: number; readonly cut: BodyFault | null },
): Promise<void> {
  if (answer.kind === 'json') return sendJson(response, 200, answer.json);
  response.writeHead(200, { 'content-type': 'application/octet-stream' }).flushHeaders();
  const { chunks, compression } = answer;
  await sendBody(response, compression === 'zstd' ? flushedZstd(chunks, flushBytes) : chunks, cut);
}

function sendJson(response: ServerResponse, status: number, json: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json));
}

/** Adds the headers of a fault; true when it has answered the request as well. */
function sendFault(response: ServerResponse, fault: HistoricalFault | null): boolean {
  if (fault === null) return false;
  for (const [name, value] of Object.entries(fault.headers ?? {})) response.setHeader(name, value);
  if (fault.warnings !== undefined) response.setHeader('x-warning', JSON.stringify(fault.warnings));
  const { status, body } = fault;
  if (status === undefined) return false;
  if (body === undefined) sendJson(response, status, { detail: `Status ${status} on request.` });
  else response.writeHead(status).end(body);
  return true;
}

/** A failure in the middle of a body can only be told by breaking the connection off. */
function refuse(response: ServerResponse, error: unknown): void {
  if (response.headersSent) response.destroy();
  else if (error instanceof Refusal) sendJson(response, error.status, { detail: error.detail });
  else {
    sendJson(response, 500, { detail: { case: 'internal_error', message: String(error), status_code: 500, docs: '' } });
  }
}

/** The user is the key, the password empty. Digests of equal length are compared in constant time. */
function isLetIn(header: string | undefined, keyDigests: readonly Buffer[]): boolean {
  const encoded = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(header ?? '')?.[1];
  if (encoded === undefined) return false;
  const credentials = Buffer.from(encoded, 'base64').toString('utf8');
  if (!credentials.endsWith(':')) return false;
  const digest = digestOf(credentials.slice(0, -1));
  return keyDigests.some((known) => timingSafeEqual(known, digest));
}

function digestOf(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}

async function readParameters(request: IncomingMessage, url: URL): Promise<Parameters> {
  if (request.method === 'GET') return new Map(url.searchParams);
  if (request.method !== 'POST') throw new Refusal(405, 'Method Not Allowed');
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > BODY_BYTES_MAX) throw new Refusal(413, 'Request Entity Too Large');
    pieces.push(piece);
  }
  return new Map([...url.searchParams, ...new URLSearchParams(Buffer.concat(pieces).toString('utf8'))]);
}
