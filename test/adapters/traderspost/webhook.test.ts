import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseWebhook, redactWebhook } from '#adapters/traderspost/webhook.ts';

const uuid = '0f3c8a52-1111-4222-8333-444455556666';
const password = 'c0ffee00c0ffee00c0ffee00c0ffee00';
const url = `https://webhooks.traderspost.io/trading/webhook/${uuid}/${password}`;

describe('a webhook URL', () => {
  test('is taken apart into origin and path, spaces around it ignored', () => {
    const webhook = parseWebhook(` ${url}\n`);
    expect(webhook).toMatchObject({
      origin: 'https://webhooks.traderspost.io',
      path: `/trading/webhook/${uuid}/${password}`,
    });
  });

  test.each([
    ['nothing', ''],
    ['a placeholder', 'REPLACE_ME'],
    ['another path', `https://webhooks.traderspost.io/webhook/${uuid}/${password}`],
    ['no password', `https://webhooks.traderspost.io/trading/webhook/${uuid}`],
    ['plain HTTP to another machine', `http://webhooks.traderspost.io/trading/webhook/${uuid}/${password}`],
    ['a user in the address', `https://me@webhooks.traderspost.io/trading/webhook/${uuid}/${password}`],
    ['another protocol', `ftp://127.0.0.1/trading/webhook/${uuid}/${password}`],
  ])('is refused when it is %s', (_, text) => {
    expect(parseWebhook(text)).toBeNull();
  });

  test.each(['127.0.0.1:8099', 'localhost:8099', '[::1]:8099'])('may be plain HTTP to this machine, %s', (host) => {
    expect(parseWebhook(`http://${host}/trading/webhook/${uuid}/${password}`)).not.toBeNull();
  });
});

describe('redaction', () => {
  test.each([
    ['the URL in a sentence', `POST ${url} failed`, 'POST https://webhooks.traderspost.io/trading/webhook/*** failed'],
    ['the path alone', `{"path":"/trading/webhook/${uuid}/${password}"}`, '{"path":"/trading/webhook/***"}'],
    [
      'an encoded URL',
      `?next=${encodeURIComponent(url)}`,
      '?next=https%3A%2F%2Fwebhooks.traderspost.io%2Ftrading%2Fwebhook%2F***',
    ],
    ['nothing secret', 'no webhook here', 'no webhook here'],
  ])('without knowing the secret removes it from %s', (_, text, redacted) => {
    expect(redactWebhook(text)).toBe(redacted);
  });

  test('with the secret known removes each part of it wherever it stands', () => {
    const text = fc
      .array(fc.constantFrom(uuid, password, url, ' ', '/', '"', 'and', '%2F'))
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, (said) => {
        const redacted = parseWebhook(url)?.redact(said);
        expect(redacted).not.toContain(uuid);
        expect(redacted).not.toContain(password);
      }),
    );
  });
});
