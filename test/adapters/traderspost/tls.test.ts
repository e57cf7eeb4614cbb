import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, getCACertificates, setDefaultCACertificates } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { tradersPostRoute } from '#adapters/traderspost/client.ts';
import type { Outcome } from '#core/execution/outcome.ts';
import { entryOrder } from '#test/core/execution/sample-orders.ts';

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

/** A certificate for localhost and its key, made on the spot: keys are not kept in the repository. */
function certify(): { key: Buffer; cert: Buffer } {
  const folder = mkdtempSync(join(tmpdir(), 'rooney-tls-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost'];
  execFileSync('openssl', [...request, '-addext', 'subjectAltName=DNS:localhost', '-keyout', key, '-out', cert], {
    stdio: 'ignore',
  });
  const pair = { key: readFileSync(key), cert: readFileSync(cert) };
  rmSync(folder, { recursive: true });
  return pair;
}

// Skipped without openssl, which makes the certificate.
describe.skipIf(!hasOpenssl)('over TLS', () => {
  const { key, cert } = hasOpenssl ? certify() : { key: Buffer.alloc(0), cert: Buffer.alloc(0) };
  const trusted = getCACertificates('default');

  /** One attempt at a TLS server; returns the outcome and what the server read of it. */
  async function attempt(isTrusted: boolean): Promise<{ outcome: Outcome; requests: string[] }> {
    setDefaultCACertificates(isTrusted ? [...trusted, cert.toString()] : trusted);
    const requests: string[] = [];
    const server = createServer({ key, cert }, (socket) => {
      socket.on('error', () => undefined);
      socket.once('data', (bytes) => {
        requests.push(bytes.toString());
        socket.destroy();
      });
    });
    server.listen(0);
    await once(server, 'listening');
    const url = `https://localhost:${(server.address() as AddressInfo).port}/trading/webhook/a-uuid/a-password`;
    const outcome = await tradersPostRoute({ webhookUrl: () => url }).send(entryOrder());
    await once(server.close(), 'close');
    return { outcome, requests };
  }

  test('a connection lost after the request is unknown: encrypted bytes count as sent', async () => {
    const { outcome, requests } = await attempt(true);
    expect(outcome).toMatchObject({ kind: 'unknown' });
    expect(requests).toEqual([expect.stringMatching(/^POST \/trading\/webhook\/a-uuid\/a-password HTTP\/1\.1/)]);
  });

  test('a certificate that is not trusted is not sent to', async () => {
    const { outcome, requests } = await attempt(false);
    expect(outcome).toEqual({ kind: 'not-sent', reason: 'no connection (DEPTH_ZERO_SELF_SIGNED_CERT)' });
    expect(requests).toEqual([]);
  });
});
