import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { rememberedSecret, type Secret } from '#adapters/secrets/secret.ts';

const ADDRESS = 'https://webhooks.example/trading/webhook/0c1d/s3cret';

let server: Server;
let client: SecretsManagerClient;
let secret: Secret;
let requests = 0;
/** What the service answers, one after the other; the last one stays. */
let answers: string[] = [];

beforeAll(async () => {
  server = createServer((_request, response) => {
    requests += 1;
    response.end((answers.length > 1 ? answers.shift() : answers[0]) ?? '');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  client = new SecretsManagerClient({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  });
});
afterAll(() => {
  client.destroy();
  server.close();
});
beforeEach(() => {
  requests = 0;
  secret = rememberedSecret(client, 'rooney/test/main');
});

describe('a remembered secret', () => {
  test('is asked for once, and known from then on', async () => {
    answers = [JSON.stringify({ SecretString: ADDRESS })];
    expect(() => secret.known()).toThrow('secret rooney/test/main has not been read yet');
    expect(await secret.read()).toBe(ADDRESS);
    expect(await secret.read()).toBe(ADDRESS);
    expect(secret.known()).toBe(ADDRESS);
    expect(requests).toBe(1);
  });

  test('is asked for again after a read that failed', async () => {
    answers = ['{}', JSON.stringify({ SecretString: ADDRESS })];
    await expect(secret.read()).rejects.toThrow('secret rooney/test/main has no text');
    expect(await secret.read()).toBe(ADDRESS);
  });

  test.each([
    ['the value alone', 's3cret'],
    ['an answer that was cut off', `{"SecretString":"${ADDRESS}`],
  ])('is in no part of the error when the service answers with %s', async (_what, answer) => {
    answers = [answer];
    const error: unknown = await secret.read().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ kind: 'transient' });
    expect(inspect(error, { showHidden: true, depth: 10 })).not.toContain('s3cret');
  });
});
