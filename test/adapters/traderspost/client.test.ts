import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { tradersPostRoute } from '#adapters/traderspost/client.ts';
import { messageCodes } from '#adapters/traderspost/message-codes.ts';
import { type Outcome, outcomeSchema } from '#core/execution/outcome.ts';
import { entryOrder } from '#test/core/execution/sample-orders.ts';

const uuid = '0f3c8a52-1111-4222-8333-444455556666';
const password = 'c0ffee00c0ffee00c0ffee00c0ffee00';
const secretPath = `/trading/webhook/${uuid}/${password}`;

const servers: Server[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => once(server.close(), 'close')));
});

async function listen(server: Server): Promise<string> {
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Serves every request; returns the host and the requests seen, bodies included. */
async function serve(respond: (request: IncomingMessage, response: ServerResponse) => void) {
  const requests: { request: IncomingMessage; body: string }[] = [];
  const server = createHttpServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      requests.push({ request, body: Buffer.concat(chunks).toString() });
      respond(request, response);
    });
  });
  return { host: await listen(server), requests };
}

/** Serves raw connections. */
async function serveTcp(onConnection: (socket: Socket) => void): Promise<string> {
  return await listen(
    createTcpServer((socket) => {
      socket.on('error', () => undefined);
      // Flowing, so that the end of the connection is noticed: a client that left it open would hang the clean-up.
      socket.resume();
      onConnection(socket);
    }),
  );
}

interface AttemptOptions {
  readonly scheme?: 'http' | 'https';
  readonly headersTimeoutMs?: number;
  readonly bodyTimeoutMs?: number;
}

/** One attempt with deadlines short enough for tests; undici's own timers are only good to a second. */
async function attempt(host: string, options: AttemptOptions = {}): Promise<Outcome> {
  const { scheme = 'http', headersTimeoutMs = 150, bodyTimeoutMs = 150 } = options;
  const route = tradersPostRoute({
    webhookUrl: () => `${scheme}://${host}${secretPath}`,
    connectTimeoutMs: 500,
    headersTimeoutMs,
    bodyTimeoutMs,
  });
  return await route.send(entryOrder());
}

async function attemptWith(status: number, body: string): Promise<Outcome> {
  const { host } = await serve((_, response) => response.writeHead(status).end(body));
  return await attempt(host);
}

const refusal = (messageCode: string, message = 'no') => JSON.stringify({ success: false, messageCode, message });

describe('an answer', () => {
  test('of 200 with success and ids is accepted, and the one request is strict JSON on its own connection', async () => {
    const { host, requests } = await serve((_, response) =>
      response.end(JSON.stringify({ success: true, id: 'i-1', logId: 'l-1', payload: {} })),
    );
    expect(await attempt(host)).toEqual({ kind: 'accepted', id: 'i-1', logId: 'l-1' });
    expect(await attempt(host)).toMatchObject({ kind: 'accepted' });
    expect(requests).toHaveLength(2);
    for (const { request, body } of requests) {
      expect(request).toMatchObject({ method: 'POST', url: secretPath });
      expect(request.headers).toMatchObject({ 'content-type': 'application/json', connection: 'close' });
      expect(JSON.parse(body)).toMatchObject({ ticker: 'MESZ2026', action: 'buy' });
    }
    expect(new Set(requests.map(({ request }) => request.socket)).size).toBe(2);
  });

  test('of 200 without a log id is accepted', async () => {
    expect(await attemptWith(200, '{"success":true,"id":"i-1"}')).toEqual({ kind: 'accepted', id: 'i-1', logId: null });
  });

  test.each([
    '',
    'OK',
    '{"success":true,"id":',
    '{"success":false}',
    '{"success":true}',
    '{"success":true,"id":""}',
    '[]',
    'null',
  ])('of 200 with the body %j is unknown', async (body) => {
    expect(await attemptWith(200, body)).toEqual({ kind: 'unknown', reason: 'status 200 without success and id' });
  });

  test.each(Object.entries(messageCodes).map(([family, codes]) => ({ family, code: codes[0] })))(
    'of 400 with $code is a refusal of the family $family',
    async ({ family, code }) => {
      expect(await attemptWith(400, refusal(code))).toEqual({ kind: 'rejected', family, code, message: 'no' });
    },
  );

  test('of 404 with the documented body is a refusal of the configuration', async () => {
    expect(await attemptWith(404, refusal('not-found'))).toMatchObject({ kind: 'rejected', family: 'CONFIG' });
  });

  test('of 429 with the documented body is a refusal by rate', async () => {
    expect(await attemptWith(429, refusal('too-many-requests'))).toMatchObject({ kind: 'rejected', family: 'RATE' });
  });

  test.each([400, 403, 404, 408, 422, 429])('of %s with the page of a proxy is unknown', async (status) => {
    expect(await attemptWith(status, '<html>blocked</html>')).toMatchObject({ kind: 'unknown' });
  });

  test.each([401, 403, 409])('of %s is unknown even with a documented body, as the status is not', async (status) => {
    expect(await attemptWith(status, refusal('invalid-password'))).toMatchObject({ kind: 'unknown' });
  });

  test.each([500, 502, 503, 504])('of %s is unknown whatever it says', async (status) => {
    expect(await attemptWith(status, '{"success":true,"id":"i-1","logId":"l-1"}')).toEqual({
      kind: 'unknown',
      reason: `status ${status}`,
    });
  });

  test.each([301, 302, 307, 308])('of %s is unknown, and the redirect is not followed', async (status) => {
    const { host, requests } = await serve((_, response) => response.writeHead(status, { location: secretPath }).end());
    expect(await attempt(host)).toEqual({ kind: 'unknown', reason: `status ${status}` });
    expect(requests).toHaveLength(1);
  });

  test('longer than any documented one is unknown', async () => {
    expect(await attemptWith(200, JSON.stringify({ success: true, id: 'i-1', payload: 'x'.repeat(100_000) }))).toEqual({
      kind: 'unknown',
      reason: 'connection lost after sending (UND_ERR_RES_EXCEEDED_MAX_SIZE)',
    });
  });
});

describe('no answer', () => {
  test('because the name does not resolve: not sent', async () => {
    const outcome = await attempt('webhooks.traderspost.invalid', { scheme: 'https' });
    expect(outcome).toMatchObject({ kind: 'not-sent', reason: expect.stringMatching(/ENOTFOUND|EAI_AGAIN/) });
  });

  test('because nobody listens: not sent', async () => {
    const server = createTcpServer();
    const host = await listen(server);
    await once(servers.splice(0)[0]?.close() ?? server, 'close');
    expect(await attempt(host)).toEqual({ kind: 'not-sent', reason: 'no connection (ECONNREFUSED)' });
  });

  test('because the other side does not speak TLS: not sent', async () => {
    const host = await serveTcp((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    expect(await attempt(host, { scheme: 'https' })).toMatchObject({ kind: 'not-sent' });
  });

  test('because the TLS handshake never ends: not sent, within the connect timeout', async () => {
    const host = await serveTcp(() => undefined);
    expect(await attempt(host, { scheme: 'https' })).toEqual({
      kind: 'not-sent',
      reason: 'no connection (UND_ERR_CONNECT_TIMEOUT)',
    });
  });

  test('in time for the headers: unknown', async () => {
    const { host } = await serve(() => undefined);
    expect(await attempt(host, { bodyTimeoutMs: 5_000 })).toEqual({
      kind: 'unknown',
      reason: 'connection lost after sending (UND_ERR_HEADERS_TIMEOUT)',
    });
  });

  test('to the end of the body: unknown', async () => {
    const { host } = await serve((_, response) => response.writeHead(200).write('{"success":true,"id":"i-1"'));
    expect(await attempt(host, { headersTimeoutMs: 5_000 })).toEqual({
      kind: 'unknown',
      reason: 'connection lost after sending (UND_ERR_BODY_TIMEOUT)',
    });
  });

  test('because a body trickles past the total deadline: unknown', async () => {
    const { host } = await serve((_, response) => {
      const timer = setInterval(() => response.write(' '), 20);
      response.on('close', () => clearInterval(timer));
    });
    expect(await attempt(host)).toEqual({ kind: 'unknown', reason: 'connection lost after sending (TimeoutError)' });
  });

  test('because the connection is reset once the request has arrived: unknown, and it is sent once', async () => {
    let connections = 0;
    const host = await serveTcp((socket) => {
      connections += 1;
      socket.once('data', () => socket.resetAndDestroy());
    });
    expect(await attempt(host)).toMatchObject({ kind: 'unknown' });
    expect(connections).toBe(1);
  });

  test('because the connection is closed at once: one connection, and not sent only if no byte left', async () => {
    let connections = 0;
    let bytesReceived = 0;
    const host = await serveTcp((socket) => {
      connections += 1;
      socket.on('data', (bytes) => {
        bytesReceived += bytes.length;
      });
      socket.end();
    });
    const outcome = await attempt(host);
    expect(['unknown', 'not-sent']).toContain(outcome.kind);
    if (outcome.kind === 'not-sent') expect(bytesReceived).toBe(0);
    expect(connections).toBe(1);
  });
});

describe('nothing is sent', () => {
  test.each([
    ['the order cannot be a payload', entryOrder({ quantity: 0 })],
    ['the stop is on the wrong side', entryOrder({ brokerStopPrice: 7000 })],
  ])('when %s, and the secret is not even read', async (_, order) => {
    let reads = 0;
    const route = tradersPostRoute({
      webhookUrl: () => {
        reads += 1;
        return '';
      },
    });
    expect(await route.send(order)).toMatchObject({ kind: 'not-sent', reason: expect.stringContaining(order.orderId) });
    expect(reads).toBe(0);
  });

  test('when the secret is not a webhook URL, and the reason does not quote it', async () => {
    const route = tradersPostRoute({ webhookUrl: () => `webhooks.traderspost.io${secretPath}` });
    const outcome = await route.send(entryOrder());
    expect(outcome).toMatchObject({ kind: 'not-sent', reason: expect.stringContaining('is not a URL like') });
    expect(JSON.stringify(outcome)).not.toContain(password);
  });

  test('when the secret cannot be read, and the reason only names the error', async () => {
    const error = Object.assign(new Error(`denied for ${secretPath}`), { name: 'AccessDeniedException' });
    const route = tradersPostRoute({ webhookUrl: () => Promise.reject(error) });
    expect(await route.send(entryOrder())).toEqual({
      kind: 'not-sent',
      reason: 'the webhook secret could not be read (AccessDeniedException)',
    });
  });
});

test('no outcome contains any part of the secret, whatever the other side says', async () => {
  const piece = fc.constantFrom(
    uuid,
    password,
    secretPath,
    `http://127.0.0.1${secretPath}`,
    'said',
    ' ',
    'x'.repeat(280),
  );
  const text = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(''));
  const answers = fc.record({
    status: fc.constantFrom(200, 302, 400, 404, 429, 500),
    success: fc.boolean(),
    id: text,
    logId: text,
    messageCode: text,
    message: text,
  });
  let answer = { status: 200, body: '' };
  const { host } = await serve((_, response) =>
    response.writeHead(answer.status, { location: secretPath }).end(answer.body),
  );
  await fc.assert(
    fc.asyncProperty(answers, async ({ status, ...body }) => {
      // Escaped letter by letter, as an encoder may: the secret must not be looked for in the raw text only.
      const escaped = JSON.stringify(body).replaceAll('c0ffee', '\\u00630ffee');
      answer = { status, body: escaped };
      const outcome = outcomeSchema.parse(await attempt(host));
      const kept = JSON.stringify(outcome);
      for (const secret of [uuid, password, password.slice(0, 16), uuid.slice(0, 13)])
        expect(kept).not.toContain(secret);
    }),
    { numRuns: 60 },
  );
});
