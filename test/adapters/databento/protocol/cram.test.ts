import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { ApiKey } from '../../../../adapters/databento/protocol/api-key.ts';
import { cramReply } from '../../../../adapters/databento/protocol/cram.ts';

const KEY = 'db-unittestapikey1234567890FFFFF';

describe('the answer to the challenge', () => {
  test.each([
    ['abcd1234', KEY, 'be87ce3d564b64481d4ad1902e2b41b26e3eef62b9de37d87eb4a1d4a5199b6f-FFFFF'],
    [
      'challenge-123',
      'db-abcdefghijklmnopqrstuvwxyz12345',
      '44151f08364aed917587b50ac9df3c58db3fe9937c39ad2d5e7da0584b24dd97-12345',
    ],
    [
      't7kNhwj4xqR0QYjzFKtBEG2ec2pXJ4FK',
      '32-character-with-lots-of-filler',
      '42e2c6c6a874b2f4498bcaf0541be406901a23adef1fb2843d5426f6d2387d14-iller',
    ],
  ])('is that of other clients for %s', (challenge, key, reply) => {
    expect(cramReply(challenge, key)).toBe(reply);
  });
});

describe('a key', () => {
  test.each([
    ['that is too short', 'db-short'],
    ['that is too long', `${KEY}x`],
    ['with a space', 'db-unittestapikey 234567890FFFFF'],
    ['with a character outside of ASCII', 'db-unittestapikeyé234567890FFFFF'],
  ])('%s is refused without being repeated', (_, key) => {
    expect(() => new ApiKey(key)).toThrow(expect.objectContaining({ code: 'usage' }));
    expect(() => new ApiKey(key)).not.toThrow(key);
  });

  test('without the usual prefix can be told', () => {
    expect(new ApiKey(KEY).hasUsualPrefix).toBe(true);
    expect(new ApiKey('32-character-with-lots-of-filler').hasUsualPrefix).toBe(false);
  });

  test('shows its last five characters at most, however it is shown', () => {
    const key = new ApiKey(KEY);
    const shown = [`${key}`, inspect(key, { showHidden: true, depth: 9 }), inspect({ key }), JSON.stringify({ key })];
    for (const text of shown) {
      expect(text).toContain('FFFFF');
      expect(text).not.toContain('unittest');
    }
  });

  test('is taken out of what others say', () => {
    expect(new ApiKey(KEY).redact(`no such key: ${KEY}.`)).toBe('no such key: key ending in FFFFF.');
  });
});
