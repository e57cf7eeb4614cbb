import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { barsRequest, served } from './served.ts';

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

/** A certificate for this machine and its key, made on the spot: keys are not kept in the repository. */
function certify(): { readonly key: Buffer; readonly cert: Buffer } {
  const folder = mkdtempSync(join(tmpdir(), 'rooney-tls-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost'];
  const names = ['-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', cert];
  execFileSync('openssl', [...request, ...names], { stdio: 'ignore' });
  const pair = { key: readFileSync(key), cert: readFileSync(cert) };
  rmSync(folder, { recursive: true });
  return pair;
}

// Skipped without openssl, which makes the certificate.
describe.skipIf(!hasOpenssl)('over TLS', () => {
  const trusted = getCACertificates('default');

  test('a range comes from a server whose certificate is trusted', async () => {
    const tls = certify();
    setDefaultCACertificates([...trusted, tls.cert.toString()]);
    const { server, client } = await served({ tls });
    const stream = await client({ maxUsd: 1 }).timeseries.getRange(barsRequest);
    expect((await Array.fromAsync(stream.records())).length).toBe(12);
    expect(server.url).toMatch(/^https:/);
    setDefaultCACertificates(trusted);
  });

  test('the key is not sent to a server whose certificate is not trusted', async () => {
    const { client, calls } = await served({ tls: certify() });
    await expect(client({ attemptsMax: 1 }).metadata.listDatasets()).rejects.toMatchObject({
      code: 'connection',
      message: expect.stringMatching(/DEPTH_ZERO_SELF_SIGNED_CERT/),
    });
    expect(calls).toEqual([]);
  });
});
