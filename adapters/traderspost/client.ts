import type { Socket } from 'node:net';
import { buildConnector, Client } from 'undici';
import type { Outcome } from '#core/execution/outcome.ts';
import type { OrderRoute } from '#core/ports.ts';
import { type Attempt, classifyAttempt } from './classify.ts';
import { buildPayload } from './payload.ts';
import { parseWebhook, type Webhook } from './webhook.ts';

/** How to reach one account's webhook. */
export interface TradersPostOptions {
  /** The secret URL, asked for once per attempt. Cache it: an attempt may start only 5 s after its claim. */
  readonly webhookUrl: () => Promise<string> | string;
  /** Bound on name lookup, TCP and TLS together; default 2,000. */
  readonly connectTimeoutMs?: number;
  /** Bound from the request to the end of the response headers; default 8,000. */
  readonly headersTimeoutMs?: number;
  /** Bound on the silence between two pieces of the response body, and its share of the total; default 2,000. */
  readonly bodyTimeoutMs?: number;
}

type Timeouts = Required<Omit<TradersPostOptions, 'webhookUrl'>>;

const RESPONSE_BYTES_MAX = 64 * 1024;
const MESSAGE_CHARS_MAX = 300;

/**
 * The route to one TradersPost webhook: one POST per order on a connection of its own, never repeated, no redirect
 * followed. An attempt ends within the sum of its three timeouts. Nothing it returns contains the address.
 */
export function tradersPostRoute(options: TradersPostOptions): OrderRoute {
  const { webhookUrl, connectTimeoutMs = 2_000, headersTimeoutMs = 8_000, bodyTimeoutMs = 2_000 } = options;
  const timeouts = { connectTimeoutMs, headersTimeoutMs, bodyTimeoutMs };
  return {
    async send(order) {
      const built = buildPayload(order);
      if (!built.ok) return { kind: 'not-sent', reason: built.reason };
      const webhook = await readWebhook(webhookUrl);
      if (typeof webhook === 'string') return { kind: 'not-sent', reason: webhook };
      const attempt = await post(webhook, JSON.stringify(built.payload), timeouts);
      return withoutSecret(classifyAttempt(attempt), webhook);
    },
  };
}

/** The webhook, or why there is none. Of an error only the name is told: its message may quote the secret. */
async function readWebhook(webhookUrl: TradersPostOptions['webhookUrl']): Promise<Webhook | string> {
  try {
    const webhook = parseWebhook(await webhookUrl());
    return (
      webhook ??
      'the webhook secret is not a URL like https://webhooks.traderspost.io/trading/webhook/{uuid}/{password}'
    );
  } catch (error) {
    return `the webhook secret could not be read (${nameOf(error)})`;
  }
}

/** Posts once. What counts as sent is asked of the one socket that was opened, not guessed from the kind of error. */
async function post(webhook: Webhook, body: string, timeouts: Timeouts): Promise<Attempt> {
  const { connectTimeoutMs, headersTimeoutMs, bodyTimeoutMs } = timeouts;
  const connector = buildConnector({ timeout: connectTimeoutMs, allowH2: false, maxCachedSessions: 0 });
  const connection: { isOpened: boolean; socket: Socket | null } = { isOpened: false, socket: null };
  const client = new Client(webhook.origin, {
    connect(target, callback) {
      // The client would open another connection if the first one died unused; one attempt is one connection.
      if (connection.isOpened) return callback(new Error('one connection per attempt'), null);
      connection.isOpened = true;
      connector(target, (...result) => {
        connection.socket = result[1];
        callback(...result);
      });
    },
    allowH2: false,
    headersTimeout: headersTimeoutMs,
    bodyTimeout: bodyTimeoutMs,
    maxResponseSize: RESPONSE_BYTES_MAX,
  });
  try {
    const response = await client.request({
      method: 'POST',
      path: webhook.path,
      headers: { 'content-type': 'application/json' },
      body,
      reset: true,
      signal: AbortSignal.timeout(connectTimeoutMs + headersTimeoutMs + bodyTimeoutMs),
    });
    return { kind: 'reply', status: response.statusCode, text: await response.body.text() };
  } catch (error) {
    return { kind: 'failure', code: nameOf(error), bytesSent: connection.socket?.bytesWritten ?? 0 };
  } finally {
    await client.destroy();
  }
}

/** An error's code, else its name; nothing that could be a sentence. */
function nameOf(error: unknown): string {
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
  return [code, name].find((word) => typeof word === 'string' && /^[A-Za-z_]{1,60}$/.test(word))?.toString() ?? 'Error';
}

function withoutSecret(outcome: Outcome, { redact }: Webhook): Outcome {
  switch (outcome.kind) {
    case 'accepted':
      return { ...outcome, id: redact(outcome.id), logId: outcome.logId === null ? null : redact(outcome.logId) };
    case 'rejected':
      return { ...outcome, code: redact(outcome.code), message: redact(outcome.message).slice(0, MESSAGE_CHARS_MAX) };
    default:
      return { ...outcome, reason: redact(outcome.reason) };
  }
}
