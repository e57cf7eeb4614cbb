import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { inspect } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { HistoricalClient } from '#adapters/databento/historical/client.ts';
import { clientOf, failure, served, testKey } from './served.ts';

/** A server that does with each connection what it is told. */
async function rawServer(onSocket: (socket: Socket) => void): Promise<string> {
  const server: Server = createServer((socket) => {
    socket.on('error', () => undefined);
    onSocket(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => sockets.add(socket));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as { port: number }).port}`;
}

describe('a server that does not go on', () => {
  test('is given up when it says nothing', async () => {
    const url = await rawServer(() => undefined);
    const { metadata } = clientOf(url, { headersTimeoutMs: 50, attemptsMax: 1 });
    expect(await failure(metadata.listDatasets())).toMatchObject({ message: expect.stringMatching(/HEADERS_TIMEOUT/) });
  });

  test('is given up when it falls silent in the middle', async () => {
    const url = await rawServer((socket) => {
      socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n["GL'));
    });
    const { metadata } = clientOf(url, { bodyTimeoutMs: 50, attemptsMax: 1 });
    expect(await failure(metadata.listDatasets())).toMatchObject({ message: expect.stringMatching(/BODY_TIMEOUT/) });
  });

  test('is let go when the client is closed', async () => {
    const url = await rawServer((socket) => socket.once('data', () => void client.close()));
    const client = clientOf(url, { attemptsMax: 1 });
    expect(await failure(client.metadata.listDatasets())).toMatchObject({ message: expect.stringMatching(/closed/) });
  });
});

describe('the key', () => {
  test('is sent as the user of Basic authentication, without a password, beside the name of the program', async () => {
    const heard: string[] = [];
    const url = await rawServer((socket) => {
      socket.once('data', (bytes) => {
        heard.push(bytes.toString());
        socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]');
      });
    });
    await clientOf(url).metadata.listDatasets();
    expect(heard[0]).toContain(`authorization: Basic ${Buffer.from(`${testKey}:`).toString('base64')}\r\n`);
    expect(heard[0]).toMatch(/user-agent: Databento-TypeScript\/\S+ Node\/\S+\r\n/);
    expect(heard[0]).toMatch(/^GET \/v0\/metadata.list_datasets HTTP\/1.1\r\n/);
  });

  test('that is wrong is told so, and not tried again', async () => {
    const { client, calls } = await served({ keys: ['db-another'] });
    expect(await failure(client().metadata.listDatasets())).toMatchObject({
      code: 'auth',
      status: 401,
      apiCase: 'auth_authentication_failed',
      message: expect.stringMatching(/check the API key/),
    });
    expect(calls).toEqual([]);
  });

  test('is in no error and in nothing that is printed, even when the server sends it back', async () => {
    const credentials = Buffer.from(`${testKey}:`).toString('base64');
    const echo = `{"detail":"no ${testKey} and no ${credentials}"}`;
    const warnings: string[] = [];
    const { client } = await served({ fault: () => ({ status: 400, body: echo, warnings: [testKey] }) });
    const made = client({ onWarning: (warning) => warnings.push(warning) });
    const error = await failure(made.metadata.listDatasets());
    const url = await rawServer((socket) => socket.destroy());
    const lost = await failure(clientOf(url).metadata.listDatasets());
    const printed = [made, made.timeseries, error, lost].map((value) => {
      return inspect(value, { depth: 20, showHidden: true }) + JSON.stringify(value) + String((value as Error).stack);
    });
    for (const text of [...printed, ...warnings]) {
      expect(text).not.toContain(testKey);
      expect(text).not.toContain(credentials);
    }
    expect(error.message).toContain('no *** and no ***');
  });

  test.each(['', 'short', 'db-with a space in it 1234567890', 'db-with:colon-1234567890'])('cannot be %j', (key) => {
    expect(() => new HistoricalClient({ key })).toThrow(expect.objectContaining({ code: 'usage' }));
  });

  test.each(['http://hist.databento.com', 'ftp://127.0.0.1', 'https://user:pass@host', 'hist.databento.com'])(
    'is not taken to %s',
    (baseUrl) => {
      expect(() => new HistoricalClient({ key: testKey, baseUrl })).toThrow(/baseUrl is no https address/);
    },
  );
});
